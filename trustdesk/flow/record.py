"""One change, one transaction: state rows, journal entry and tasks.

Whoever changes a case locks it first (`locked`), then calls `record`. The entry carries a keyed digest of every row
it wrote, so `verify` can tell which row was changed behind the ledger's back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from trustdesk.core import journal
from trustdesk.core.types import Actor
from trustdesk.flow.rows import insert, update
from trustdesk.models import (
    Appeal,
    Asset,
    Case,
    Clock,
    Decision,
    DeskChain,
    Entry,
    Evidence,
    Fact,
    Indicator,
    Joining,
    Look,
    Measure,
    Note,
    Notice,
    Party,
    Pause,
    Publication,
    Report,
    Review,
    Seal,
    Snooze,
    Subject,
    Submission,
    Suspension,
    Task,
    Upkeep,
)
from trustdesk.prepared import Prepared
from trustdesk.settings.secrets import secret

#: New rows are written in this order, so that what is referred to exists.
ORDER: tuple[type[models.Model], ...] = (
    Evidence, Party, Subject, Asset, Case, Report, Joining, Indicator, Fact, Clock, Decision, Measure, Appeal, Notice,
    Review, Note, Snooze, Publication, Submission, Look, Pause, Seal, Suspension, Upkeep,
)  # fmt: skip

#: The tip of a chain is checked by the chain itself and is not part of the row's digest.
CHAIN_FIELDS = frozenset({"seq", "head"})


@dataclass(slots=True)
class Todo:
    """A task to be written with the change. `key` makes it unique among the waiting ones."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    key: str | None = None


@dataclass(slots=True)
class Group:
    """Rows that are digested as one set, such as the indicators of a report."""

    name: str
    rows: Sequence[models.Model]


@dataclass(slots=True)
class Draft:
    """One journal entry to be. Model instances inside `body` become their keys once they are saved.

    `rows` were changed or made by this change; `case` None means the desk's own chain.
    """

    case: Case | None
    kind: str
    body: dict[str, Any]
    actor: Actor
    now: datetime
    rows: Sequence[models.Model | Group] = ()
    tasks: Sequence[Todo] = ()


_HELD = Prepared(
    lambda number: (
        Case.objects.select_for_update(of=("self",)).select_related("subject", "asset").filter(pk=number).order_by("id")
    )
)


@contextmanager
def locked(case_id: int) -> Iterator[Case]:
    """A transaction that holds the case's row, and the case as it is now. Raises Case.DoesNotExist."""
    with transaction.atomic():
        case = _HELD.first(int(case_id))
        if case is None:
            raise Case.DoesNotExist(case_id)
        yield case


def record(
    case: Case | None,
    kind: str,
    body: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    rows: Sequence[models.Model | Group] = (),
    tasks: Sequence[Todo] = (),
) -> Entry:
    """Write one change; must run inside a transaction that holds the case. Returns the journal entry."""
    return record_all([Draft(case, kind, body, actor, now, rows, tasks)])[0]


def record_all(drafts: Sequence[Draft]) -> list[Entry]:
    """Write many changes in few statements, in the order given. The cost is a constant number of statements."""
    if not connection.in_atomic_block:
        raise RuntimeError("record outside a transaction: state, journal and tasks must be written together")
    save_rows([row for draft in drafts for row in _rows(draft)])
    entries = _chain(drafts)
    insert(Entry, entries)
    _add_tasks([(todo, draft.now) for draft in drafts for todo in draft.tasks])
    return entries


def add_tasks(todos: Iterable[Todo], *, now: datetime) -> None:
    """Write tasks that belong to no case (the parsing of a fresh report); inside the caller's transaction."""
    _add_tasks([(todo, now) for todo in todos])


def _rows(draft: Draft) -> Iterator[models.Model]:
    if draft.case is not None:
        yield draft.case
    for row in draft.rows:
        if isinstance(row, Group):
            yield from row.rows
        else:
            yield row


def save_rows(rows: Iterable[models.Model]) -> None:
    """Insert what is new and update what is not, a few statements per table."""
    new: dict[type, dict[int, models.Model]] = defaultdict(dict)
    old: dict[type, dict[int, models.Model]] = defaultdict(dict)
    for row in rows:
        (new if row._state.adding else old)[type(row)][id(row)] = row
    for model in ORDER:
        if model in new:
            objects = list(new.pop(model).values())
            for instance in objects:
                _refresh_keys(instance)
            insert(model, objects)
    for model, instances in old.items():
        objects = list(instances.values())
        for instance in objects:
            _refresh_keys(instance)
        update(model, objects)
    if new:
        raise TypeError(f"no place in ORDER for {', '.join(m.__name__ for m in new)}")


def _refresh_keys(instance: models.Model) -> None:
    """Copy the keys of related rows that were saved after this one was made."""
    for name in _relations(type(instance)):
        related = instance.__dict__["_state"].fields_cache.get(name)
        if related is not None:
            setattr(instance, f"{name}_id", related.pk)


@cache
def _relations(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(f.name for f in model._meta.concrete_fields if f.is_relation)


def _chain(drafts: Sequence[Draft]) -> list[Entry]:
    """Build the entries, moving the tip of each chain along."""
    entries: list[Entry] = []
    tips: dict[int, tuple[int, str]] = {}
    cases: dict[int, Case] = {}
    desk: DeskChain | None = None
    digests: dict[int, str] = {}
    for draft in drafts:
        if draft.case is not None:
            chain, (seq, prev) = draft.case.pk, tips.get(draft.case.pk, (draft.case.seq, draft.case.head))
            cases[chain] = draft.case
        else:
            desk = desk or _desk_chain()
            chain, (seq, prev) = 0, tips.get(0, (desk.seq, desk.head))
        body = {name: _key_of(value) for name, value in draft.body.items()}
        body["rows"] = _digests(draft, digests)
        text = journal.canonical(body)
        fields: dict[str, Any] = {"chain": chain, "seq": seq + 1, "kind": draft.kind, "at": draft.now}
        fields |= {"actor": str(draft.actor), "body": text, "prev": prev}
        entries.append(Entry(**fields, hash=journal.entry_hash(**fields)))
        tips[chain] = (seq + 1, entries[-1].hash)
    for chain, case in cases.items():
        case.seq, case.head = tips[chain]
    _write_tips(cases.values())
    if desk is not None:
        desk.seq, desk.head = tips[0]
        desk.save()
    return entries


def _desk_chain() -> DeskChain:
    desk, _ = DeskChain.objects.select_for_update().get_or_create(pk=1)
    return desk


def _write_tips(cases: Iterable[Case]) -> None:
    sql = f"UPDATE {Case._meta.db_table} SET seq = %s, head = %s WHERE id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, [[case.seq, case.head, case.pk] for case in cases])


def _key_of(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, list | tuple):
        return [_key_of(item) for item in value]
    if isinstance(value, dict):
        return {name: _key_of(item) for name, item in value.items()}
    return value


def _digests(draft: Draft, known: dict[int, str]) -> dict[str, str]:
    """Digest of each row the draft wrote; rows shared by drafts of one transaction are digested once."""
    found: dict[str, str] = {}
    rows: list[models.Model | Group] = [draft.case] if draft.case is not None else []
    for row in [*rows, *draft.rows]:
        if isinstance(row, Group):
            found[_group_name(row)] = journal.group_digest(
                ledger_key(), row.name.partition("/")[0], map(row_values, row.rows)
            )
        else:
            name = row._meta.model_name or ""
            if id(row) not in known:
                known[id(row)] = journal.row_digest(ledger_key(), name, row_values(row))
            found[f"{name}/{row.pk}"] = known[id(row)]
    return found


def _group_name(group: Group) -> str:
    """`indicators/report` names its set by the key of that relation, which may be known only now."""
    kind, _, relation = group.name.partition("/")
    return f"{kind}/{getattr(group.rows[0], relation + '_id')}" if group.rows and relation else group.name


@cache
def _value_fields(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(f.attname for f in model._meta.concrete_fields if f.attname not in CHAIN_FIELDS)


def row_values(row: models.Model) -> dict[str, Any]:
    """The columns of a row that its digest covers."""
    return {name: getattr(row, name) for name in _value_fields(type(row))}


@cache
def ledger_key() -> bytes:
    """The key of row digests, made at set-up."""
    return secret(settings.KEYS_DIR / "ledger.key").encode()


def _add_tasks(todos: list[tuple[Todo, datetime]]) -> None:
    if todos:
        rows = [
            Task(name=t.name, arguments=_key_of(t.arguments), key=t.key, due_at=t.due_at or now, created_at=now)
            for t, now in todos
        ]
        if any(t.key for t, _ in todos):
            Task.objects.bulk_create(rows, ignore_conflicts=True)
        else:
            insert(Task, rows)

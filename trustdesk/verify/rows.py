"""Every row of the state against what the journal last wrote about it, and nothing beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db.models import AutoField, Model

from trustdesk.models import Evidence, Indicator, Report
from trustdesk.verify import hashing
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.named import Named, Written
from trustdesk.verify.reading import Unreadable, read_all

#: Tables whose rows the journal does not name, and why that is right.
UNNAMED = {
    "entry": "is the journal; its chains are checked",
    "deskchain": "is the tip of a chain; compared with it",
    "checkpoint": "has its own hash, chain and signature",
    "checkpointhead": "is covered by the checkpoint's root",
    "ruletext": "is named by the digest of its text",
    "task": "is work that is owed, gone when done",
    "idempotencykey": "is forgotten after 24 hours",
    "presence": "says who has a page open, for a minute",
    "sign": "is worked out from the targets of its case, which are named",
    "mention": "reminds a person of a note that names them; the note is named",
    "savedview": "is a person's own name for a filter",
}
#: Sets of rows that are digested as one: name → (model, column that the set is named by, order).
SETS: dict[str, tuple[type[Model], str, str]] = {"indicators": (Indicator, "report_id", "position")}
#: The tip of a chain moves with every entry and is compared with the chain itself.
TIP = {"seq", "head"}


def tables() -> dict[str, type[Model]]:
    """The tables whose every row the journal names, by the model's name in small letters."""
    in_sets = {model for model, _, _ in SETS.values()}
    models = apps.get_app_config("trustdesk").get_models()
    named = {m._meta.model_name or "": m for m in models if m not in in_sets}
    return {name: model for name, model in named.items() if name not in UNNAMED}


def key_reader() -> Callable[[str, str], int | str | None]:
    """A function that reads a row's key from its name in an entry; None where there is no such table or key."""
    numbered = {name: isinstance(model._meta.pk, AutoField) for name, model in tables().items()}
    numbered |= dict.fromkeys(SETS, True)

    def key(kind: str, text: str) -> int | str | None:
        if kind not in numbered:
            return None
        if not numbered[kind]:
            return text
        return int(text) if text.isascii() and text.isdigit() else None

    return key


def columns_of(model: type[Model]) -> list[str]:
    """The columns that a row's digest covers, the key first."""
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in TIP]
    key = model._meta.pk.attname
    return [key, *(name for name in names if name != key)]


def check(named: Named, key: bytes, *, step: Callable[[int], None]) -> Iterator[Finding]:
    """Findings about every row that is not what the journal last wrote, is not named by it, or is gone."""
    for name, model in tables().items():
        columns = columns_of(model)
        for number, values in enumerate(read_all(model, ("pk",), *columns), 1):
            if isinstance(values, Unreadable):
                named.take(name, values.key)
                yield Finding("row.unreadable", row(name, values.key), values.why)
            else:
                yield from _row(name, model, dict(zip(columns, values, strict=True)), named.take(name, values[0]), key)
            if not number % 1000:
                step(1000)
    for name in SETS:
        yield from _sets(name, named, key)
    for gone in named.left():
        if gone.kind in SETS and gone.digest == hashing.of_rows(key, gone.kind, []):
            continue  # a report that was read again and names nothing any more: the set is empty, as written
        yield Finding("row.missing", _where(gone), f"written by {gone.by}, and not there any more")


def _row(
    name: str, model: type[Model], values: dict[str, Any], written: Written | None, key: bytes
) -> Iterator[Finding]:
    ident = values[model._meta.pk.attname]
    if written is None:
        if not _waits(model, values):
            yield Finding("row.unnamed", row(name, ident), "no entry of the journal knows of it")
        return
    try:
        digest = hashing.of_row(key, name, values)
    except (TypeError, ValueError) as error:
        yield Finding("row.unreadable", row(name, ident), f"{type(error).__name__}: {error}"[:200])
        return
    if digest != written.digest:
        yield Finding("row.changed", row(name, ident), f"is not what {written.by} wrote")


def _waits(model: type[Model], values: dict[str, Any]) -> bool:
    """A report that nobody has placed yet, and the bytes of such a report, are not in the journal and need not be."""
    if model is Report:
        return values["state"] == "received"
    if model is Evidence:
        reports = Report.objects.filter(evidence_id=values["digest"]).values_list("state", flat=True)
        return set(reports[:100]) == {"received"}
    return False


def _sets(name: str, named: Named, key: bytes) -> Iterator[Finding]:
    model, owner, order = SETS[name]
    table = model._meta.model_name or ""
    columns = columns_of(model)
    at = columns.index(owner)
    members: list[dict[str, Any]] = []
    for values in read_all(model, (owner, order, "pk"), *columns):
        if isinstance(values, Unreadable):
            yield Finding("row.unreadable", row(table, values.key), values.why)
            continue
        if members and members[0][owner] != values[at]:
            yield from _set(name, table, owner, members, named, key)
            members = []
        members.append(dict(zip(columns, values, strict=True)))
    if members:
        yield from _set(name, table, owner, members, named, key)


def _set(
    name: str, table: str, owner: str, members: list[dict[str, Any]], named: Named, key: bytes
) -> Iterator[Finding]:
    ident = members[0][owner]
    written = named.take(name, ident)
    where = row(table, f"{owner}={ident}")
    if written is None:
        yield Finding("row.unnamed", where, "no entry of the journal knows of these rows")
        return
    try:
        digest = hashing.of_rows(key, name, members)
    except (TypeError, ValueError) as error:
        yield Finding("row.unreadable", where, f"{type(error).__name__}: {error}"[:200])
        return
    if digest != written.digest:
        yield Finding("row.changed", where, f"one of these {len(members)} rows is not what {written.by} wrote")


def _where(gone: Written) -> str:
    if gone.kind in SETS:
        model, owner, _ = SETS[gone.kind]
        return row(model._meta.model_name or "", f"{owner}={gone.key}")
    return row(gone.kind, gone.key)

"""Whatever is changed behind the ledger's back is named by `verify`: table and row, for every column of every table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models, transaction

from tests.verify.lives import rich
from tests.verify.world import World, world
from trustdesk.models import (
    Case,
    Checkpoint,
    CheckpointHead,
    Clock,
    Decision,
    Entry,
    Evidence,
    Indicator,
    Report,
    RuleText,
    Suspension,
)
from trustdesk.verify import check, hashing
from trustdesk.verify.rows import columns_of

pytestmark = pytest.mark.django_db

#: Tables that `verify` says nothing about (docs/use/verify.md), and why.
TRANSIENT = {
    "task": "work that is owed; a row is gone when it is done",
    "idempotencykey": "forgotten after 24 hours",
    "presence": "who has a page open, for a minute",
    "sign": "worked out from the targets of its case, which are checked",
    "mention": "reminds a person of a note; the note is checked",
    "savedview": "a person's own name for a filter",
}
#: Columns whose change cannot be told, and why that is borne.
UNTOLD = {
    ("checkpointhead", "id"): "a number that nothing refers to",
    ("entry", "id"): "only orders what different chains wrote about one row; see the test of it below",
    ("ruletext", "first_used_at"): "says when we kept the text; what a text says is in its digest",
}
#: Whose values the checker reads again after it has looked at every row; a spoiled one must not stop it there.
READ_AGAIN = {Case, Checkpoint, CheckpointHead, Clock, Decision, Entry, Evidence, Report, RuleText, Suspension}
TABLES = {m._meta.model_name or "": m for m in apps.get_app_config("trustdesk").get_models()}
CHECKED = {name: model for name, model in TABLES.items() if name not in TRANSIENT}


@pytest.fixture
def desk(now: dt.datetime, tmp_path: Path) -> Iterator[World]:
    with world(now, tmp_path) as here:
        rich(here)
        assert [str(f) for f in check() if not f.note] == []
        yield here


class Undo(Exception):
    """Takes a change back."""


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is done in the block is undone after it."""
    with suppress(Undo), transaction.atomic():
        yield
        raise Undo


def found() -> list[str]:
    return [f.where for f in check() if not f.note]


def named(wanted: set[str], *, whole: bool) -> list[str]:
    """What `verify` names, up to the first of `wanted`; all that it names if the `whole` run is asked for."""
    where: list[str] = []
    with closing(check()) as findings:
        for finding in findings:
            if not finding.note:
                where.append(finding.where)
                if finding.where in wanted and not whole:
                    break
    return where


def drop_triggers() -> None:
    """What somebody with the database in hand would do first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'trustdesk%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal")
            for name, table in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name} ON {table}")


def other(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of the column's type that differs as little as it can."""
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) + dt.timedelta(microseconds=1)
    if isinstance(field, models.DateField):
        return (value or dt.date(2026, 1, 1)) + dt.timedelta(days=1)
    if isinstance(field, models.FloatField):
        return (value or 0.0) + 0.5
    if isinstance(field, models.IntegerField | models.AutoField):
        return (value or 0) + 100_000
    if isinstance(field, models.JSONField):
        return {**value, "x": 1} if isinstance(value, dict) else [*value, 1] if isinstance(value, list) else [value]
    text = value or ""
    return f"{text[:-1]}{'b' if text[-1:] == 'a' else 'a'}"


def acceptable(name: str, row: models.Model, field: models.Field[Any, Any]) -> set[str]:
    """Where a finding may point for this change: the row, or what stands for it."""
    where = {f"trustdesk_{name}/{row.pk}"}
    if field.primary_key:
        where |= {f"trustdesk_{name}/{other(field, row.pk)}"}
    if isinstance(row, Indicator):  # the journal digests them by report
        return {f"trustdesk_indicator/report_id={row.report_id}"}
    if isinstance(row, Entry) and field.name in ("id", "chain", "seq"):
        # An entry that went somewhere else: the gap it left, or the place where it is too many, gives it away.
        near = Entry.objects.filter(chain=row.chain, seq__in=(row.seq - 1, row.seq, row.seq + 1))
        where |= {f"trustdesk_entry/{pk}" for pk in near.values_list("pk", flat=True)}
        where |= {f"trustdesk_case/{row.chain}" if row.chain else "trustdesk_deskchain/1"}
    if isinstance(row, CheckpointHead) and field.name in ("id", "checkpoint", "chain"):
        where |= {f"trustdesk_checkpoint/{row.checkpoint_id}"}  # whose root it made
    return where


def sample(model: type[models.Model]) -> Any:
    """A row in the middle of the table; of reports and evidence, one that the journal knows by now."""
    rows: Any = model._default_manager.order_by("pk")
    if model is Report:
        rows = rows.exclude(state="received")
    if model is Evidence:
        rows = rows.exclude(reports__state="received").distinct()
    if model is RuleText:  # the policy: the texts of laws may have moved on before a decision (docs/use/verify.md)
        rows = rows.filter(pk__in=Decision.objects.values("policy_digest"))
    count = rows.count()
    assert count, f"the test desk has no row in {model._meta.model_name}"
    return rows[(count - 1) // 2]


@pytest.mark.slow
@pytest.mark.one_database
def test_every_column_of_every_table(desk: World) -> None:
    drop_triggers()
    silent, misnamed = [], []
    for name, model in CHECKED.items():
        row = sample(model)
        for field in model._meta.concrete_fields:
            if (name, field.name) in UNTOLD:
                continue
            with taken_back():
                value = other(field, getattr(row, field.attname))
                changed = model._default_manager.filter(pk=row.pk).update(**{field.attname: value})
                assert changed == 1
                wanted = acceptable(name, row, field)
                where = named(wanted, whole=field is model._meta.concrete_fields[-1])
                if not where:
                    silent.append(f"{name}.{field.name} of {row.pk}")
                elif not wanted & set(where):
                    misnamed.append(f"{name}.{field.name} of {row.pk}: {where[:5]}")
    assert not silent, "nobody noticed"
    assert not misnamed, "named something else"


def test_a_row_that_is_gone(desk: World) -> None:
    drop_triggers()
    for name, model in CHECKED.items():
        row = sample(model)
        field = model._meta.pk
        expected = acceptable(name, row, field)
        if name == "checkpoint":  # the next one names it, and its heads are left behind
            heads = CheckpointHead.objects.filter(checkpoint=row.pk).values_list("pk", flat=True)
            expected |= {f"trustdesk_checkpointhead/{pk}" for pk in heads}
        if name == "ruletext":  # the decisions that were made under it
            under = Decision.objects.filter(policy_digest=row.pk).values_list("pk", flat=True)
            expected |= {f"trustdesk_decision/{pk}" for pk in under}
        with taken_back():
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {field.column} = %s", [row.pk])
            assert expected & set(found()), f"{name} {row.pk}"


def test_a_row_too_many(desk: World) -> None:
    drop_triggers()
    for name, model in CHECKED.items():
        if name in ("ruletext", "checkpoint"):  # a text that nobody names, and a checkpoint signed with the desk's key
            continue
        row = sample(model)
        unique = {f.name for f in model._meta.concrete_fields if f.unique and not f.primary_key}
        unique |= {n for c in model._meta.constraints if isinstance(c, models.UniqueConstraint) for n in c.fields[-1:]}
        for field in model._meta.concrete_fields:
            if field.name in unique and getattr(row, field.attname) is not None:
                setattr(row, field.attname, other(field, getattr(row, field.attname)))
        key = model._meta.pk
        row.pk = other(key, row.pk)
        row._state.adding = True
        with taken_back():
            model._default_manager.bulk_create([row])
            assert acceptable(name, row, key) & set(found()), name


def test_an_entry_taken_from_the_end_of_a_chain_and_the_tip_set_back(desk: World) -> None:
    """The chain alone looks whole; the rows that the entry wrote and the checkpoint tell."""
    case = Case.objects.earliest("pk")
    last = Entry.objects.filter(chain=case.pk).latest("seq")
    drop_triggers()
    Entry.objects.filter(pk=last.pk).delete()
    Case.objects.filter(pk=case.pk).update(seq=last.seq - 1, head=last.prev)
    head = CheckpointHead.objects.get(chain=case.pk, seq=last.seq)
    assert f"trustdesk_checkpointhead/{head.pk}" in found()


def test_entries_in_another_order(desk: World) -> None:
    """The id of an entry is not hashed; an order of ids that contradicts a chain is told."""
    first, second = Entry.objects.filter(chain=Case.objects.earliest("pk").pk).order_by("seq")[:2]
    drop_triggers()
    Entry.objects.filter(pk=first.pk).update(id=second.pk + 100_000)
    assert f"trustdesk_entry/{second.pk}" in found()


def test_a_chain_written_anew_without_the_key(desk: World) -> None:
    """Who can hash but does not hold the ledger's key cannot make the digests of what they changed; and a checkpoint
    remembers the heads."""
    case = Case.objects.earliest("pk")
    decision = Decision.objects.filter(case=case).earliest("pk")
    drop_triggers()
    decision.reasons = "Quite other reasons, and long enough to be reasons at all."
    decision.save()
    name = f"decision/{decision.pk}"
    forged = hashing.of_row(b"a guess", "decision", {n: getattr(decision, n) for n in columns_of(Decision)})
    prev = ""
    for e in Entry.objects.filter(chain=case.pk).order_by("seq"):
        body = json.loads(e.body)
        if name in body["rows"]:
            body["rows"][name] = forged
            e.body = hashing.text_of(body).decode()
        e.prev, e.hash = prev, hashing.of_entry(case.pk, e.seq, e.kind, e.at, e.actor, prev, e.body)
        e.save()
        prev = e.hash
    Case.objects.filter(pk=case.pk).update(head=prev)
    where = found()
    assert f"trustdesk_{name}" in where
    heads = CheckpointHead.objects.filter(chain=case.pk).values_list("pk", flat=True)
    assert {f"trustdesk_checkpointhead/{pk}" for pk in heads} <= set(where)


def test_evidence_files(desk: World) -> None:
    from django.conf import settings

    kept = Evidence.objects.filter(erased_at=None).exclude(reports__state="received").first()
    assert kept is not None
    path = Path(settings.EVIDENCE_DIR) / kept.digest[:2] / kept.digest
    where = f"evidence/{kept.digest[:2]}/{kept.digest}"
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert found() == [where]
    path.write_bytes(data[:-1])
    assert found() == [where]
    path.unlink()
    assert found() == [where]
    path.write_bytes(data)
    assert found() == []
    erased = Evidence.objects.exclude(erased_at=None).get()
    back = Path(settings.EVIDENCE_DIR) / erased.digest[:2] / erased.digest
    back.write_bytes(b"back again")
    assert found() == [f"evidence/{erased.digest[:2]}/{erased.digest}"]
    back.unlink()
    (path.parent / "stray").write_bytes(b"nobody knows me")
    notes = [str(f) for f in check()]
    assert notes == [f"NOTE evidence.stray evidence/{kept.digest[:2]}/stray no row knows this file"]


def test_keys(desk: World) -> None:
    from django.conf import settings

    public = Path(settings.KEYS_DIR) / "checkpoint.ed25519.pub"
    pem = public.read_bytes()
    public.unlink()
    assert set(found()) == {f"trustdesk_checkpoint/{pk}" for pk in Checkpoint.objects.values_list("pk", flat=True)}
    public.write_bytes(pem)
    secret = Path(settings.KEYS_DIR) / "ledger.key"
    secret.rename(secret.with_suffix(".away"))
    assert found() == ["keys/ledger.key"]


@pytest.mark.slow
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL keeps its columns' types")
def test_values_that_no_program_wrote(desk: World) -> None:
    """SQLite keeps anything in any column. The checker names the row and does not fall over."""
    drop_triggers()
    wrong = []
    for name, model in CHECKED.items():
        row, key = sample(model), model._meta.pk
        for field in model._meta.concrete_fields:
            if field.primary_key or isinstance(field, models.JSONField) or (name, field.name) in UNTOLD:
                continue  # what is no JSON is refused by the database
            textual = isinstance(field, models.CharField | models.TextField)
            value = "CAST(X'ff80' AS TEXT)" if textual else "'no such thing'"
            with taken_back():
                with connection.cursor() as cursor:
                    sql = f"UPDATE {model._meta.db_table} SET {field.column} = {value} WHERE {key.column} = %s"
                    cursor.execute(sql, [row.pk])
                wanted = acceptable(name, row, field) | {f"trustdesk_{name}/{row.pk}"}
                where = named(wanted, whole=model in READ_AGAIN or field is model._meta.concrete_fields[-1])
                if not wanted & set(where):
                    wrong.append(f"{name}.{field.name}: {where[:5]}")
    assert not wrong


def test_the_command_says_it_and_leaves_with_1(desk: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        call_command("verify")
    assert left.value.code == 0
    assert "all is as the journal says" in capsys.readouterr().out
    report = Report.objects.earliest("pk").pk
    Report.objects.filter(pk=report).update(title="Another title")
    with pytest.raises(SystemExit) as left:
        call_command("verify")
    assert left.value.code == 1
    assert f"FINDING row.changed trustdesk_report/{report} " in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        call_command("verify", "--json")
    assert left.value.code == 1
    assert f'"where": "trustdesk_report/{report}"' in capsys.readouterr().out

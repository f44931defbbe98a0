"""A publication can be made again from the ledger to the byte: not after a change, but after an erasure."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from tests.verify.world import ANA, World, choice, world
from trustdesk.core.types import SYSTEM, Refused
from trustdesk.flow import decide, publish, retain
from trustdesk.insight.transparency.check import check as held_against_the_form
from trustdesk.models import Entry, Evidence, Publication, Report
from trustdesk.verify import check

pytestmark = pytest.mark.django_db

TEXTS = """
provider = "Example Hosting S.A."
previous = 2026-02-20
[texts]
summary = "We disabled access to what was reported."
meaningful_information = "Reports of others, and lists of findings."
automated_means = "None."
accuracy = "Nothing is decided by machines alone."
purposes = "None."
safeguards = "A person decides."
"""
AFTER = "2027-02-10T10:00:00Z"


@pytest.fixture
def desk(now: dt.datetime, tmp_path: Path) -> Iterator[World]:
    with world(now, tmp_path) as here:
        case = here.case("https://shop-1.example/login")
        decide.decide(case.pk, choice(case, "site_disable"), actor=ANA, now=here.now)
        here.pass_time(minutes=3)
        here.work()
        (tmp_path / "transparency.toml").write_text(TEXTS, "utf-8")
        yield here


def run(*arguments: str | Path) -> int:
    """Exit code of `trustdesk publish …`."""
    with time_machine.travel(AFTER, tick=False):
        try:
            call_command("publish", *map(str, arguments))
        except SystemExit as leaving:
            return int(leaving.code or 0)
        except CommandError as error:
            return error.returncode
    return 0


def made(folder: Path) -> Path:
    out = folder / "dsa.zip"
    assert run("dsa", "--period", "2026", "--texts", folder / "transparency.toml", "--out", out, "--record") == 0
    return out


def test_the_harmonised_report(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It follows its own form, counts what was received, and is made again from the ledger."""
    out = made(tmp_path)
    assert [one.rule for one in held_against_the_form([out]).found if not one.doubtful] == []
    with zipfile.ZipFile(out) as archive:
        total = archive.read("4_notices.csv").decode().splitlines()[1].split(",")
    forms = ("notice", "dmca", "referral", "unparsed")
    received = Report.objects.filter(form__in=forms, received_at__year=2026).exclude(channel="feed")
    assert total[6:8] == [str(received.count()), "0"], "the applicability holds a comma"
    assert run("verify", out) == 0
    assert "the same to the byte" in capsys.readouterr().out
    assert [str(f) for f in check() if not f.note] == []
    first = out.read_bytes()
    out.unlink()
    assert made(tmp_path).read_bytes() == first, "twice gives the same bytes"
    assert Publication.objects.count() == 2, "and no new version"


def test_a_changed_row_of_the_journal_is_told(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = made(tmp_path)
    row = Entry.objects.filter(kind="case.enriched").first()
    assert row is not None
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'trustdesk_entry'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("ALTER TABLE trustdesk_entry DISABLE TRIGGER USER")
        body = json.dumps(json.loads(row.body) | {"more": 1}, sort_keys=True, separators=(",", ":"))
        cursor.execute("UPDATE trustdesk_entry SET body = %s WHERE id = %s", [body, row.pk])
    assert run("verify", out) == 1
    assert f"chain {row.chain}, seq {row.seq}" in capsys.readouterr().out


def test_erasures_change_no_publication(desk: World, tmp_path: Path) -> None:
    out = made(tmp_path)
    weekly = tmp_path / "week.json"
    assert run("weekly", "--period", "2026-W47", "--out", weekly, "--record") == 0
    mail = Evidence.objects.exclude(reports=None).get()
    retain.erase(mail.pk, why="asked by the sender", actor=SYSTEM, now=desk.now + dt.timedelta(days=1))
    assert run("verify", out) == 0
    assert run("verify", weekly) == 0
    public = Publication.objects.get(format="zip")
    with pytest.raises(Refused, match="stays public"):
        retain.erase(
            public.evidence_id, why="no longer wanted", actor=SYSTEM, now=public.made_at + dt.timedelta(days=1800)
        )


def test_a_changed_file_is_told_with_the_place(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weekly = tmp_path / "week.json"
    assert run("weekly", "--period", "2026-W47", "--out", weekly, "--record") == 0
    weekly.write_text(weekly.read_text().replace('"opened": ', '"opened": 1', 1))
    assert run("verify", weekly) == 1
    said = capsys.readouterr().out
    assert "weekly 2026-W47" in said
    assert '"opened": 1' in said


def test_what_is_public_is_amended_in_public(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The old version stays, the new one says why; without a reason there is none."""
    old = made(tmp_path)
    first = old.read_bytes()
    texts = (tmp_path / "transparency.toml").read_text().replace("A person decides.", "Two people decide.")
    (tmp_path / "transparency.toml").write_text(texts)
    new = tmp_path / "new.zip"
    again = ("dsa", "--period", "2026", "--texts", tmp_path / "transparency.toml", "--out", new, "--record")
    assert run(*again) == 2, "not without a reason"
    assert run(*again, "--reason", "The safeguards were described wrongly.") == 0
    (tmp_path / "old.zip").write_bytes(first)
    capsys.readouterr()
    assert run("verify", tmp_path / "old.zip") == 0, "the old version is still what it was"
    assert "version 2 replaced it on 2027-02-10: The safeguards were described wrongly." in capsys.readouterr().out
    assert run("verify", new) == 0
    assert {p.version for p in Publication.objects.filter(format="zip")} == {1, 2}
    assert [str(f) for f in check() if not f.note] == []


def test_a_broken_signature_is_told(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = made(tmp_path)
    Publication.objects.filter(format="zip").update(software="trustdesk 9.9")
    assert run("verify", out) == 1
    assert "the signature is not good" in capsys.readouterr().out


def test_texts_that_are_not_filled_are_named(desk: World, tmp_path: Path) -> None:
    file = tmp_path / "transparency.toml"
    file.write_text("[texts]\nsummary = 'x'\nsomething = 'y'\n")
    with time_machine.travel(AFTER, tick=False), pytest.raises(CommandError) as refused:
        call_command("publish", "dsa", "--period", "2026", "--texts", str(file))
    said = str(refused.value)
    assert "not filled: texts.safeguards (Safeguards applied to the use of automated means)" in said
    assert "unknown text 'something'" in said
    assert run("dsa", "--period", "2026", "--texts", tmp_path / "absent.toml") == 2
    assert run("dsa", "--period", "2027", "--texts", file) == 2, "the period is not over"
    assert run("dsa", "--period", "2026-Q1") == 2


def test_a_reason_is_needed_only_once_it_is_public(desk: World) -> None:
    point = publish.seal_now(actor=SYSTEM, now=desk.now)
    assert point is not None
    common = {"checkpoint_id": point.pk, "actor": SYSTEM, "now": desk.now}
    publish.made("weekly", "2026-W47", "json", b"1", **common)  # type: ignore[arg-type]
    publish.made("weekly", "2026-W47", "json", b"2", is_public=True, **common)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        publish.made("weekly", "2026-W47", "json", b"3", **common)  # type: ignore[arg-type]

"""`trustdesk lake` on a desk with a life: from either database, to a folder and to a bucket."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.flow.conftest import ANA, LUCIA, REASONS, disable
from trustdesk.core.types import SYSTEM
from trustdesk.flow import checkpoint, decide, forget, review
from trustdesk.insight.lake.facts import facts
from trustdesk.insight.lake.manifest import latest
from trustdesk.insight.lake.store import Store
from trustdesk.management import lake
from trustdesk.models import Asset, Case, Checkpoint, Entry, Indicator, Party, Review
from trustdesk.queries import journal
from trustdesk.settings.desk import DeskError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "lake")


def ask(capfd: pytest.CaptureFixture[str], place: str, sql: str) -> list[dict[str, str]]:
    capfd.readouterr()
    call_command("lake", "sql", sql, "--place", place)
    return list(csv.DictReader(io.StringIO(capfd.readouterr().out)))


def test_a_life_is_exported_and_agrees_with_the_ledger(
    place: str, capfd: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime, drain: Callable[..., int]
) -> None:
    decide.decide(opened.pk, disable(site), actor=ANA, now=now + timedelta(hours=3))
    drain(now + timedelta(hours=3))
    checkpoint.checkpoint(now=now + timedelta(hours=4), actor=SYSTEM)
    call_command("lake", "export", "--place", place)
    found = latest(Store(place))
    assert found is not None
    assert found.rows("fact_entry") == Entry.objects.count() == found.entries
    assert found.rows("fact_indicator") == Indicator.objects.count() > 0
    point = Checkpoint.objects.latest("id")
    assert found.checkpoint is not None
    assert (found.checkpoint["id"], found.checkpoint["root"]) == (point.pk, point.root)
    row, = ask(
        capfd, place,
        "SELECT r.category, r.channel, d.outcome, d.waited_seconds, m.state, c.country, r.reporter_key = p.reporter_key AS known "
        "FROM fact_report r JOIN fact_case c USING (case_id) JOIN fact_decision d USING (case_id) "
        "JOIN fact_measure m USING (decision_id) JOIN dim_subject s ON s.subject_key = c.subject_key "
        "JOIN dim_reporter p ON p.reporter_key = r.reporter_key",
    )  # fmt: skip
    assert row | {"country": ""} == {
        "category": "phishing", "channel": "form", "outcome": "measures", "waited_seconds": "10800",
        "state": "confirmed", "country": "", "known": "true",
    }  # fmt: skip
    assert row["country"] == opened.subject.country  # type: ignore[union-attr]
    capfd.readouterr()
    call_command("lake", "verify", "--place", place)
    assert "no faults" in capfd.readouterr().out
    everything = b"".join(Store(place).get(n) for n in Store(place).names("data"))
    party = Party.objects.exclude(email="").first()
    assert party is not None
    assert party.email.encode() not in everything and opened.subject.name.encode() not in everything  # type: ignore[union-attr]
    call_command("lake", "export", "--place", place)
    assert "0 new entries" in capfd.readouterr().err


def test_a_report_from_the_lake_is_the_one_from_the_journal(
    place: str, capfd: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime, drain: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    decide.decide(opened.pk, disable(site), actor=ANA, now=now + timedelta(hours=3))
    drain(now + timedelta(hours=3))
    desk = settings.DESK
    monkeypatch.setattr(settings, "DESK", type(desk)(**{**vars(desk), "lake": {"place": place}}))

    def published(*how: str) -> str:
        capfd.readouterr()
        call_command("publish", "weekly", "--period", "2026-W47", *how)
        return capfd.readouterr().out

    with pytest.raises(CommandError, match="no lake yet"):
        published("--engine", "duckdb")
    alone = published()  # this seals the ledger, and the export names the same checkpoint
    call_command("lake", "export")
    assert published("--engine", "duckdb") == alone and '"total": 1' in alone
    table = {"place": place, "engine": "duckdb"}
    monkeypatch.setattr(settings, "DESK", type(desk)(**{**vars(desk), "lake": table}))
    assert published() == alone


def test_verify_fails_when_a_file_is_not_what_was_written(place: str, opened: Case) -> None:
    call_command("lake", "export", "--place", place)
    store = Store(place)
    name = next(n for n in store.names("data/fact_case"))
    store.put(name, store.get(next(n for n in store.names("data/fact_step"))))
    with pytest.raises(SystemExit) as left:
        call_command("lake", "verify", "--place", place)
    assert left.value.code == 1


def test_without_a_lake_it_says_so(place: str, opened: Case) -> None:
    for what in ("verify", "files", "sql"):
        with pytest.raises(CommandError, match="no lake yet"):
            call_command("lake", what, "SELECT 1", "--place", place)


def test_one_export_at_a_time(place: str, opened: Case) -> None:
    with lake.source(), pytest.raises(CommandError, match="another export") as refused:
        call_command("lake", "export", "--place", place)
    assert refused.value.returncode == 75


def test_a_reporter_who_is_erased_vanishes(
    place: str, capfd: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime, drain: Callable[..., int]
) -> None:
    decide.decide(
        opened.pk, disable(site, outcome="no_violation", ground="none", clause="", measures=()), actor=ANA, now=now
    )
    drain(now)
    call_command("lake", "export", "--place", place)
    known = ask(capfd, place, "SELECT r.reporter_key FROM fact_report r JOIN dim_reporter USING (reporter_key)")
    forget.forget(opened.pk, "asked for it", actor=ANA, now=now + timedelta(days=4000))
    call_command("lake", "export", "--place", place)
    assert known and ask(capfd, place, "SELECT count(reporter_key) AS n FROM fact_report") == [{"n": "0"}]
    assert ask(capfd, place, "SELECT * FROM dim_reporter") == []
    call_command("lake", "verify", "--place", place)


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """An S3 of our own."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}
    yield {"endpoint": f"http://{host}:{port}"} | keys
    server.stop()


def test_a_bucket_holds_the_same_lake(
    bucket: dict[str, str], place: str, opened: Case, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import urllib.request

    make = urllib.request.Request(f"{bucket['endpoint']}/facts", method="PUT")
    urllib.request.urlopen(make).close()
    desk = settings.DESK
    table = {"place": "s3://facts/desk", "options": bucket}
    monkeypatch.setattr(settings, "DESK", type(desk)(**{**vars(desk), "lake": table}))
    for _ in range(2):
        call_command("lake", "export")
    call_command("lake", "verify")
    assert "no faults" in capfd.readouterr().out
    remote, local = lake.store(), Store(place)
    assert not remote.local
    call_command("lake", "export", "--place", place)
    assert set(remote.names("data")) == set(local.names("data"))
    assert list(remote.names("manifest")) == ["manifest/0000000001.json"]
    call_command("lake", "sql", "SELECT count(*) AS n FROM fact_case")
    assert '"n"\n1' in capfd.readouterr().out
    call_command("lake", "files", "fact_case")
    assert capfd.readouterr().out.startswith("s3://facts/desk/data/fact_case/month=")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"places": "x"}, "no key 'places'"),
        ({"every_minutes": "5"}, "must be a int"),
        ({"engine": "abacus"}, "must be one of"),
        ({"every_minutes": -1}, "negative"),
    ],
)
def test_a_wrong_setting_is_named(table: dict[str, object], why: str) -> None:
    with pytest.raises(DeskError, match=why):
        lake.settings_of(table)


def test_a_second_look_becomes_a_fact(opened: Case, site: Asset, drain: Callable[..., int], now: datetime) -> None:
    """The entries that the desk writes of reviews are those that the lake reads."""
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    drain(now)
    assert made is not None
    drawn = review.sample(made.pk, draw=3, share=20, now=now) or Review.objects.get()
    review.do(drawn.pk, agreed=False, reason="missed_law", actor=LUCIA, now=now + timedelta(days=1))
    review.reopen(drawn.pk, actor=LUCIA, now=now + timedelta(days=1))
    again = decide.Choice("no_violation", reasons=REASONS)
    decide.decide(opened.pk, again, actor=LUCIA, now=now + timedelta(days=2))
    (row,) = facts(journal.lines()).tables["fact_review"]
    assert (row["decision_id"], row["agreed"], row["reason"], row["result"]) == (
        made.pk,
        False,
        "missed_law",
        "replaced",
    )
    assert (row["share"], row["automated"], row["outcome"]) == (drawn.share, False, "measures")
    assert row["sampled_at"] == drawn.sampled_at and row["happened_at"] == now + timedelta(days=1)

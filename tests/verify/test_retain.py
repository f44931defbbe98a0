"""Bytes are erased lawfully: the hash stays, the file goes, the cases say so, and `verify` is content."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from unittest import mock

import pytest

from tests.verify.world import ANA, DIEGO, REASONS, World, choice, world
from trustdesk import evidence
from trustdesk.core.types import Actor, Channel, Refused
from trustdesk.flow import appeal, decide, receive, retain
from trustdesk.models import Case, Entry, Evidence, Report, Task
from trustdesk.verify import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(now: datetime, tmp_path: Path) -> Iterator[World]:
    with world(now, tmp_path) as here:
        yield here


def codes() -> list[str]:
    return [f"{f.code} {f.where}" for f in check()]


def kinds(chain: int) -> list[str]:
    return list(Entry.objects.filter(chain=chain).order_by("seq").values_list("kind", flat=True))


def erase(desk: World, digest: str, why: str = "asked by the sender") -> Evidence:
    return retain.erase(digest, why, actor=ANA, now=desk.now)


def refused(desk: World, digest: str, why: str = "asked by the sender") -> str:
    with pytest.raises(Refused) as no:
        erase(desk, digest, why)
    return no.value.findings[0].code


def test_erased(desk: World) -> None:
    case = desk.case()
    digest = case.first_reports.get().evidence_id
    kept = erase(desk, digest)
    assert (kept.erased_at, kept.erased_why) == (desk.now, "asked by the sender")
    assert not evidence.path_of(digest).exists()
    with pytest.raises(evidence.Erased):
        evidence.get(digest)
    assert kinds(case.pk)[-2:] == ["evidence.erased", "evidence.erasure_confirmed"]
    assert codes() == []
    assert refused(desk, digest) == "erase.again"
    desk.work()  # the task that made sure has nothing left to do
    assert kinds(case.pk)[-1:] == ["evidence.erasure_confirmed"]
    assert not Task.objects.filter(name="erase").exists()


def test_every_case_that_holds_it_says_so(desk: World) -> None:
    report = desk.mail("https://shop-1.example/a", also="https://blog-1.example/b", Subject="phishing")
    desk.work()
    cases = list(Case.objects.filter(joinings__report=report))
    assert len(cases) == 2
    erase(desk, Report.objects.get(pk=report).evidence_id)
    for case in cases:
        assert kinds(case.pk)[-2:] == ["evidence.erased", "evidence.erasure_confirmed"]
    assert codes() == []


def test_killed_between_intent_and_act(desk: World) -> None:
    """The promise is written; until the task has kept it, `verify` says that it is not kept."""
    case = desk.case()
    digest = case.first_reports.get().evidence_id
    with mock.patch.object(retain, "finish", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        erase(desk, digest)
    assert evidence.path_of(digest).exists()
    assert codes() == [f"evidence.not_erased evidence/{digest[:2]}/{digest}"]
    desk.work()
    assert not evidence.path_of(digest).exists()
    assert kinds(case.pk)[-2:] == ["evidence.erased", "evidence.erasure_confirmed"]
    assert codes() == []


def test_killed_between_act_and_confirmation(desk: World) -> None:
    case = desk.case()
    digest = case.first_reports.get().evidence_id
    with (
        mock.patch.object(retain, "_holders", side_effect=[[case], KeyboardInterrupt]),
        pytest.raises(KeyboardInterrupt),
    ):
        erase(desk, digest)
    assert kinds(case.pk)[-1:] == ["evidence.erased"]
    desk.work()
    assert kinds(case.pk)[-2:] == ["evidence.erased", "evidence.erasure_confirmed"]
    assert codes() == []


def test_a_message_that_was_set_aside(desk: World) -> None:
    """It belongs to no case; the desk's own chain says what became of it."""
    report = desk.mail(
        "https://shop-1.example/a", Auto_Submitted="auto-replied", Precedence="bulk", Subject="Out of office"
    )
    desk.work()
    assert Report.objects.get(pk=report).state == "set_aside"
    erase(desk, Report.objects.get(pk=report).evidence_id)
    assert kinds(0)[-2:] == ["evidence.erased", "evidence.erasure_confirmed"]
    assert codes() == []


def test_refused(desk: World) -> None:
    case = desk.case()
    digest = case.first_reports.get().evidence_id
    assert refused(desk, "0" * 64) == "erase.unknown"
    assert refused(desk, digest, " ") == "erase.no_reason"
    assert refused(desk, digest, "x" * 201) == "erase.no_reason"
    unread = Report.objects.get(pk=desk.mail("https://shop-1.example/b")).evidence_id
    assert refused(desk, unread) == "erase.unread"
    assert codes() == []


def test_the_same_message_again(desk: World) -> None:
    """It is one report still, and its bytes do not come back, whatever a relay has written on it."""
    case = desk.case()
    digest = case.first_reports.get().evidence_id
    raw = evidence.get(digest)
    erase(desk, digest)
    for copy in (raw, b"Received: from relay.example by mx.example; Wed, 18 Nov 2026 09:00:00 +0000\n" + raw):
        receipt = receive.receive(receive.Incoming(copy, Channel.MAIL), now=desk.now)
        assert receipt.duplicate
        assert receipt.report_id == case.first_reports.get().pk
    assert codes() == [], "neither back from erasure nor a file that nobody knows"


def test_the_same_words_again(desk: World) -> None:
    case = desk.case()
    by = Actor("customer", str(case.subject_id))
    for turn in range(2):
        made = decide.decide(case.pk, choice(case), actor=ANA, now=desk.now).decision
        assert made is not None
        lodged = appeal.lodge(made.pk, kind="appeal", text="Please look again.", by=by, actor=by, now=desk.now)
        appeal.resolve(
            lodged.pk, outcome="upheld", reasons=REASONS, actor=DIEGO, now=desk.now, replacement=choice(case)
        )  # fmt: skip
        assert lodged.evidence_id is not None
        erase(desk, lodged.evidence_id)
        assert codes() == [], turn
        desk.pass_time(seconds=1)
        if turn == 0:
            case = desk.case("https://shop-2.example/x")

"""A desk that has seen something of everything, for tests that then change a byte."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model

from tests.verify.world import ANA, DIEGO, EVA, OPERATOR, World, choice
from trustdesk.core import reviews
from trustdesk.core.misuse import Wish
from trustdesk.core.policies import CIRCUMSTANCES
from trustdesk.core.types import Actor, Channel
from trustdesk.flow import (
    appeal,
    attend,
    checkpoint,
    custody,
    decide,
    misuse,
    notes,
    people,
    publish,
    receive,
    record,
    registers,
    retain,
    review,
    snooze,
    tick,
    upkeep,
)
from trustdesk.flow.decide import Choice
from trustdesk.models import Case, Notice, Report, Suspension
from trustdesk.reading.submission import submission

AGREED = "The customer has shown that the page was a mistake of ours and was never there at all."


def suspended(world: World) -> Suspension:
    """Somebody with a token hands in three reports that are unfounded, goes on after a warning, and is suspended."""
    refs: list[str] = []
    for number in range(3):
        incoming = receive.Incoming(
            submission({"category": "phishing", "urls": [f"https://blog-1.example/x{number}"], "description": "Look.",
                        "reporter": {"email": "bulk@robots.example"}, "nonce": str(number)}),
            Channel.API, media_type="application/json", account="bulk",
        )  # fmt: skip
        report = receive.receive(incoming, now=world.now).report_id
        world.work()
        case = Case.objects.get(joinings__report=report)
        decide.decide(case.pk, choice(case), actor=ANA, now=world.now)
        world.work()
        if number == 1:
            misuse.warn(case.pk, report, actor=ANA, now=world.now)
            world.work()
        refs.append(f"case:{case.pk}")
        world.pass_time(hours=1)
    said = dict.fromkeys(CIRCUMSTANCES, "We looked at this with care.")
    row = misuse.suspend(case.pk, report, Wish(tuple(refs), 7, said, AGREED), actor=ANA, now=world.now)
    misuse.approve(row.pk, actor=DIEGO, now=world.now)
    misuse.contest(row.pk, text="We meant no harm by it.", now=world.now)
    misuse.answer(row.pk, upheld=True, reasons=AGREED, actor=EVA, now=world.now)
    world.work()
    return Suspension.objects.get(pk=row.pk)


def rich(world: World) -> None:
    """At least one row in every table that the journal accounts for, and two checkpoints."""
    enforced = world.case("https://shop-1.example/login")
    made = decide.decide(enforced.pk, choice(enforced, "site_disable"), actor=ANA, now=world.now).decision
    assert made is not None
    world.pass_time(minutes=3)
    world.work()
    checkpoint.checkpoint(now=world.now, actor=OPERATOR)
    customer = Actor("customer", str(enforced.subject_id))
    lodged = appeal.lodge(
        made.pk, kind="appeal", text="That page was cleaned up long ago.", by=customer, actor=customer, now=world.now
    )
    world.pass_time(hours=1)
    again = Choice("no_violation", reasons=AGREED)
    drawn = reviews.draw(record.ledger_key(), enforced.pk, made.made_at)
    looked = review.sample(made.pk, draw=drawn, share=100, now=world.now)
    assert looked is not None
    review.do(looked.pk, agreed=False, reason="missing_facts", words="It was gone.", actor=EVA, now=world.now)
    review.read(looked.pk, actor=ANA, now=world.now)
    appeal.resolve(lodged.pk, outcome="upheld", reasons=AGREED, actor=DIEGO, now=world.now, replacement=again)
    world.work()
    severe = world.case("https://shop-2.example/login")
    attend.assign(severe.pk, to=None, actor=ANA, now=world.now)
    held = decide.decide(severe.pk, choice(severe, "account_suspend"), actor=ANA, now=world.now).decision
    assert held is not None
    decide.reject(held.pk, actor=DIEGO, now=world.now, why="Not the whole account.")
    held = decide.decide(severe.pk, choice(severe, "account_suspend"), actor=ANA, now=world.now).decision
    assert held is not None
    decide.approve(held.pk, actor=EVA, now=world.now)
    world.work()
    notes.withdraw(
        notes.add(severe.pk, "Same people as last week?", actor=ANA, now=world.now).pk, actor=ANA, now=world.now
    )
    notes.hand_over("Two banks are under attack today.", actor=ANA, now=world.now)
    world.case("https://elsewhere.example/x")
    late = world.case("https://blog-1.example/post", about="phishing")
    snooze.snooze(late.pk, until=world.now + timedelta(days=2), why="until they answer", actor=ANA, now=world.now)
    letter = Notice.objects.filter(case=late).first()
    assert letter is not None
    world.mail("https://blog-1.example/post", In_Reply_To=letter.message_id, Subject="Re: your letter")
    world.work()
    world.pass_time(days=30)
    tick.tick(world.now)
    world.mail("https://blog-1.example/post", Auto_Submitted="auto-replied", Precedence="bulk")
    world.work()
    people.issue_token("a" * 43, name="bank", account="bank", scopes=["reports:write"], actor=OPERATOR, now=world.now)
    first = Report.objects.filter(joinings__case=enforced).first()
    assert first is not None
    eva = get_user_model().objects.create(username="eva")
    looks = {"person": eva.pk, "limit": 9, "actor": EVA, "now": world.now}
    custody.look(first, 1, "preview", **looks)
    custody.pause(eva.pk, actor=EVA, now=world.now)
    upkeep.done("icann-raa-318", "procedures", on=world.now.date(), note="It is there.", actor=EVA, now=world.now)
    custody.seal(severe.pk, "somebody here knows the customer", actor=EVA, now=world.now)
    suspended(world)
    retain.erase(first.evidence_id, "asked by the sender", actor=ANA, now=world.now)
    world.now += timedelta(seconds=1)
    point = checkpoint.checkpoint(now=world.now, actor=OPERATOR)
    assert point is not None
    publish.made("weekly", "2026-W47", "json", b"{}", checkpoint_id=point.pk, actor=OPERATOR, now=world.now)
    registers.queue("dsa_tdb", [registers.Wanted("a-1", enforced.pk, {"puid": "a-1"})], actor=OPERATOR, now=world.now)
    world.now += timedelta(seconds=1)
    checkpoint.checkpoint(now=world.now, actor=OPERATOR)
    world.mail("https://shop-1.example/unread")  # nobody has read this one yet
    assert Case.objects.count() >= 4

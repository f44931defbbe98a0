"""Random lives of cases through the public functions of flow: after every step the journal, told again by the
checker's own code, leads to exactly the state that the rows hold."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.verify.world import ANA, DIEGO, EVA, OPERATOR, REASONS, World, choice, world
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import appeal, attend, checkpoint, decide, enforce, retain, tick
from trustdesk.models import Appeal, Case, Decision, Entry, Evidence, Measure, Notice, Task
from trustdesk.verify import check

PEOPLE = st.sampled_from([ANA, DIEGO, EVA])
MOODS = st.sampled_from(["done", "done", "done", "retry", "failed"])
URLS = st.sampled_from(
    [
        f"https://{host}/{path}"
        for host in ("shop-1.example", "shop-2.example", "blog-1.example", "far.example")
        for path in "ab"
    ]
)
KINDS = st.sampled_from(["", "", "path_block", "site_disable", "site_disable", "account_suspend"])
#: What was reached over all examples, so that the test cannot pass by doing nothing.
reached: Counter[str] = Counter()


class Life(RuleBasedStateMachine):
    """A desk on which everything happens in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.home = Path(tempfile.mkdtemp(prefix="trustdesk-life-"))
        self.stack.callback(shutil.rmtree, self.home, ignore_errors=True)
        self.stack.enter_context(transaction.atomic())
        self.world: World = self.stack.enter_context(world(datetime(2026, 11, 18, 9, tzinfo=UTC), self.home))

    def teardown(self) -> None:
        reached.update(Entry.objects.values_list("kind", flat=True))
        reached.update(f"measure={state}" for state in Measure.objects.values_list("state", flat=True))
        transaction.set_rollback(True)
        self.stack.close()

    def try_to(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        """A refusal is an answer. Anything else that is raised is a bug."""
        try:
            return verb(*args, **kwargs)
        except Refused as refused:
            reached.update(f"refused {f.code}" for f in refused.findings)
            return None

    def pick(self, rows: Any, number: int) -> Any:
        """One of the rows, or None."""
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    @initialize(
        url=URLS,
        kinds=st.lists(st.sampled_from(["site_disable", "account_suspend"]), max_size=2, unique=True),
        second=st.sampled_from([None, DIEGO, EVA]),
    )
    def first_complaint(self, url: str, kinds: list[str], second: Actor | None) -> None:
        """Some lives begin further on: with a measure that bites, or a decision that needs or has a second person."""
        self.world.mail(url)
        for number, kind in enumerate(kinds, 1):
            case = self.world.case(f"https://shop-{number}.example/first")
            made = decide.decide(case.pk, choice(case, kind), actor=ANA, now=self.world.now).decision
            if second is not None and made is not None and made.state == "held":
                decide.approve(made.pk, actor=second, now=self.world.now)
        self.world.work()

    @rule(
        url=URLS,
        who=st.sampled_from(["soc@bank.example", "cert@csirt.example", "noreply@robot.example"]),
        at_once=st.booleans(),
    )
    def complain(self, url: str, who: str, at_once: bool) -> None:
        self.world.mail(url, sender=who)
        if at_once:
            self.world.work()

    @rule(number=st.integers(0, 50), auto=st.booleans())
    def reply(self, number: int, auto: bool) -> None:
        letter = self.pick(Notice.objects.filter(state="sent"), number)
        if letter is not None:
            headers = {"Auto_Submitted": "auto-replied"} if auto else {}
            self.world.mail(
                "https://shop-1.example/a", sender=letter.to_address, In_Reply_To=letter.message_id, **headers
            )

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(hours=st.sampled_from([0.01, 1, 30, 24 * 20]))
    def time_passes(self, hours: float) -> None:
        self.world.pass_time(hours=hours)
        tick.tick(self.world.now)

    @rule(enforcer=MOODS, channel=MOODS)
    def weather(self, enforcer: str, channel: str) -> None:
        self.world.enforcer.mood, self.world.channel.mood = enforcer, channel

    @rule(
        number=st.integers(0, 50),
        kind=KINDS,
        outcome=st.sampled_from(["", "", "forwarded", "insufficient"]),
        who=PEOPLE,
    )
    def decide(self, number: int, kind: str, outcome: str, who: Actor) -> None:
        case = self.pick(Case.objects.exclude(subject=None), number)
        if case is None:
            return
        wish = choice(case, kind) if kind or not outcome else choice(case, outcome=outcome)
        before = Entry.objects.count()
        self.try_to(decide.decide, case.pk, wish, actor=who, now=self.world.now, persist=False)
        assert Entry.objects.count() == before, "a preview wrote something"
        self.try_to(decide.decide, case.pk, wish, actor=who, now=self.world.now, seen=case.seq)

    @precondition(lambda self: Decision.objects.filter(state="held").exists())
    @rule(number=st.integers(0, 50), who=PEOPLE, agrees=st.booleans())
    def second_person(self, number: int, who: Actor, agrees: bool) -> None:
        held = self.pick(Decision.objects.filter(state="held"), number)
        if agrees:
            self.try_to(decide.approve, held.pk, actor=who, now=self.world.now)
        else:
            self.try_to(decide.reject, held.pk, actor=who, now=self.world.now, why="Please look at it again.")

    @precondition(lambda self: Decision.objects.filter(state="final").exists())
    @rule(number=st.integers(0, 50), customer=st.booleans())
    def lodge(self, number: int, customer: bool) -> None:
        decision = self.pick(Decision.objects.filter(state="final").select_related("case"), number)
        report = decision.case.first_reports.order_by("pk").first()
        by = Actor("customer", str(decision.case.subject_id)) if customer else Actor("reporter", str(report.pk))
        if decision.case.subject_id or not customer:
            self.world.pass_time(seconds=1)
            text = "I ask you to look at this again, please."
            self.try_to(appeal.lodge, decision.pk, kind="appeal", text=text, by=by, actor=by, now=self.world.now)

    @precondition(lambda self: Appeal.objects.filter(state="lodged").exists())
    @rule(
        number=st.integers(0, 50),
        outcome=st.sampled_from(["upheld", "partly_upheld", "dismissed"]),
        kind=KINDS,
        who=PEOPLE,
    )
    def resolve(self, number: int, outcome: str, kind: str, who: Actor) -> None:
        lodged = self.pick(Appeal.objects.filter(state="lodged").select_related("case"), number)
        again = None if outcome == "dismissed" else choice(lodged.case, kind if lodged.case.subject_id else "")
        self.try_to(
            appeal.resolve, lodged.pk, outcome=outcome, reasons=REASONS, actor=who, now=self.world.now, replacement=again
        )  # fmt: skip

    @precondition(lambda self: Measure.objects.filter(state__in=("applied", "confirmed")).exists())
    @rule(number=st.integers(0, 50), who=PEOPLE, at_once=st.booleans())
    def wrong_after_all(self, number: int, who: Actor, at_once: bool) -> None:
        biting = Measure.objects.filter(state__in=("applied", "confirmed")).select_related("case", "decision")
        measure = self.pick(biting, number)
        by = Actor("customer", str(measure.case.subject_id))
        self.world.pass_time(seconds=1)
        text = "That page was never there, please look."
        self.try_to(appeal.lodge, measure.decision_id, kind="appeal", text=text, by=by, actor=by, now=self.world.now)
        lodged = Appeal.objects.filter(decision=measure.decision, state="lodged").first()
        if lodged is not None:
            again = choice(measure.case)
            self.try_to(
                appeal.resolve, lodged.pk, outcome="upheld", reasons=REASONS, actor=who, now=self.world.now, replacement=again
            )  # fmt: skip
        if at_once:
            self.world.work()

    @rule(number=st.integers(0, 50))
    def answer(self, number: int) -> None:
        case = self.pick(Case.objects.exclude(subject=None), number)
        if case is not None:
            by = Actor("customer", str(case.subject_id))
            self.world.pass_time(seconds=1)
            self.try_to(
                appeal.answer, case.pk, text=f"Gone since {self.world.now}.", by=by, actor=by, now=self.world.now
            )
            self.try_to(attend.read, case.pk, actor=ANA, now=self.world.now)

    @precondition(lambda self: Measure.objects.filter(state="failed").exists())
    @rule(number=st.integers(0, 50))
    def try_again(self, number: int) -> None:
        enforce.retry(self.pick(Measure.objects.filter(state="failed"), number).pk, actor=ANA, now=self.world.now)

    @rule()
    def make_checkpoint(self) -> None:
        made = checkpoint.checkpoint(now=self.world.now, actor=OPERATOR)
        assert made is None or checkpoint.checkpoint(now=self.world.now, actor=OPERATOR) is None

    @rule(number=st.integers(0, 50))
    def erase(self, number: int) -> None:
        kept = self.pick(Evidence.objects.filter(erased_at=None), number)
        if kept is not None:
            self.try_to(retain.erase, kept.pk, "asked by the sender", actor=DIEGO, now=self.world.now)

    @invariant()
    def the_journal_leads_to_the_state(self) -> None:
        assert [str(f) for f in check() if not f.note] == []

    @invariant()
    def nobody_gave_up(self) -> None:
        dead = Task.objects.exclude(error="").exclude(error__contains=": ").values_list("name", "error")
        assert not [d for d in dead if "Traceback" in d[1]]


@pytest.mark.django_db
@pytest.mark.slow
def test_random_lives() -> None:
    reached.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # shrinking a life takes minutes; add Phase.shrink when one fails
            suppress_health_check=list(HealthCheck),
        ),
    )
    for needed in ("decision.held", "decision.approved", "measure.confirmed", "measure.lifting", "appeal.resolved",
                   "clock.breached", "evidence.erasure_confirmed", "report.received", "notice.sent"):  # fmt: skip
        assert reached[needed], f"no life came to {needed}: {sorted(reached)}"

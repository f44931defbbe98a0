"""The clock that runs fast: a queue of things that will happen, done one after the other through the desk's own doors."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Max

from trustdesk.core.types import Channel
from trustdesk.demo import mailbag, week
from trustdesk.demo.people import Cast, story
from trustdesk.flow import plugins, receive, tick, work
from trustdesk.models import Appeal, Case, Decision, Review

#: Samples that stand for something that only happens once, or that need a letter of ours to answer to.
ONCE = frozenset({"dmca-counter-notice-en.eml", "dmca-retraction-en.eml", "delivery-test-en.eml"})
NEVER = ("reply-", "bounce-", "ticket-", "auto-reply-")
#: What is not done when the fortnight ends: sample, hours before the end that it came, and what was decided on it half
#: an hour later: nothing at all, something that waits for a second person, or for the customer. Some of these are late
#: already, some due within the hour.
LEFT = (
    ("dmca-notice-many-urls-en.eml", 50.0, ""), ("fraud-investment-victim-en.eml", 23.4, ""),
    ("ncii-victim-pt.eml", 11.3, ""), ("vulnerable-open-resolver-en.eml", 9.0, "forwarded"),
    ("attack-ssh-bruteforce-log-en.eml", 7.4, "forwarded"), ("trademark-counterfeit-shoes-en.eml", 5.2, ""),
    ("phishing-defanged-hospital-en.eml", 4.3, "measures"), ("phishing-forwarded-inline-fr.eml", 3.3, ""),
    ("malware-csv-attachment-en.eml", 3.1, ""), ("phishing-bank-csirt-es.eml", 2.2, ""),
    ("phishing-bank-citizen-es.eml", 1.7, ""), ("terrorism-referral-unit-en.eml", 1.2, ""), ("spam-arf-de.eml", 0.9, ""),
    ("order-court-newspaper-es.eml", 0.7, ""), ("phishing-xarf4.json", 0.4, ""), ("other-vague-en.eml", 0.2, ""),
)  # fmt: skip
#: Reports of one wave on one day: many people see the same page.
WAVE = ("phishing-bank-csirt-es.eml", "phishing-bank-citizen-es.eml", "phishing-ip-address-url-en.eml",
        "phishing-xarf3-in-mail-en.eml")  # fmt: skip


#: People whose role carries no right to review.
NO_REVIEWERS = frozenset({"ana"})
#: What an event returns that made no work.
NOTHING = object()
#: How often the clocks are looked at, and how often the ledger gets a checkpoint. A running desk does both more often.
TICK, TIDY = timedelta(hours=1), timedelta(hours=24)


class Player:
    """One run of the demo. `play` fills the desk and returns what happened, by kind."""

    def __init__(
        self, samples: dict[str, mailbag.Sample], *, start: datetime, until: datetime, seed: int, reports: int
    ) -> None:
        self.samples, self.start, self.until, self.reports = samples, start, until, reports
        self.dice = random.Random(seed)
        names = get_user_model().objects.filter(username__in=week.SHIFTS).values_list("username", "pk")
        self.cast = Cast(dict(names), story(), self.dice)
        self.done: Counter[str] = Counter()
        self._queue: list[tuple[datetime, int, Callable[..., object], tuple[Any, ...]]] = []
        self._order = count()
        self._seen: set[int] = set()
        self._left: set[int] = set()
        self._about: dict[int, str] = {}  # case → the sample that opened it
        self._dark: set[str] = set()  # samples about what is out of sight
        self._newest = ""
        self._drawn = 0  # the newest second look that somebody was asked for
        self.now = self._tidied = start

    def at(self, when: datetime, what: Callable[..., object], *arguments: Any) -> None:
        """Let `what` happen at `when`, if that is before the end."""
        if when <= self.until:
            heapq.heappush(self._queue, (when, next(self._order), what, arguments))

    def play(self, step: Callable[[datetime], None] = lambda at: None) -> Counter[str]:
        """Live from start to end; `step` hears of each moment."""
        work.load_handlers()
        self._mail()
        self.at(self.start, self._tick)
        while self._queue:
            self.now, _, what, arguments = heapq.heappop(self._queue)
            if what(*arguments) is not NOTHING:
                self._work()
            step(self.now)
        self.now = self.until
        tick.tick(self.until)
        self._work()
        tick.housekeeping(self.until)
        return self.done

    def _work(self) -> None:
        work.run_until_idle(lambda: self.now)
        self._reviews()
        if Case.objects.aggregate(newest=Max("pk"))["newest"] == max(self._seen, default=None):
            return
        for case in Case.objects.filter(pk__gt=max(self._seen, default=0)).order_by("id"):
            self._seen.add(case.pk)
            self._about[case.pk] = self._newest
            if case.state == "open" and case.pk not in self._left:
                self._schedule_look(case)

    def _schedule_look(self, case: Case, *, after: timedelta | None = None) -> None:
        pace = self.cast.story["pace"]
        wait = after or week.waiting(tuple(pace.get(case.category, pace["default"])), self.dice)
        self.at(*self._turn(wait, self._look, case.pk))

    def _turn(self, wait: timedelta, what: Callable[..., object], number: int, *but: str) -> tuple[Any, ...]:
        """When it happens, what, to which, and by whom: somebody at work who is none of `but`."""
        when, name = week.somebody(self.now + wait, self.dice, but=self.cast.others(*but))
        return when, what, number, name

    # what comes in

    def _mail(self) -> None:
        usual = [s for s in self.samples.values() if s.file not in ONCE and not s.file.startswith(NEVER)]
        weights = [WEIGHTS.get(s.category, 1.0) * (0.5 if s.file.startswith("broken-") else 1.0) for s in usual]
        left = [(n, self.until - timedelta(hours=h), only) for n, h, only in LEFT if n in self.samples]
        wave = [name for name in WAVE if name in self.samples] * 5
        plain = max(0, self.reports - len(left) - len(wave) - len(ONCE))
        quiet = self.until - timedelta(hours=2)
        for moment in week.arrivals(plain, self.start, quiet, self.dice):
            self.at(moment, self._any, usual, weights)
        morning = self.start + (self.until - self.start) * 0.55
        for number, name in enumerate(wave):
            self.at(morning + timedelta(minutes=4.5 * number), self._arrive, self.samples[name], number >= len(WAVE))
        for number, name in enumerate(sorted(ONCE & self.samples.keys())):
            self.at(
                self.start + (self.until - self.start) * (0.5 + 0.1 * number), self._arrive, self.samples[name], False
            )
        for name, moment, only in left:
            self.at(moment, self._leave, self.samples[name], only)

    def _any(self, usual: list[mailbag.Sample], weights: list[float]) -> None:
        """One of the usual complaints; rarely one about what is out of sight already."""
        sample = self.dice.choices(usual, weights)[0]
        while sample.file in self._dark and self.dice.random() < 0.9:
            sample = self.dice.choices(usual, weights)[0]
        self._arrive(sample, self.dice.random() < 0.45)

    def _arrive(self, sample: mailbag.Sample, other_sender: bool) -> None:
        raw = mailbag.fresh(sample, self.now, self.dice, other_sender=other_sender)
        channel = Channel.API if sample.is_json else Channel.MAIL
        media = "application/json" if sample.is_json else "message/rfc822"
        receive.receive(receive.Incoming(raw, channel, media_type=media), now=self.now)
        self.done["reports"] += 1
        self._newest = sample.file

    def _leave(self, sample: mailbag.Sample, only: str) -> None:
        """A report that nobody finishes before the end."""
        before = Case.objects.aggregate(newest=Max("pk"))["newest"] or 0
        self._arrive(sample, False)
        work.run_until_idle(lambda: self.now)
        for number in Case.objects.filter(pk__gt=before).values_list("pk", flat=True):
            self._left.add(number)
            if only:
                self.at(self.now + timedelta(minutes=30), self._half_done, number, only)

    def _half_done(self, case_id: int, only: str) -> None:
        decision = self.cast.look(case_id, "ana", self.now, only=only)
        if decision is not None:
            self.done["held" if decision.state == "held" else decision.outcome] += 1

    def _tick(self) -> object:
        """Look at the clocks, and again when the next one is due; now and then put the house in order."""
        changed = tick.tick(self.now)
        if self.now - self._tidied >= TIDY:
            tick.housekeeping(self.now)
            self._tidied = self.now
        if changed:
            waited = Case.objects.filter(
                state="open", clocks__name="answer", clocks__state="breached", assigned_to=None
            )
            for case in waited.exclude(pk__in=self._left).distinct():
                self._schedule_look(case, after=timedelta(minutes=20))
        self.at(self.now + TICK, self._tick)
        return None if changed else NOTHING

    # what people do

    def _look(self, case_id: int, name: str) -> None:
        decision = self.cast.look(case_id, name, self.now)
        if decision is None:
            return
        self.done[decision.outcome if decision.state != "held" else "held"] += 1
        if decision.outcome == "duplicate":
            self._dark.add(self._about.get(case_id, ""))
        self._after(decision)

    def _after(self, decision: Decision) -> None:
        """What a decision leads to."""
        hours = timedelta(hours=1)
        if decision.state == "held":
            self.at(*self._turn(hours * self.dice.uniform(0.3, 10), self._second, decision.pk, decision.made_by))
        elif decision.outcome == "forwarded":
            if self.dice.random() < 0.65:
                self.at(self.now + hours * self.dice.uniform(1, 22), self._answer, decision.case_id)
            self._schedule_look(decision.case, after=hours * 26)
        elif decision.outcome == "measures" and self.dice.random() < 0.4:
            self.at(self.now + hours * self.dice.uniform(2, 50), self._appeal, decision.pk)
        elif decision.outcome == "no_violation" and decision.overrides_id is None and self.dice.random() < 0.08:
            self.at(self.now + hours * self.dice.uniform(5, 60), self._appeal, decision.pk)

    def _second(self, decision_id: int, name: str) -> None:
        approved = self.cast.second(decision_id, name, self.now)
        decision = Decision.objects.get(pk=decision_id)
        self.done["approved" if approved else "sent back"] += 1
        if approved:
            self._after(decision)
        else:
            self._schedule_look(decision.case, after=timedelta(hours=1))

    def _reviews(self) -> None:
        """Ask somebody who had no part to look again at what the desk drew. Which decisions those are hangs on the desk's own
        key: dice of their own, and no other work, so that the rest is the same on every desk."""
        for drawn in Review.objects.filter(pk__gt=self._drawn).select_related("decision").order_by("id"):
            self._drawn, made = drawn.pk, drawn.decision
            dice, but = random.Random(made.pk), NO_REVIEWERS | self.cast.others(made.made_by, made.settled_by)
            if week.SHIFTS.keys() - but:
                when, name = week.somebody(self.now + timedelta(hours=dice.uniform(4, 60)), dice, but=but)
                self.at(when, self._review, drawn.pk, name, dice)

    def _review(self, number: int, name: str, dice: random.Random) -> object:
        self.cast.review(number, name, self.now, dice)
        self.done["second looks"] += 1
        return NOTHING

    def _answer(self, case_id: int) -> None:
        letter = self.cast.letter_to_answer(case_id)
        if letter is not None and self.dice.random() < 0.5:
            text = self.cast.words(letter.case)
            raw = mailbag.reply(f"<{letter.to_address}>", text, letter.message_id, letter.title, self.now, self.dice)
            receive.receive(receive.Incoming(raw, Channel.MAIL), now=self.now)
        else:
            self.cast.answer(case_id, self.now)
        self.done["answers"] += 1
        self._schedule_look(Case.objects.get(pk=case_id), after=timedelta(hours=self.dice.uniform(0.5, 6)))

    def _appeal(self, decision_id: int) -> None:
        lodged = self.cast.lodge(decision_id, self.now)
        if lodged is None:
            return
        self.done["appeals"] += 1
        wait = timedelta(hours=self.dice.uniform(4, 70))
        made = lodged.decision
        self.at(*self._turn(wait, self._resolve, lodged.pk, made.made_by, made.settled_by))

    def _resolve(self, appeal_id: int, name: str) -> None:
        if Appeal.objects.filter(pk=appeal_id, state="lodged").exists():
            self.cast.resolve(appeal_id, name, self.now)
            self.done["appeals decided"] += 1


#: How often each kind of report comes, beside 1.
WEIGHTS = {"phishing": 2.6, "malware": 1.6, "spam": 1.6, "copyright": 1.8, "network_attack": 1.6, "fraud": 1.4,
           "terrorism": 0.4, "violent_threat": 0.5, "government_order": 0.6, "data_request": 0.6, "": 0.5}  # fmt: skip


@contextmanager
def hurried() -> Iterator[None]:
    """Commits that do not wait for the disk: what the demo writes can be played again. Durable again at the end."""
    slow, fast = ("FULL", "OFF") if connection.vendor == "sqlite" else ("on", "off")
    setting = "PRAGMA synchronous = " if connection.vendor == "sqlite" else "SET synchronous_commit = "
    with connection.cursor() as cursor:
        cursor.execute(setting + fast)
        try:
            yield
        finally:
            cursor.execute(setting + slow)
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the whole fortnight to the disk


@contextmanager
def provider() -> Iterator[None]:
    """The sample provider for the time of the block: the one that runs, or one of our own with the same memory."""
    from examples.provider import serve

    if _answers(plugins.SAMPLE_CONTROL_PORT) or settings.DESK.enforcers:
        yield
        return
    usual = plugins.SAMPLE_CONTROL_PORT, plugins.SAMPLE_SITES_PORT
    with serve(settings.HOME / "provider", 0, 0) as own:
        plugins.SAMPLE_CONTROL_PORT, plugins.SAMPLE_SITES_PORT = own.control_port, own.sites_port
        try:
            yield
        finally:
            plugins.SAMPLE_CONTROL_PORT, plugins.SAMPLE_SITES_PORT = usual


def _answers(port: int) -> bool:
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.3):
            return True
    except OSError:
        return False


def samples() -> Path:
    """Where the sample mail is: it ships with the source, not with the program."""
    return Path(__file__).resolve().parents[2] / "examples" / "mail"

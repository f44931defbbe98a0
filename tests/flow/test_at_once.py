"""Two workers at the same moment: one case, one approval, no deadlock. Real transactions, real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from tests.flow.conftest import ANA, DIEGO, LUCIA, disable
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import attend, decide, work
from trustdesk.models import Asset, Case, Decision, Entry, Report, Task

pytestmark = pytest.mark.django_db(transaction=True)


def together(*calls: Callable[[], object]) -> list[BaseException]:
    """Run the calls at once, each in a thread with a connection of its own; the errors they raised."""
    start, errors = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_reports_about_one_thing_that_arrive_at_once_are_one_case(site: Asset, report, enforcer, post, now: datetime):
    work.load_handlers()
    for n in range(24):
        report(f"https://login-bancoazul.example/{n}", reporter={"name": f"R{n}", "email": f"r{n}@example.net"})
    # Each worker takes one task at a time, so that they meet on the same open case.
    handler, _ = work._handlers["parse"]
    work._handlers["parse"] = (handler, 1)
    try:
        errors = together(*[lambda: work.run_until_idle(lambda: now)] * 4)
    finally:
        work._handlers["parse"] = (handler, 100)
    assert errors == []
    work.run_until_idle(lambda: now)
    case = Case.objects.get()
    assert case.report_count == 24 and Report.objects.filter(state="joined").count() == 24
    chain = list(Entry.objects.filter(chain=case.pk).order_by("seq").values_list("seq", "prev", "hash"))
    assert [seq for seq, _, _ in chain] == list(range(1, len(chain) + 1))
    assert all(before[2] == after[1] for before, after in zip(chain, chain[1:], strict=False))
    assert not Task.objects.exists()


def test_two_who_approve_at_once_enforce_once(site: Asset, report, drain, enforcer, now: datetime):
    report()
    drain()
    account = Asset.objects.create(subject=site.subject, kind="account", ref="acc", value="acc", role="hosting")
    case = Case.objects.get()
    choice = disable(account, measures=(decide.Wish("account_suspend", account.pk),))
    held = decide.decide(case.pk, choice, actor=ANA, now=now).decision
    assert held is not None
    errors = together(
        lambda: decide.approve(held.pk, actor=DIEGO, now=now), lambda: decide.approve(held.pk, actor=LUCIA, now=now)
    )
    drain()
    assert [type(e) for e in errors] == [Refused]
    assert len(enforcer.applied) == 1 and Decision.objects.get().state == "final"


def test_people_who_ask_for_the_next_case_at_once_never_hold_the_same_one(site: Asset, report, drain, now: datetime):
    people = [get_user_model().objects.create(username=f"p{n}") for n in range(4)]
    for n in range(6):
        report(f"https://login-bancoazul.example/{n}", category="copyright")
    drain()
    given: list[tuple[int, int]] = []

    def ask(person: int) -> None:
        for _ in range(2):  # whoever has one is shown that one again, so the second question changes nothing
            case = attend.take_next(Case.objects.all(), person=person, actor=Actor("person", str(person)), now=now)
            assert case is not None
            given.append((person, case.pk))

    errors = together(*[lambda person=person: ask(person.pk) for person in people])
    assert errors == []
    assert len(set(given)) == 4 and len({case for _, case in given}) == 4, given
    held = dict(Case.objects.exclude(assigned_to=None).values_list("assigned_to", "pk"))
    assert held == dict(given)
    assert Entry.objects.filter(kind="case.assigned").count() == 4

"""Tasks: leased, at least once, retried with pauses, never lost from sight."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from trustdesk.flow import work
from trustdesk.flow.record import Todo, add_tasks
from trustdesk.models import Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Handlers for tests: `note` remembers, `fail` fails, `batch` takes many and fails when one is bad."""
    seen: list[object] = []

    def note(tasks, clock):
        seen.extend(t.arguments["n"] for t in tasks)

    def fail(tasks, clock):
        raise ValueError("no")

    def batch(tasks, clock):
        if any(t.arguments["n"] == "bad" for t in tasks):
            raise ValueError("bad")
        seen.append([t.arguments["n"] for t in tasks])

    monkeypatch.setattr(work, "_handlers", {"note": (note, 1), "fail": (fail, 1), "batch": (batch, 10)})
    return seen


def test_due_tasks_are_done_once_oldest_first_and_leave_no_trace(done, now: datetime):
    add_tasks([Todo("note", {"n": 2}, now - timedelta(1)), Todo("note", {"n": 1}, now - timedelta(2))], now=now)
    add_tasks([Todo("note", {"n": 3}, now + timedelta(1))], now=now)
    while work.run_once(lambda: now):
        pass
    assert done == [1, 2] and Task.objects.count() == 1


def test_a_lease_that_ran_out_is_taken_by_another_and_one_that_runs_is_not(done, now: datetime):
    add_tasks([Todo("note", {"n": 1})], now=now)
    assert len(work.claim(now=now)) == 1  # this worker dies here
    assert work.run_once(lambda: now + work.LEASE) == 0
    assert work.run_once(lambda: now + work.LEASE + timedelta(seconds=1)) == 1
    assert done == [1]


def test_what_fails_is_tried_again_with_growing_pauses_and_then_lies_open(done, now: datetime):
    add_tasks([Todo("fail", {})], now=now)
    pauses, at = [], now
    for _ in range(30):
        task = Task.objects.get()
        if task.state == "dead":
            break
        pauses.append(task.due_at - at)
        at = task.due_at
        work.run_once(lambda at=at: at)
    assert Task.objects.get().state == "dead" and "ValueError: no" in Task.objects.get().error
    assert pauses[1:] == sorted(pauses[1:]) and len(pauses) == len(work.PAUSES) + 1
    assert work.revive(Task.objects.get().pk, now=at) and Task.objects.get().state == "queued"


def test_one_bad_task_does_not_hold_up_its_batch(done, now: datetime):
    add_tasks([Todo("batch", {"n": n}) for n in ("a", "bad", "b")], now=now)
    assert work.run_once(lambda: now) == 3
    assert done == [["a"], ["b"]] and Task.objects.get().arguments == {"n": "bad"}


def test_a_key_waits_once_but_is_owed_again_while_it_runs(done, now: datetime):
    add_tasks([Todo("note", {"n": 1}, key="k"), Todo("note", {"n": 1}, key="k")], now=now)
    assert Task.objects.count() == 1
    work.claim(now=now)
    add_tasks([Todo("note", {"n": 2}, key="k")], now=now)
    assert sorted(Task.objects.values_list("state", flat=True)) == ["leased", "queued"]


def test_a_task_that_nobody_knows_is_kept(done, now: datetime):
    add_tasks([Todo("unheard", {})], now=now)
    work.run_once(lambda: now)
    assert "nobody does tasks called" in Task.objects.get().error


def test_what_a_dead_worker_left_comes_before_other_work_once_a_second(
    db: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Task.objects.create(
        name="note", state="leased", leased_until=now - timedelta(minutes=1), due_at=now, created_at=now
    )
    Task.objects.create(name="note", due_at=now - timedelta(hours=1), created_at=now)
    monkeypatch.setattr(work, "_looked", time.monotonic() + 3600)
    (first,) = work.claim(now=now)
    assert first.leased_until is None, "it was looked for a moment ago: what waits goes first"
    (second,) = work.claim(now=now)
    assert second.leased_until is not None, "and is found when nothing waits"
    Task.objects.update(state="leased", leased_until=now - timedelta(minutes=1))
    Task.objects.create(name="note", due_at=now - timedelta(hours=1), created_at=now)
    monkeypatch.setattr(work, "_looked", float("-inf"))
    assert {task.leased_until is not None for task in work.claim(now=now)} == {True}

"""The generator of the half-year benchmark writes what a desk writes: the same notices, worked by the desk, give the same
entries with the same contents, as far as any number of a report depends on them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import half_year_desk as through
from benchmarks import half_year_maker as maker
from trustdesk.core.types import Actor
from trustdesk.flow import delivery, enforce, inventory, plugins
from trustdesk.integrations.inventory_csv import make
from trustdesk.models import Entry
from trustdesk.settings.desk import load

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]
#: Kinds that a desk writes besides. No fact of the lake is made of what is in them.
BESIDES = {"measure.attempted", "measure.lifting", "notice.judged"}
#: Numbers of rows, which are dealt out, and what no number of the generator's depends on.
APART = {"id", "asset", "report", "decision", "measure", "notice", "appeal", "overridden", "overrides", "made_by", "severity",
         "indicators", "regimes"}  # fmt: skip


def chosen() -> list[maker.Plan]:
    """One of every way that a notice goes, on the fewest notices."""
    wanted: list[tuple[str, Any]] = [
        ("upheld", lambda p: p.appeal and p.appeal[2] and p.appeal[1] < maker.END),
        ("dismissed", lambda p: p.appeal and not p.appeal[2] and p.appeal[1] < maker.END),
        ("undecided", lambda p: p.decided >= maker.END),
        ("late", lambda p: p.decided > p.due and p.measured and p.decided < maker.END),
        ("nothing found", lambda p: not p.measured and p.decided < maker.END),
        ("automated", lambda p: p.automated and p.measured),
        *((c["id"], lambda p, c=c: p.category["id"] == c["id"]) for c in maker.MIX["category"]),
        *((f"{d} {i}", lambda p, d=d, i=i: p.door == d and p.items >= i) for d in maker.MIX["doors"] for i in (1, 2)),
        *(
            (f"{k} as XARF", lambda p, k=k: p.door == "api" and p.category["id"] == k)
            for k in ("phishing", "trademark")
        ),
        ("copyright by mail", lambda p: p.door == "mail" and p.category["id"] == "copyright"),
    ]
    found: list[maker.Plan] = []
    for plan in maker.plans(0.01, every=20):
        met = [one for one in wanted if one[1](plan)]
        if met:
            found.append(plan)
            wanted = [one for one in wanted if one not in met]
    assert not wanted, [name for name, _ in wanted]
    return found


@pytest.fixture
def worked(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[through.Desk, list[maker.Plan]]]:
    """A desk that has lived the chosen plans."""
    plans = chosen()
    through.prepare(tmp_path / "home", plans)
    monkeypatch.setenv("TRUSTDESK_RULEBOOK", str(tmp_path / "home" / "rulebook"))
    settings.DESK = load(tmp_path / "home" / "desk.toml")
    for module, name in ((plugins, "enforcers"), (enforce, "enforcers"), (delivery, "channel")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back what the desk of the benchmark replaces
    rows = make({"path": str(tmp_path / "home" / "inventory")}).read()
    inventory.take_over(rows, actor=Actor("system", "test"), now=datetime(2025, 6, 30, tzinfo=UTC))
    desk = through.Desk(plans)
    desk.live()
    yield desk, plans


def test_the_generator_writes_what_a_desk_writes(worked: tuple[through.Desk, list[maker.Plan]]) -> None:
    desk, plans = worked
    truth = maker.Truth()
    for plan in plans:
        maker.count(plan, truth)
        chain = desk._case(plan).pk
        flow: dict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
        for entry in Entry.objects.filter(chain=chain).order_by("seq"):
            flow[entry.kind].append((entry.at, json.loads(entry.body)))
        made: dict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
        for kind, at, body in maker.life(plan):
            made[kind].append((at, maker.plain(body)))
        assert set(flow) - BESIDES == set(made), plan
        for kind, entries in made.items():
            assert len(entries) == len(flow[kind]), (kind, plan)
            key = _letter if kind.startswith("notice.") else _time
            for (at, body), (really, said) in zip(sorted(entries, key=key), sorted(flow[kind], key=key), strict=True):
                assert body.keys() <= said.keys(), kind
                assert _apart(body) == _apart({name: said[name] for name in body}), (kind, plan)
                slack = through.STEP if kind == "clock.breached" else at - at  # seen a moment after it was due
                assert at <= really <= at + slack, (kind, plan)
                assert len(said.get("regimes", [0])) == 1 and said.get("indicators", 10**6) >= body.get("indicators", 0)
    assert desk.ends.done["letters"] == sum(counts["sent"] for counts in truth.counts.values())


def _time(entry: tuple[datetime, dict[str, Any]]) -> Any:
    return entry[0]


def _letter(entry: tuple[datetime, dict[str, Any]]) -> Any:
    """Letters of one moment leave in any order."""
    return entry[0], entry[1].get("kind", ""), entry[1].get("to_role", "")


def _apart(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _apart(one) for name, one in value.items() if name not in APART}
    return [_apart(one) for one in value] if isinstance(value, list) else value

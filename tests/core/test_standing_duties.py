"""Standing duties: which bind the provider, when they are due, and when people are reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trustdesk.core.regime_rules import UpkeepRule
from trustdesk.core.upkeep import Deed, binds, due, last_period, named, reminder, standing
from trustdesk.rules import Rulebook

ON = date(2027, 1, 15)


def rule(**about: object) -> UpkeepRule:
    return UpkeepRule("x", "A report", "a law", "memory", "high", **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("every", "on", "name", "first", "last"),
    [
        ("year", date(2027, 1, 1), "2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("year", date(2026, 12, 31), "2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("half_year", date(2026, 7, 1), "2026-H1", date(2026, 1, 1), date(2026, 6, 30)),
        ("half_year", date(2026, 6, 30), "2025-H2", date(2025, 7, 1), date(2025, 12, 31)),
        ("month", date(2028, 3, 1), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2027, 1, 31), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_the_last_whole_period(every: str, on: date, name: str, first: date, last: date) -> None:
    assert last_period(every, on) == (name, first, last) == named(every, name)


@pytest.mark.parametrize("name", ["", "2026-H3", "2026-13", "20261", "2026-H1 ", "99999", "-001", "2026-1", "٢٠٢٦"])
@pytest.mark.parametrize("every", ["year", "half_year", "month"])
def test_no_other_name_is_a_period(every: str, name: str) -> None:
    assert named(every, name) is None


def test_due_dates() -> None:
    assert due(rule(every="year", within=2), period_end=date(2027, 12, 31)) == date(2028, 2, 29)
    assert due(rule(every="year"), period_end=date(2027, 12, 31)) is None
    assert due(rule(renews=36), done_on=date(2024, 2, 29)) == date(2027, 2, 28)
    assert due(rule(renews=36)) is None
    assert due(rule()) is None


def states(book: Rulebook, regime: str, deeds: list[Deed], on: date) -> dict[str, tuple[str, date | None]]:
    return {s.rule.id: (s.state, s.due) for s in standing([book.regimes[regime]], deeds, on)}


def test_a_yearly_report_is_owed_then_soon_then_late_then_done(book: Rulebook) -> None:
    last = date(2027, 2, 28)
    for on, state in ((ON, "owed"), (date(2027, 1, 29), "soon"), (last, "soon"), (date(2027, 3, 1), "late")):
        assert states(book, "eu-tco", [], on)["report"] == (state, last)
    done = [Deed("eu-tco", "report", "2026", date(2027, 2, 1))]
    assert states(book, "eu-tco", done, date(2027, 3, 1))["report"] == ("done", last)
    other = [Deed("eu-tco", "report", "2025", date(2027, 2, 1)), Deed("eu-dsa-transparency", "report", "2026", last)]
    assert states(book, "eu-tco", other, date(2027, 3, 1))["report"][0] == "late"


def test_a_report_on_a_year_before_the_law_is_not_owed(book: Rulebook) -> None:
    assert states(book, "eu-dsa-transparency", [], date(2025, 8, 1))["report"] == (
        "done",
        None,
    )  # in force from July 2025
    assert states(book, "eu-dsa-transparency", [], date(2026, 1, 2))["report"][0] == "owed"


def test_a_designation_lapses(book: Rulebook) -> None:
    assert states(book, "us-dmca-eligibility", [], ON)["agent-renewed"] == ("owed", None)
    done = [Deed("us-dmca-eligibility", "agent-renewed", "", date(2024, 2, 29))]
    last = date(2027, 2, 28)
    for on, state in ((ON, "done"), (date(2027, 1, 29), "soon"), (date(2027, 3, 1), "late")):
        assert states(book, "us-dmca-eligibility", done, on)["agent-renewed"] == (state, last)


def test_reminders_come_once_for_each_step(book: Rulebook) -> None:
    found = {}
    for on in (ON, date(2026, 12, 1), date(2027, 1, 29), date(2027, 2, 20), date(2027, 2, 21), date(2027, 2, 28),
               date(2027, 3, 1), date(2027, 9, 1)):  # fmt: skip
        one = next(s for s in standing([book.regimes["eu-tco"]], [], on) if s.rule.id == "report")
        found[on] = reminder(one, on)
    assert list(found.values()) == [90, -1, 30, 30, 7, 7, -1, -1]  # in December that of 2025 is long late
    done = [Deed("eu-tco", "report", "2026", ON)]
    one = next(s for s in standing([book.regimes["eu-tco"]], done, date(2027, 2, 27)) if s.rule.id == "report")
    assert reminder(one, date(2027, 2, 27)) is None
    assert reminder(replace(one, state="late", rule=rule(mandatory=False)), ON) is None


def test_what_binds_is_a_country_or_counsel_s_word(book: Rulebook) -> None:
    tco = book.regimes["eu-tco"]

    def bound(
        country: str, roles: set[str], on: frozenset[str] = frozenset(), off: frozenset[str] = frozenset()
    ) -> bool:
        return binds(tco, country=country, roles=roles, on=ON, switched_on=on, switched_off=off)

    assert bound("DE", {"hosting"})
    assert not bound("DE", {"registrar"})
    assert not bound("MX", {"hosting"})
    assert bound("MX", {"hosting"}, on=frozenset({"eu-tco"}))
    assert not bound("DE", {"hosting"}, off=frozenset({"eu-tco"}))
    off = book.regimes["std-dtsp"]
    assert off.switch != "on"
    assert not binds(off, country="DE", roles={"hosting"}, on=ON, switched_on=(), switched_off=())

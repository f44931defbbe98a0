"""Names and bounds of weeks, months and quarters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.insight import periods

TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("kind", "name", "start", "end"),
    [
        ("weekly", "2026-W47", "2026-11-16", "2026-11-23"),
        ("weekly", "2026-W53", "2026-12-28", "2027-01-04"),
        ("weekly", "2025-W01", "2024-12-30", "2025-01-06"),
        ("monthly", "2026-12", "2026-12-01", "2027-01-01"),
        ("monthly", "2028-02", "2028-02-01", "2028-03-01"),
        ("quarterly", "2026-Q3", "2026-07-01", "2026-10-01"),
        ("quarterly", "2026-Q4", "2026-10-01", "2027-01-01"),
    ],
)
def test_bounds(kind: str, name: str, start: str, end: str) -> None:
    period = periods.named(kind, name)
    assert (period.start.isoformat()[:10], period.end.isoformat()[:10]) == (start, end)
    assert period.name == name
    assert period.holds(period.start) and not period.holds(period.end)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("weekly", "2025-W53"), ("weekly", "2026-W00"), ("weekly", "2026-47"), ("weekly", ""), ("weekly", "٢٠٢٦-W01"),
        ("monthly", "2026-13"), ("monthly", "2026-00"), ("monthly", "0000-01"), ("monthly", "2026-W10"),
        ("quarterly", "2026-Q5"), ("quarterly", "9999-Q4"), ("weekly", "0001-W01\nx"),
    ],
)  # fmt: skip
def test_what_is_no_period_is_said_to_be_none(kind: str, name: str) -> None:
    with pytest.raises(periods.BadPeriod):
        periods.named(kind, name)


@given(TIMES, st.sampled_from(periods.KINDS))
def test_periods_tile_time(at: datetime, kind: str) -> None:
    period = periods.holding(kind, at)
    assert period.holds(at)
    assert periods.named(kind, period.name) == period
    assert period.before().end == period.start
    assert periods.holding(kind, period.end - timedelta(microseconds=1)) == period
    assert periods.last_full(kind, at).end <= at

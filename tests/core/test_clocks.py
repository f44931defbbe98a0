"""Due dates: the reference vectors, leap days, nights of the time change, both hemispheres, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trustdesk.core.calendars import Calendars, Place
from trustdesk.core.clocks import ClockDraft, count, extend, meets, recount, resume, start, starting, stops
from trustdesk.core.regimes import ClockRule, Facts, applicable
from trustdesk.core.types import Refused
from trustdesk.rules import Rulebook

Answer = tuple[str | None, str | None]


def answer(book: Rulebook, clock: str, at: str, location: str = "") -> Answer:
    regime, name = clock.split(" ")
    rule = book.regimes[regime].clock(name)
    assert rule is not None
    counted = count(rule, at=datetime.fromisoformat(at), calendars=book.calendars, location=location)
    bounds = [None if value is None else value.isoformat() for value in (counted.not_before, counted.due)]
    return bounds[0], bounds[1]


@pytest.mark.parametrize(
    ("clock", "at", "location", "expected"),
    [
        # The published vectors.
        ("us-dmca-512c putback", "2026-11-20T15:00-06:00", "US", ("2026-12-07", "2026-12-11")),
        ("us-dmca-512c putback", "2026-12-18T15:00-06:00", "US", ("2027-01-05", "2027-01-11")),
        ("eu-eevidence-epoc produce", "2026-12-24T15:00+01:00", "", (None, "2027-01-04")),
        ("eu-eevidence-epoc produce", "2026-12-15T15:00+01:00", "", (None, "2026-12-28")),
        ("icann-udrp lock-verify", "2026-11-25T15:00-05:00", "US", (None, "2026-11-30")),
        ("icann-udrp impl-wait", "2026-11-20T15:00-05:00", "US", ("2026-12-07", None)),
        ("us-2703f preserve", "2026-11-22T15:00-05:00", "", (None, "2027-02-20")),
        ("ca-mandatory-reporting preserve", "2026-11-22T15:00-05:00", "", (None, "2026-12-13")),
        ("eu-tco remove", "2026-12-25T23:30+00:00", "", (None, "2026-12-26T00:30:00+00:00")),
        # Leap days.
        ("us-dmca-eligibility agent-renew", "2028-02-29T12:00-05:00", "", (None, "2031-02-28")),
        ("us-dmca-eligibility agent-renew", "2025-02-28T12:00-05:00", "", (None, "2028-02-28")),
        ("us-nsl review", "2033-02-28T12:00-05:00", "", (None, "2036-02-28")),
        ("icann-transfer tdrp", "2028-02-29T12:00+00:00", "", (None, "2029-02-28")),
        ("us-2703f preserve", "2027-12-01T12:00-05:00", "", (None, "2028-02-29")),
        ("eu-nis2-incident final", "2028-01-31T12:00+01:00", "DE", (None, "2028-02-29")),
        ("eu-nis2-incident final", "2026-01-31T12:00+01:00", "DE", (None, "2026-03-02")),  # 28 February is a Saturday
        # Holidays on weekends: observed days, years ahead.
        ("us-2703f backup", "2032-07-02T12:00-04:00", "", (None, "2032-07-07")),  # 4 July 2032 is a Sunday
        ("us-2703f backup", "2037-07-02T12:00-04:00", "", (None, "2037-07-07")),  # 4 July 2037 is a Saturday
        ("us-2703f backup", "2033-12-30T12:00-05:00", "", (None, "2034-01-04")),  # New Year's Day 2034 is a Sunday
        (
            "us-2703f backup",
            "2028-11-09T12:00-05:00",
            "",
            (None, "2028-11-14"),
        ),  # Veterans Day on Saturday, kept Friday
        # Southern summer.
        ("icann-udrp lock-verify", "2027-12-23T12:00+11:00", "AU", (None, "2027-12-29")),
        ("icann-udrp lock-verify", "2026-12-24T12:00+13:00", "NZ", (None, "2026-12-30")),
        ("icann-udrp lock-verify", "2027-02-05T12:00-03:00", "BR", (None, "2027-02-09")),
        ("icann-udrp lock-verify", "2026-12-15T12:00+02:00", "ZA", (None, "2026-12-18")),
        # Weekends are not the same everywhere.
        ("icann-udrp lock-verify", "2026-11-19T12:00+02:00", "IL", (None, "2026-11-23")),
        ("icann-udrp lock-verify", "2026-11-19T12:00+05:45", "DE", (None, "2026-11-23")),
        # Parts of countries.
        ("icann-udrp unlock-withdrawn", "2026-01-05T12:00+01:00", "DE-BY", (None, "2026-01-07")),
        ("icann-udrp unlock-withdrawn", "2026-01-05T12:00+01:00", "DE", (None, "2026-01-06")),
        ("icann-udrp unlock-withdrawn", "2026-11-27T12:00+00:00", "GB-SCT", (None, "2026-12-01")),
        ("icann-udrp unlock-withdrawn", "2026-11-27T12:00+00:00", "gb-eng", (None, "2026-11-30")),
    ],
)
def test_vectors(book: Rulebook, clock: str, at: str, location: str, expected: Answer) -> None:
    assert answer(book, clock, at, location) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # An hour is an hour, whatever the wall shows.
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30+00:00"),
        ("2027-03-28T01:30+01:00", "2027-03-28T00:30+00:00"),
        ("2026-11-01T01:30-04:00", "2026-11-01T05:30+00:00"),
        ("2027-03-14T01:59-05:00", "2027-03-14T06:59+00:00"),
        ("2027-04-04T02:30+11:00", "2027-04-03T15:30+00:00"),
    ],
)
def test_hours_are_elapsed_time(book: Rulebook, at: str, expected: str) -> None:
    rule = book.regimes["eu-tco"].clock("remove")
    assert rule is not None
    counted = count(rule, at=datetime.fromisoformat(at), calendars=book.calendars)
    assert isinstance(counted.due, datetime)
    assert counted.due == datetime.fromisoformat(expected) + timedelta(hours=1)


def test_hours_across_the_night_of_the_change_in_a_real_zone(book: Rulebook) -> None:
    rule = book.regimes["us-take-it-down"].clock("remove")
    assert rule is not None
    madrid = ZoneInfo("Europe/Madrid")
    at = datetime(2026, 10, 24, 12, tzinfo=madrid)
    due = count(rule, at=at, calendars=book.calendars).due
    assert isinstance(due, datetime)
    assert (due.astimezone(UTC) - at.astimezone(UTC)) == timedelta(hours=48)
    assert due.astimezone(madrid).hour == 11


def test_a_place_outside_the_union_does_not_move_a_european_period(book: Rulebook) -> None:
    clock = "eu-eevidence-epoc produce"
    at = "2026-11-16T12:00+01:00"  # the tenth day is 26 November: Thanksgiving in the United States, a Thursday elsewhere
    assert answer(book, clock, at, "US") == answer(book, clock, at) == (None, "2026-11-26")


def test_a_short_period_has_two_working_days(book: Rulebook) -> None:
    # Regulation 1182/71 Art. 3(5). Denmark, Easter 2027: 25, 26 and 29 March are holidays.
    rule = ClockRule("x", "x", "x", "house", "high", high=2, unit="calendar_day", calendar="eu-1182-71")
    at = datetime(2027, 3, 24, 12, tzinfo=UTC)
    assert count(rule, at=at, calendars=book.calendars, location="DK").due == date(2027, 3, 31)
    one = ClockRule("x", "x", "x", "house", "high", high=1, unit="calendar_day", calendar="eu-1182-71")
    assert count(one, at=at, calendars=book.calendars, location="DK").due == date(2027, 3, 30)


def test_what_cannot_be_computed_is_refused(book: Rulebook) -> None:
    rule = book.regimes["icann-udrp"].clock("lock-verify")
    assert rule is not None
    for at, location, code in (
        (datetime(2026, 1, 1), "US", "clock.naive"),
        (datetime(2026, 1, 1, tzinfo=UTC), "XX", "calendar.place"),
        (datetime(1999, 1, 1, tzinfo=UTC), "US", "calendar.years"),
        (datetime(2050, 12, 30, tzinfo=UTC), "US", "calendar.years"),
        (datetime(9999, 12, 31, tzinfo=UTC), "", "clock.years"),
    ):
        with pytest.raises(Refused) as error:
            count(rule, at=at, calendars=book.calendars, location=location)
        assert error.value.findings[0].code == code


def test_skipped_days_say_why(book: Rulebook) -> None:
    rule = book.regimes["us-dmca-512c"].clock("putback")
    assert rule is not None
    counted = count(rule, at=datetime.fromisoformat("2026-11-20T15:00-06:00"), calendars=book.calendars)
    assert dict(counted.skipped)[date(2026, 11, 26)].startswith("Thanksgiving")
    assert dict(counted.skipped)[date(2026, 11, 28)] == "Saturday"
    assert counted.calendar_version.startswith("1 US@")


def test_the_calendar_version_changes_with_its_days(book: Rulebook) -> None:
    from trustdesk.core.calendars import parse_place

    base = {"code": "US", "title": "x", "zone": "UTC", "weekend": ["saturday"], "first_year": 2026, "last_year": 2027}
    base |= {"version": "1", "source": "x"}
    one = parse_place({**base, "holidays": {"A": ["2026-01-01"]}}, file="x")
    two = parse_place({**base, "holidays": {"A": ["2026-01-02"]}}, file="x")
    assert one.version != two.version
    assert one.off(date(2026, 1, 1)) == "A" and not one.off(date(2026, 1, 4))


def test_american_holidays_are_those_of_the_statute(book: Rulebook) -> None:
    """5 USC 6103(a)-(b), worked out here from the statute's own words, for every year that the data cover."""
    place = book.calendars.places["US"]
    for year in range(place.first_year, place.last_year):
        wanted = {day for day in statutory(year) | statutory(year + 1) if day.year == year}
        assert {day for day in place.holidays if day.year == year and day.weekday() < 5} == wanted, year


def statutory(year: int) -> set[date]:
    """Weekdays on which the holidays of one year are kept."""

    def nth(month: int, weekday: int, n: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))

    last_of_may = date(year, 5, 31)
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= 2021:
        fixed.append(date(year, 6, 19))  # Pub. L. 117-17
    kept = {
        day - timedelta(1) if day.weekday() == 5 else day + timedelta(1) if day.weekday() == 6 else day for day in fixed
    }
    moving = {nth(1, 0, 3), nth(2, 0, 3), last_of_may - timedelta(last_of_may.weekday()), nth(9, 0, 1), nth(10, 0, 2)}
    return kept | moving | {nth(11, 3, 4)}


def test_mexican_holidays_are_those_of_the_labour_law(book: Rulebook) -> None:
    place = book.calendars.places["MX"]
    for year in range(2025, place.last_year + 1):
        days = {day for day in place.holidays if day.year == year}
        assert date(year, 9, 16) in days and date(year, 12, 25) in days
        assert (date(year, 10, 1) in days) == ((year - 2024) % 6 == 0), year  # LFT 74(VII), the new president


def test_draft_carries_what_a_row_needs(book: Rulebook) -> None:
    rule = book.regimes["us-dmca-512c"].clock("putback")
    assert rule is not None
    at = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # still the 20th in New York
    draft = start(rule, at=at, calendars=book.calendars, regime="us-dmca-512c", version="1")
    eastern = ZoneInfo("America/New_York")
    assert draft.not_before == datetime(2026, 12, 7, 0, 0, tzinfo=eastern)
    assert draft.due_at == datetime(2026, 12, 11, 23, 59, 59, tzinfo=eastern)
    assert (draft.kind, draft.source, draft.starts_at) == ("statutory", "17 USC 512(g)(2)(C)", at)
    assert draft.meets == ("measure.lifted",) and draft.stops == ("court_action.accepted",)


def test_starting_sorts_by_due_and_leaves_doubtful_regimes_out(book: Rulebook) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    facts = Facts(
        category="phishing", form="notice", provider_role="hosting", provider_country="US", customer_country="FR"
    )
    applied = applicable(book.regimes.values(), facts, at.date())
    assert {a.regime for a in applied if not a.certain} >= {"eu-dsa-art16", "eu-dsa-art17"}
    drafts = starting(applied, "report.received", at=at, calendars=book.calendars, location="US")
    assert [d.name for d in drafts] == ["acknowledge", "decide-phishing"]
    assert all(d.due_at is not None and d.due_at > at for d in drafts)


def test_no_rule_that_is_off_ever_starts(book: Rulebook) -> None:
    """Every low-confidence item and every regime that is not on stays silent, whatever happens."""
    events = {rule.starts_on for regime in book.regimes.values() for rule in regime.clocks}
    at = datetime(2027, 11, 22, 12, tzinfo=UTC)
    for regime in book.regimes.values():
        facts = Facts(
            category=next((c for c in regime.scope.categories if c != "any"), "phishing"),
            form=(regime.scope.forms or ("notice",))[0],
            provider_role=next((r for r in regime.scope.roles if r != "any"), "hosting"),
            provider_country=(regime.scope.countries or ("US",))[0],
            instrument=(regime.scope.instruments or ("",))[0],
        )
        applied = applicable([regime], facts, at.date())
        if regime.switch != "on":
            assert applied == (), regime.id
        started = {d.name for e in events for d in starting(applied, e, at=at, calendars=book.calendars)}
        assert not started & {rule.id for rule in regime.clocks if rule.off}, regime.id
        assert all(rule.off for rule in regime.clocks if rule.confidence == "low")


def test_meets() -> None:
    assert meets(("notice.sent",), "notice.sent:outcome")
    assert meets({"meets": ["notice.sent:outcome"]}, "notice.sent:outcome")
    assert not meets(("notice.sent:outcome",), "notice.sent:ask")
    assert not meets(("notice.sent:outcome",), "notice.sent")
    assert not meets(("notice.sent",), "notice.sent_late")
    assert stops(("case.closed",), "case.closed")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    draft = ClockDraft("a", "a", "a", "1", "target", "s", "clock", "1", at, None, None, meets=("decision.made",))
    assert meets(draft, "decision.made:measures")


def test_resume_adds_what_was_lost_and_no_more() -> None:
    due, paused = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert resume(due, paused_at=paused, resumed_at=paused + timedelta(hours=7)) == due + timedelta(hours=7)
    with pytest.raises(ValueError, match="before"):
        resume(due, paused_at=paused, resumed_at=paused - timedelta(seconds=1))


def test_a_calendar_without_its_place_is_refused() -> None:
    from trustdesk.core.calendars import Calendar

    calendars = Calendars({"x": Calendar("x", "x", "business_days", "x", "1", place="US")}, {})
    with pytest.raises(Refused):
        calendars.place(calendars.find("x"))
    with pytest.raises(Refused):
        calendars.find("y")
    empty = Place("X", "x", "UTC", frozenset(), {}, 2026, 2026, "1")
    assert empty.off(date(2026, 11, 21)) == ""


def test_extending_counts_from_the_old_last_day(book: Rulebook) -> None:
    rule = book.regimes["us-2703f"].clock("preserve")
    assert rule is not None
    eastern = ZoneInfo("America/New_York")
    draft = start(rule, at=datetime(2026, 11, 22, 12, tzinfo=UTC), calendars=book.calendars, location="US")
    assert draft.due_at == datetime(2027, 2, 20, 23, 59, 59, tzinfo=eastern)
    # A row comes back from a database in UTC, where it is the 21st already: the days are still those of the place.
    again = extend(rule, 90, due_at=draft.due_at.astimezone(UTC), calendars=book.calendars, location="US")
    assert again == datetime(2027, 5, 21, 23, 59, 59, tzinfo=eastern)
    word = book.regimes["us-dmca-512c"].clock("takedown")
    assert word is not None
    with pytest.raises(Refused):
        extend(word, 1, due_at=draft.due_at, calendars=book.calendars)


def test_a_new_calendar_is_shown_and_moves_nothing_by_itself(book: Rulebook) -> None:
    rule = book.regimes["us-2703f"].clock("backup")
    assert rule is not None
    draft = start(rule, at=datetime(2026, 11, 24, 15, tzinfo=UTC), calendars=book.calendars)
    assert recount(draft, rule, calendars=book.calendars) is None
    place = book.calendars.places["US"]
    mourning = {**place.holidays, date(2026, 11, 27): "Day of mourning"}
    changed = Calendars(
        book.calendars.calendars,
        {**book.calendars.places, "US": replace(place, holidays=mourning, version="2026.12+x")},
    )
    fresh = recount(draft, rule, calendars=changed)
    assert fresh is not None and draft.due_at is not None and fresh.due_at is not None
    assert (draft.due_at.date(), fresh.due_at.date()) == (date(2026, 11, 27), date(2026, 11, 30))
    assert fresh.starts_at == draft.starts_at


def test_every_place_has_a_zone_and_days_off(book: Rulebook) -> None:
    for code, place in book.calendars.places.items():
        assert place.code == code and str(ZoneInfo(place.zone))
        assert place.first_year <= 2015
        assert place.last_year >= 2035 or code == "LK"  # Sri Lanka proclaims its moon days year by year
        assert len(place.holidays) > (30 if code == "EU" else 60), code
        assert all(day.weekday() in place.weekend for day in place.workdays)
        country = book.calendars.places[code.partition("-")[0]]
        assert place.zone == country.zone


def test_a_saturday_that_is_worked_counts(book: Rulebook) -> None:
    china = book.calendars.places["CN"]
    worked = max(china.workdays)
    assert worked.weekday() in china.weekend and china.off(worked) == ""
    rule = book.regimes["icann-udrp"].clock("unlock-withdrawn")
    assert rule is not None
    before = datetime(worked.year, worked.month, worked.day, 10, tzinfo=ZoneInfo("Asia/Shanghai")) - timedelta(days=1)
    assert count(rule, at=before, calendars=book.calendars, location="CN").due == worked


def test_places_are_understood_as_people_write_them(book: Rulebook) -> None:
    clock = "icann-udrp unlock-withdrawn"
    at = "2026-12-24T12:00+00:00"
    assert answer(book, clock, at, "uk") == answer(book, clock, at, " GB ") == (None, "2026-12-29")
    assert answer(book, clock, at, "EL") == answer(book, clock, at, "GR")
    assert answer(book, clock, at, "US-CA") == answer(book, clock, at, "US")

"""What may not be loaded: each with file and line; and a desk that runs keeps the last good rulebook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from trustdesk import clock, rules
from trustdesk.core.lines import line_of
from trustdesk.rules import Rulebook, RulebookError

DMCA = "regimes/us-dmca-512c/regime.toml"
CHILD = "regimes/us-2258a/regime.toml"
TCO = "regimes/eu-tco/regime.toml"
POLICY = "policies/example-host/policy.toml"


@pytest.fixture
def copy(tmp_path: Path, book: Rulebook) -> Path:
    """A small rulebook of one's own: three regimes, the house targets, the calendars of three places."""
    for name in (DMCA, CHILD, TCO, "regimes/house-targets/regime.toml", POLICY, "taxonomy/categories.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(book.root / name, tmp_path / name)
    (tmp_path / "calendars/days").mkdir(parents=True)
    for path in (book.root / "calendars").glob("*.toml"):
        shutil.copy(path, tmp_path / "calendars")
    for code in ("US", "MX", "EU"):
        shutil.copy(book.root / f"calendars/days/{code}.toml", tmp_path / "calendars/days")
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """Replace once; returns the line on which the change begins."""
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_project_s_own_rulebook_loads(book: Rulebook) -> None:
    assert book.problems == () and len(book.policies) == 3
    for regime in book.regimes.values():
        assert book.texts[regime.digest][:2] == (regime.id, regime.version)
        for items in (regime.elements, regime.clocks, regime.duties, regime.silences, regime.retention, regime.counts):
            assert all(item.source and item.confidence and item.title for item in items)
        if regime.confidence == "low" or regime.status == "not_yet_in_force":
            assert regime.switch != "on" and regime.switch_reason


@pytest.mark.parametrize(
    ("file", "old", "new", "offset", "says"),
    [
        (DMCA, 'switch = "on"', 'switch = "on"\ncolour = "red"', 1, "unknown key 'colour'"),
        (DMCA, 'source = "17 USC 512(c)(1)(C)"\n', "", None, "'source' is missing"),
        (DMCA, 'source = "17 USC 512(g)(2)(C)"', 'source = ""', 0, "'source' is empty"),
        (DMCA, 'calendar = "us-federal-business"', 'calendar = "us-federal"', 0, "unknown calendar 'us-federal'"),
        (DMCA, 'starts_on = "notice.valid"', 'starts_on = "notice.nice"', 0, "unknown event 'notice.nice'"),
        (DMCA, '"measure.lifted"', '"measure.liftd"', 0, "no such event in the taxonomy"),
        (DMCA, '"notice.sent:counter_notice_copy"', '"notice.sent:postcard"', 0, "'postcard' is none of"),
        (DMCA, '"decision.made:not_ours"', '"decision.made:nt_ours"', None, "'nt_ours' is none of"),
        (DMCA, 'letter = "counter_notice_copy"', 'letter = "postcard"', 0, "there is no letter 'postcard'"),
        (CHILD, 'event = "knowledge.gained"', 'event = "knowledge.lost"', 0, "unknown event 'knowledge.lost'"),
        (CHILD, 'event = "knowledge.gained"\n', "", None, "needs the event from which it is owed"),
        (
            CHILD,
            'document = "cybertip_report"\nsource',
            'document = "tip"\nsource',
            0,
            "no element speaks of a document",
        ),
        (
            CHILD,
            '"filing.submitted:ncmec"]\ndocument',
            '"filing.submited"]\ndocument',
            0,
            "no such event in the taxonomy",
        ),
        (CHILD, 'data = ["material"]', 'data = ["everything"]', 0, "has 'everything'"),
        (POLICY, 'measures = ["path_block"]\n\n[windows]', 'letters = ["postcard"]\n\n[windows]', 0, "has 'postcard'"),
        (DMCA, "low = 10", "low = 15", 0, "'low' is more than 'high'"),
        (DMCA, "low = 10", 'low = "10"', 0, "must be a whole number"),
        (DMCA, "high = 14", "high = true", 0, "must be a whole number"),
        (DMCA, 'unit = "business_day"', 'unit = "fortnight"', 0, "known: minute"),
        (DMCA, 'unit = "business_day"\n', "", None, "needs a unit and a calendar"),
        (DMCA, "effective_from = 1998-10-28", 'effective_from = "1998"', 0, "must be a date"),
        (DMCA, "effective_from = 1998-10-28", "effective_from = 1998-10-28T00:00:00", 0, "must be a date"),
        (DMCA, 'confidence = "high"', 'confidence = "sure"', 0, "known: high, medium, low"),
        (DMCA, 'confidence = "high"', 'confidence = "low"', None, "of low confidence may not be on"),
        (DMCA, 'status = "in_force"', 'status = "not_yet_in_force"', None, "not yet in force may not be on"),
        (DMCA, 'id = "redflag"', 'id = "takedown"', 0, "overlapping validity"),
        (DMCA, 'basis = "secondary"', 'basis = "hearsay"', 0, "known: primary_text"),
        (DMCA, 'categories = ["copyright"]', 'categories = ["piracy"]', 0, "has 'piracy'"),
        (DMCA, 'roles = ["hosting"]', "roles = []\nrole = 1", 1, "unknown key 'role'"),
        (DMCA, 'id = "us-dmca-512c"', 'id = "us-dmca"', 0, "is not the folder's name"),
        (DMCA, 'title.en = "DMCA', 'title.en = "DMCA\n', 0, "Illegal character"),
        (DMCA, 'title.en = "DMCA', 'title.fr = "DMCA', 0, "missing in English"),
        (POLICY, 'title.es = "Phishing', 'title.spanish = "Phishing', -1, "is no language such as en, es"),
        (TCO, "within = 2", "within = 200", 0, "must be between 1 and 120"),
        (TCO, 'every = "year"', 'every = "decade"', 0, "known: month"),
        (TCO, 'every = "year"\n', "", 0, "'every' is missing"),
        (TCO, "within = 2", "renews = 12", 0, "not both"),
        (POLICY, "severity = 4", "severity = 9", 0, "between 1 and 5"),
        (POLICY, 'measures = ["path_block"]', 'measures = ["teleport"]', 0, "'teleport'"),
        (POLICY, "warn_at = 2", "warn_at = 3", 0, "warned before the limit"),
        (POLICY, 'id = "2.2"', 'id = "2.1"', 0, "is there twice"),
        (
            POLICY,
            "valid_from = 2026-01-01",
            "valid_from = 2026-01-01\nvalid_to = 2025-01-01",
            1,
            "ends before it begins",
        ),
        ("calendars/us-federal-business.toml", 'place = "US"', 'place = "UX"', 0, "unknown place 'UX'"),
        ("calendars/us-federal-business.toml", 'counting = "business_days"', 'counting = "moons"', 0, "known: elapsed"),
        ("calendars/days/US.toml", '"2015-01-01"', '"2015-01-32"', None, "not a date"),
        ("calendars/days/US.toml", '"2015-01-01"', '"2014-01-01"', None, "lies outside"),
        ("taxonomy/categories.toml", 'id = "spam"', 'id = "sapm"', 0, "known: copyright"),
        (
            "taxonomy/categories.toml",
            '"report.received",',
            '"report.received", "report.received",',
            None,
            "there twice",
        ),
    ],
)
def test_refused_with_file_and_line(copy: Path, file: str, old: str, new: str, offset: int | None, says: str) -> None:
    line = edit(copy / file, old, new)
    with pytest.raises(RulebookError) as error:
        rules.load(copy)
    found = [f for f in error.value.findings if says in f.message]
    assert found, [f.message for f in error.value.findings]
    name, _, number = found[0].field.rpartition(":")
    assert name == file
    if offset is not None:
        assert int(number) == line + offset


def test_a_low_item_must_say_that_it_is_off(copy: Path) -> None:
    path = copy / DMCA
    text = path.read_text(encoding="utf-8")
    head, mark, tail = text.partition('id = "putback"')
    path.write_text(head + mark + tail.replace('confidence = "high"', 'confidence = "low"', 1), encoding="utf-8")
    with pytest.raises(RulebookError) as error:
        rules.load(copy)
    assert "must be switched off" in str(error.value)
    path.write_text(head + mark + tail.replace('confidence = "high"', 'confidence = "low"\noff = "unread"', 1))
    rule = rules.load(copy).regimes["us-dmca-512c"].clock("putback")
    assert rule is not None and rule.off == "unread"


def test_a_change_of_law_is_a_new_dated_table(copy: Path) -> None:
    path = copy / DMCA
    text = path.read_text(encoding="utf-8")
    start = text.index('[[clock]]\nid = "putback"')
    old = text[start : text.index("[[duty]]", start)]
    new = old.replace("low = 10", "low = 5").replace("high = 14", "high = 7")
    dated = old.rstrip() + "\nvalid_to = 2029-12-31\n\n" + new.rstrip() + "\nvalid_from = 2030-01-01\n\n"
    path.write_text(text.replace(old, dated), encoding="utf-8")
    regime = rules.load(copy).regimes["us-dmca-512c"]
    from datetime import date

    before, after = regime.clock("putback", date(2029, 12, 31)), regime.clock("putback", date(2030, 1, 1))
    assert before is not None and after is not None
    assert (before.low, after.low) == (10, 5)
    path.write_text(path.read_text().replace("valid_from = 2030-01-01", "valid_from = 2029-12-31"), encoding="utf-8")
    with pytest.raises(RulebookError, match="overlapping validity"):
        rules.load(copy)


def test_everything_wrong_is_said_at_once(copy: Path) -> None:
    edit(copy / DMCA, "low = 10", "low = -1")
    edit(copy / POLICY, "severity = 4", "severity = 0")
    (copy / "calendars/clock.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulebookError) as error:
        rules.load(copy)
    assert len(error.value.findings) >= 3
    assert {f.field.rpartition(":")[0] for f in error.value.findings} >= {DMCA, POLICY, "calendars/clock.toml"}


def test_no_rulebook_at_all(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="no regimes found"):
        rules.load(tmp_path)


@pytest.fixture
def running(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Rulebook]]:
    """The desk's own view of the copy, looking at the files each time."""
    monkeypatch.setenv("TRUSTDESK_RULEBOOK", str(copy))
    monkeypatch.setattr(rules, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(rules, "_last", None)
    yield rules.current


def test_the_running_desk_keeps_the_last_good_rulebook(copy: Path, running: Callable[[], Rulebook]) -> None:
    good = running()
    assert running() is good  # nothing changed, nothing read
    text = (copy / DMCA).read_text(encoding="utf-8")
    (copy / DMCA).write_text(text + "\nbroken", encoding="utf-8")
    kept = running()
    assert kept.regimes == good.regimes and kept.digest == good.digest
    assert kept.problems and kept.problems[0].field.startswith(DMCA)
    (copy / DMCA).write_text(text.replace('version = "2026-11-22"', 'version = "2027-01-01"'), encoding="utf-8")
    healed = running()
    assert healed.problems == () and healed.regimes["us-dmca-512c"].version == "2027-01-01"
    assert healed.digest != good.digest


NEXT = "policies/example-host/2027.1.toml"


def second_version(copy: Path, begins: str, ends_first: str = "") -> None:
    """The house policy again, from another day on."""
    text = (copy / POLICY).read_text(encoding="utf-8")
    later = text.replace('version = "2026.1"', 'version = "2027.1"').replace("min_reasons = 40", "min_reasons = 90")
    (copy / NEXT).write_text(later.replace("valid_from = 2026-01-01", f"valid_from = {begins}"), encoding="utf-8")
    if ends_first:
        closed = text.replace("valid_from = 2026-01-01", f"valid_from = 2026-01-01\nvalid_to = {ends_first}")
        (copy / POLICY).write_text(closed, encoding="utf-8")


def test_a_policy_changes_on_its_day_by_itself(
    copy: Path, running: Callable[[], Rulebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    second_version(copy, "2027-01-01", ends_first="2026-12-31")
    seen = {}
    for day in ("2026-12-30", "2026-12-31", "2027-01-01", "2026-12-31"):
        monkeypatch.setattr(clock, "now", lambda day=day: datetime.fromisoformat(f"{day}T23:59:59+00:00"))
        book = running()
        assert [p.version for p in book.versions] == ["2026.1", "2027.1"] and book.problems == ()
        seen[day] = (book.policies["example-host"].version, book.policies["example-host"].min_reasons, book.digest)
    assert [version for version, _, _ in seen.values()] == ["2026.1", "2026.1", "2027.1"]
    assert seen["2027-01-01"][1] == 90 and seen["2027-01-01"][2] != seen["2026-12-31"][2]
    assert {p.digest for p in book.versions} <= book.texts.keys()


@pytest.mark.parametrize(("begins", "ends_first"), [("2026-12-31", "2026-12-31"), ("2027-01-01", "")])
def test_two_versions_may_not_be_valid_on_one_day(copy: Path, begins: str, ends_first: str) -> None:
    second_version(copy, begins, ends_first)
    with pytest.raises(RulebookError) as error:
        rules.load(copy)
    finding = error.value.findings[0]
    assert finding.code == "rulebook.overlap" and finding.field.startswith(f"{NEXT}:")
    line = (copy / NEXT).read_text(encoding="utf-8").splitlines()[int(finding.field.rpartition(":")[2]) - 1]
    assert line.startswith("valid_from")


def test_a_policy_of_which_no_version_is_valid_is_refused(copy: Path) -> None:
    with pytest.raises(RulebookError, match="no version of 'example-host' is valid on 2025-12-31"):
        rules.load(copy, on=date(2025, 12, 31))


def test_days_off_are_read_when_they_are_needed_and_checked_when_they_change(
    copy: Path, running: Callable[[], Rulebook]
) -> None:
    (copy / "calendars/days/XX.toml").write_text("broken", encoding="utf-8")
    first = running()
    assert set(first.calendars.places) == {"US", "MX", "EU", "XX"} and len(first.calendars.places) == 4
    assert first.calendars.places["US"].code == "US"
    with pytest.raises(RulebookError, match="XX.toml"):
        first.calendars.places["XX"]
    with pytest.raises(KeyError):
        first.calendars.places["YY"]
    with pytest.raises(RulebookError, match="XX.toml"):
        rules.load(copy)
    shutil.copy(copy / "calendars/days/US.toml", copy / "calendars/days/XX.toml")
    edit(copy / "calendars/days/XX.toml", 'code = "US"', 'code = "XX"')
    good = running()
    assert good.problems == () and good.calendars.places["XX"].code == "XX"
    (copy / "calendars/days/XX.toml").write_text("broken again", encoding="utf-8")
    kept = running()
    assert kept.problems and kept.calendars.places["XX"].code == "XX"


def test_a_desk_that_never_had_a_good_rulebook_does_not_start(copy: Path, running: Callable[[], Rulebook]) -> None:
    (copy / DMCA).write_text("broken", encoding="utf-8")
    with pytest.raises(RulebookError):
        running()


def test_files_are_not_looked_at_all_the_time(
    copy: Path, running: Callable[[], Rulebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = running()
    monkeypatch.setattr(rules, "LOOK_EVERY", 3600.0)
    os.remove(copy / DMCA)
    assert running() is good


def test_lines() -> None:
    text = 'a = 1\n[t]\nb = """\nc = 2\n"""\nd = 3\n[[x]]\ny = 1\n[[x]]\ny = 2\n[x.z]\nq = 1\n'
    assert line_of(text, "a") == 1
    assert line_of(text, "t.d") == 6
    assert line_of(text, "t.c") == 2  # inside a text: no key, so its table
    assert line_of(text, "x[1].y") == 10
    assert line_of(text, "x[1].z.q") == 12
    assert line_of(text, "x[1].gone") == 9
    assert line_of(text, "nowhere") == 1

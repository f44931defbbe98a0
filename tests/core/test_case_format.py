"""The format of law tests: what it reads, what it refuses with the line, and that a wrong expectation fails."""

from __future__ import annotations

import pytest

from trustdesk.core.cases_format import parse_cases
from trustdesk.core.cases_run import run
from trustdesk.rules import Rulebook

HEAD = "case  A\nlaw   L\nfacts category=copyright form=dmca role=hosting provider=US\n"
EVENT = "2026-11-20T15:00-06:00  counter_notice.effective  at US\n"


def problems(text: str) -> list[tuple[str, str]]:
    return [(p.where, p.message) for p in parse_cases(text)[1]]


def test_reads_a_case() -> None:
    cases, found = parse_cases(
        "# a comment\n" + HEAD + EVENT + "    clock  us-dmca-512c putback  due 2026-12-11  # so\n"
    )
    assert found == ()
    (case,) = cases
    assert (case.title, case.law, case.facts.category) == ("A", "L", "copyright")
    (step,) = case.steps
    assert (step.event, step.location, step.line) == ("counter_notice.effective", "US", 5)
    assert step.expected[0].rest == ("us-dmca-512c", "putback", "due", "2026-12-11")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("law L\n", "1", "begins with a line 'case"),
        (HEAD.replace("law   L\n", "") + EVENT + "    applies x\n", "1", "names no law"),
        (HEAD + EVENT, "1", "expects nothing"),
        (HEAD + "    applies x\n" + EVENT + "    applies x\n", "4", "below an event"),
        (HEAD + "yesterday report.received\n", "4", "neither"),
        (HEAD + "2026-11-20T15:00 report.received\n", "4", "no offset"),
        (HEAD + "2026-11-20T15:00Z\n", "4", "an event is written"),
        (HEAD + "2026-11-20T15:00Z a.b in US\n", "4", "an event is written"),
        (HEAD + EVENT + "    believes x\n", "5", "cannot be expected"),
        (HEAD + EVENT + "    applies\n", "5", "applies REGIME"),
        (HEAD.replace("role=", "job=") + EVENT + "    applies x\n", "3", "unknown fact 'job'"),
    ],
)
def test_refuses_with_the_line(text: str, line: str, says: str) -> None:
    found = problems(text)
    assert any(where == line and says in message for where, message in found), found


@pytest.mark.parametrize(
    "expectation",
    [
        "clock us-dmca-512c putback  not-before 2026-12-07  due 2026-12-12",
        "clock us-dmca-512c putback  due 2026-12-11",
        "clock us-dmca-512c putback  no number",
        "clock us-dmca-512c putback  not-before 2026-12-07  due 2026-12-11  off",
        "clock us-dmca-512c nothing  no number",
        "clock us-dmca-512c takedown  no number",
        "clock us-dmca-512c putback  by 2026-12-11",
        "no clock us-dmca-512c putback",
        "no clock us-dmca-512c nothing",
        "skips 2026-11-26",
        "met by measure.lifted",
        "applies eu-dsa-art16",
        "asks us-dmca-512c",
        "not us-dmca-512c",
        "not nothing-known",
        "in force us-take-it-down-2",
        "not in force us-dmca-512c",
        "document us-dmca-512c counter_notice has cn-signature is valid",
        "document us-dmca-512c counter_notice has nothing is valid",
        "keep us-dmca-512c records until 2029-11-20",
        "letter outcome to reporter forbidden",
        "letter outcome to reporter perhaps",
        "duty us-dmca-512c sub",
        "queue legal",
        "decide measures clause 2.1 path_block:url is held",
    ],
)
def test_a_wrong_expectation_fails(expectation: str, book: Rulebook) -> None:
    cases, found = parse_cases(HEAD + "policy example-host\n" + EVENT + f"    {expectation}\n")
    assert found == ()
    findings = run(cases[0], book.regimes, book.calendars, book.policies)
    assert [f.field for f in findings] == ["6"], expectation

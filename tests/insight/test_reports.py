"""What a report is made of: the outlook, small numbers, every form of it, both languages."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.insight.lives import MONDAY, at, random_journal
from trustdesk.insight import periods, publication
from trustdesk.insight.metrics import describe
from trustdesk.insight.publications import outlook, sections
from trustdesk.insight.publications.formats import FORMATS, write
from trustdesk.insight.publications.summary import summary
from trustdesk.insight.publications.suppression import THRESHOLD, pooled, suppressed
from trustdesk.insight.publications.texts import texts

CHECKPOINT = {"id": 7, "root": "ab" * 32, "at": "2026-12-01T00:30:00Z"}
HOSTILE = '=HYPERLINK("http://x.example")'


@pytest.fixture(scope="module")
def month() -> dict[str, Any]:
    """November with a year before it, one category that came from nowhere, and a name that is a formula."""
    journal = random_journal(3, 60)
    for week in range(1, 60):
        for n in range(4):
            journal.report(1000 + week, at(-7 * week + n), category="spam", form="notice")
    for n in range(40):
        journal.report(2000, at(n / 10), category="malware", form="notice", channel=HOSTILE)
    for n in range(6):
        notice = {"notice": n, "to_role": "reporter", "asks": True}
        journal.write(3000 + n, "notice.queued", at(1), state="queued", **notice)
        journal.write(3000 + n, "notice.sent", at(1), state="sent", **notice)
        journal.write(
            3000 + n, "survey.answered", at(2), notice=n, by="reporter", answer="yes" if n < 4 else "no", words=""
        )
    lines = journal.lines()
    return publication.account(
        lines, periods.holding("monthly", MONDAY), checkpoint=CHECKPOINT, provider="=cmd|' /C x'!A0"
    )


def test_what_is_out_of_the_ordinary_is_named_with_what_is_usual(month: dict[str, Any]) -> None:
    found = {one["name"]: one for one in month["anomalies"]["found"]}
    assert found["malware"]["value"] == 40 and found["malware"]["usual"] == 0
    assert "spam" not in found
    year = month["compared"]["year_before"]
    assert year["period"] == "2025-11" and year["numbers"]["received"]["then"] > 0
    assert month["compared"]["previous"]["numbers"]["measures_confirmed"] == {
        "now": 0,
        "then": 0,
        "change": 0,
        "percent": None,
    }


def test_satisfaction_is_a_share_of_those_who_answered(month: dict[str, Any]) -> None:
    said = month["satisfaction"]
    assert (said["asked"], said["answered"], said["response_share"], said["satisfied_share"]) == (6, 6, 1.0, 0.6667)
    assert said["by_role"] == {"reporter": 6} and "no sample" in said["caveat"]


@pytest.fixture(scope="module")
def files(month: dict[str, Any]) -> dict[str, bytes]:
    """The report in every form."""
    return {name: write(name, month) for name in FORMATS}


@pytest.mark.parametrize("name", list(FORMATS))
def test_twice_is_the_same_bytes(month: dict[str, Any], files: dict[str, bytes], name: str) -> None:
    assert files[name] == write(name, month) and len(files[name]) > 1000


def test_a_workbook_holds_no_formula(files: dict[str, bytes]) -> None:
    book = zipfile.ZipFile(io.BytesIO(files["xlsx"]))
    sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) > 5 and not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)
    assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode(), "what was claimed is there, as text"
    assert "<v>40</v>" in "".join(sheets), "and numbers are numbers"


def test_the_paper_can_be_read_aloud(files: dict[str, bytes]) -> None:
    import pypdfium2

    made = files["pdf"]
    assert b"pdfuaid" in made and b"/StructTreeRoot" in made
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made))
    assert "November 2026" in text and "What changed, by category" in text


def test_the_page_asks_nothing_of_the_net_and_draws_its_charts(files: dict[str, bytes]) -> None:
    shown = files["html"].decode()
    assert shown.count("<svg") >= 4 and "<script" not in shown and 'style="' not in shown
    assert not re.search(r"(?:src|href)=", shown.replace("xlink:href", "")) and "url(http" not in shown
    named = re.findall(r'id="([^"]+)"', shown)
    assert len(named) == len(set(named))


def test_each_reader_gets_what_they_need(month: dict[str, Any]) -> None:
    t = texts("en")

    def names(kind: str) -> list[str]:
        return [s.ident for s in sections.sections(month | {"kind": kind, "period": {"weekly": "2026-W47", "monthly": "2026-11",
                "quarterly": "2026-Q4"}[kind]}, t)]  # fmt: skip

    assert names("weekly")[0] == "days" and "days" not in names("quarterly") and "trend" in names("quarterly")
    assert {"why-category", "promises", "quality", "forecast", "satisfaction"} <= set(names("monthly"))
    assert "malware" in summary(month, t) and "Out of the ordinary" in summary(month, t)
    assert "recibió" in summary(month, texts("es")) and "received" not in summary(month, texts("es"))


def test_a_forecast_needs_a_history_and_has_an_interval() -> None:
    few = outlook.forecast([5] * (outlook.NEEDED - 1))
    assert not few["possible"] and few["expected"] is None and "needed" in few["reason"]
    flat = outlook.forecast([7] * 20)
    assert (flat["low"], flat["expected"], flat["high"]) == (7, 7, 7)
    history = [100 + 3 * n + (7 * n) % 11 for n in range(40)]
    ahead = outlook.forecast(history)
    assert ahead == outlook.forecast(history)
    assert ahead["low"] < ahead["expected"] < ahead["high"] and 200 < ahead["expected"] < 245


def test_a_rule_for_the_extraordinary_that_one_odd_period_does_not_bend() -> None:
    past = [{"spam": 100 + n % 5, "phishing": 3} for n in range(11)] + [{"spam": 900, "phishing": 3}]
    assert [one["name"] for one in outlook.anomalies({"spam": 160, "phishing": 4}, past)] == ["spam"]
    assert outlook.anomalies({"spam": 103, "phishing": 9}, past) == []
    assert outlook.anomalies({"spam": 9000}, past[:7]) == [], "too short a past says nothing"


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30)))
def test_nothing_hidden_can_be_worked_out_from_the_total(cells: dict[str, int]) -> None:
    shown = suppressed(cells)
    hidden = [name for name, n in shown.items() if n is None]
    assert all(n is None or n == 0 or n >= THRESHOLD for n in shown.values())
    assert all(shown[name] == cells[name] for name in cells if name not in hidden)
    others_to_hide = [n for n in shown.values() if n]
    rest = sum(cells.values()) - sum(n or 0 for n in shown.values())
    assert rest == sum(cells[name] for name in hidden)
    if hidden and others_to_hide:
        assert len(hidden) > 1 and rest >= THRESHOLD
    kept, rows, total = pooled(cells)
    assert sum(kept.values()) + total == sum(cells.values()) and rows == len([n for n in hidden if cells[n]])


def test_the_page_of_metrics_is_the_metrics() -> None:
    """`python -m trustdesk.insight.metrics.describe` brings it up to date."""
    page = Path(__file__).parents[2] / "docs" / "use" / "metrics.md"
    assert page.read_text("utf-8") == describe.page()

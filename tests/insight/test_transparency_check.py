# ruff: noqa: E501  (a table reads best in one line)
"""The checker finds every planted fault by its own rule, and nothing in a correct report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.insight import dsa
from tests.insight.workbooks import WRITERS, Office
from trustdesk.insight.transparency import xlsx
from trustdesk.insight.transparency.check import check
from trustdesk.insight.transparency.form import form, norm
from trustdesk.insight.transparency.rules import RULES
from trustdesk.insight.transparency.write import file_name, to_csv, to_files, to_xlsx, to_zip

Grids = dict[int, list[list[str]]]
BIG = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"


def at(grid: list[list[str]], *cells: str) -> list[str]:
    """The first row that has these texts."""
    return next(row for row in grid if {norm(c) for c in cells} <= {norm(c) for c in row})


def put(part: int, column: int, text: str, *cells: str) -> Callable[[Grids], None]:
    def change(grids: Grids) -> None:
        at(grids[part], *cells)[column] = text

    return change


def drop(part: int, *cells: str) -> Callable[[Grids], None]:
    return lambda grids: grids[part].remove(at(grids[part], *cells))


def twice(part: int, *cells: str) -> Callable[[Grids], None]:
    def change(grids: Grids) -> None:
        row = at(grids[part], *cells)
        grids[part].insert(grids[part].index(row) + 1, list(row))

    return change


def swap(part: int, one: int, other: int) -> Callable[[Grids], None]:
    def change(grids: Grids) -> None:
        rows = grids[part]
        rows[one], rows[other] = rows[other], rows[one]

    return change


def heading(part: int, column: int, text: str) -> Callable[[Grids], None]:
    def change(grids: Grids) -> None:
        grids[part][0][column] = text

    return change


def columns(part: int, change: Callable[[list[str]], list[str]]) -> Callable[[Grids], None]:
    def all_rows(grids: Grids) -> None:
        grids[part] = [change(row) for row in grids[part]]

    return all_rows


def everywhere(part: int, column: int, text: str) -> Callable[[Grids], None]:
    def change(grids: Grids) -> None:
        for row in grids[part][1:]:
            row[column] = text

    return change


def blank_column(part: int, column: int) -> Callable[[Grids], None]:
    return everywhere(part, column, "")


def no_orders(grids: Grids) -> None:
    """Nothing was ordered at all."""
    grids[3] = [grids[3][0]] + [[*row[:6], *["0"] * 7, *row[13:]] for row in grids[3][1:] if row[5] == "TOTAL"]


def no_notices(grids: Grids) -> None:
    """Nobody sent a notice."""
    grids[4] = [grids[4][0]] + [[*row[:4], "", *["0"] * 10, *row[15:]] for row in grids[4][1:]]


BE = ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "BE")
NOTICES = ("TOTAL", "Example Hosting")
START, END = "Starting date of reporting period", "Ending date of reporting period"
PUBLISHED, BEFORE = "Date of the publication of the report", "Date of the publication of the latest previous report"
NOT_ACTED = "Complaint regarding a decision not to take action on a notice submitted in accordance with Article 16"
FLAGGED = NOT_ACTED.replace("submitted in", "submitted by a Trusted Flagger in")
AMAR = "Number of average monthly active recipients during the reporting period"
MODERATORS = "Number of total moderators with sufficient linguistic expertise"
GRIDS = dsa.grids()
#: What is planted → the rules that must be named, no more and no fewer.
FAULTS: list[tuple[str, Callable[[Grids], None], set[str]]] = [
    ("wrong total", put(4, 5, "21", "TOTAL"), {"sum.total"}),
    ("wrong total of medians' cases", put(3, 10, "3", "TOTAL"), {"sum.total", "sum.scope"}),
    ("parent is not the sum of its children", put(4, 7, "29", BIG), {"sum.parent", "sum.total"}),
    ("child changed", put(5, 8, "4", "KEYWORD_PHISHING"), {"sum.parent", "sum.types"}),
    ("sub-categories counted into the total too", put(4, 5, "40", "TOTAL"), {"sum.double_counting"}),
    ("kinds of restriction exceed the measures", put(6, 19, "3", "KEYWORD_PHISHING"), {"sum.double_counting", "sum.parent"}),
    ("one kind alone exceeds the measures", put(6, 7, "9", "KEYWORD_PHISHING"), {"subset.type", "sum.parent"}),
    ("the Member States do not add up", put(3, 6, "3", *BE), {"sum.scope", "sum.parent", "sum.total"}),
    ("text in a number", put(4, 5, "about twenty", "TOTAL"), {"number.text"}),
    ("the heading of a row in its figure", put(3, 6, "TOTAL", "TOTAL"), {"number.text"}),
    ("a remark that nothing is there", put(4, 6, "n/a", "KEYWORD_ANIMAL_HARM"), {"number.text"}),
    ("median as hh:mm:ss", put(4, 9, "11:35:36", "TOTAL"), {"number.time"}),
    ("median as ISO 8601 duration", put(3, 9, "PT36H", *BE), {"number.time"}),
    ("median with its unit", put(4, 9, "154 hours", "TOTAL"), {"number.unit"}),
    ("median in seconds", put(4, 9, "131400", "TOTAL"), {"median.too_long"}),
    ("median of nothing", put(4, 9, "3", "KEYWORD_ANIMAL_HARM"), {"median.without_cases"}),
    ("median of nothing in part 7", put(7, 6, "3", NOT_ACTED, "Median time"), {"median.without_cases"}),
    ("blank for zero", put(4, 5, "", "KEYWORD_ANIMAL_HARM"), {"number.blank"}),
    ("blank total", put(6, 5, "", "TOTAL"), {"number.blank"}),
    ("blank median where there are cases", put(4, 9, "", "KEYWORD_PHISHING"), {"number.blank"}),
    ("blank median where others say 0", put(4, 9, "", "KEYWORD_ANIMAL_HARM"), {"number.blank"}),
    ("blank in part 7", put(7, 6, "", dsa.REMOVED, "Decisions reversed"), {"number.blank"}),
    ("blank in part 8", put(8, 6, "", dsa.SOLELY, "Total number"), {"number.blank"}),
    ("a column that applies to all left blank", blank_column(5, 5), {"number.blank"}),
    ("negative", put(5, 6, "-1", "KEYWORD_ANIMAL_HARM"), {"number.negative"}),
    ("decimals in a count", put(4, 5, "12.5", "KEYWORD_PHISHING"), {"number.decimal"}),
    ("a count as 12.0", put(4, 5, "12.0", "KEYWORD_PHISHING"), {"number.decimal"}),
    ("thousands separator", put(4, 7, "1,234", "KEYWORD_ANIMAL_HARM"), {"number.thousands"}),
    ("thousands as a space", put(4, 7, "1 234", "KEYWORD_ANIMAL_HARM"), {"number.thousands"}),
    ("decimal comma", put(4, 9, "3,5", "TOTAL"), {"number.decimal_comma"}),
    ("scientific notation", put(4, 5, "1.2E1", "KEYWORD_PHISHING"), {"number.exponent"}),
    ("leading zeros", put(4, 5, "012", "KEYWORD_PHISHING"), {"number.form"}),
    ("spaces around a number", put(4, 5, " 12", "KEYWORD_PHISHING"), {"number.form"}),
    ("share in percent", put(8, 6, "97%", "Accuracy of the automated means - Recall", "NAM Total"), {"number.percent"}),
    ("share above 1", put(8, 6, "97", "Accuracy of the automated means - Recall", "NAM Total"), {"number.range"}),
    ("share below 0", put(8, 6, "-0.2", "Accuracy of the automated means - Recall", "NAM Total"), {"number.range"}),
    ("share that fits no number of reversals", put(7, 6, "0.45", "Percentage of outcomes implemented"), {"disputes.share"}),
    ("malformed period", everywhere(4, 2, "2026-01-01/2026-12/31"), {"period.malformed"}),
    ("period in words", put(8, 2, "2026", dsa.SOLELY, "Total number"), {"period.malformed"}),
    ("period with a day in no calendar", put(4, 2, "2026-01-01/2026-02-30", "TOTAL"), {"period.impossible"}),
    ("period backwards", put(4, 2, "2026-12-31/2026-01-01", "TOTAL"), {"period.impossible"}),
    ("another period in one part", everywhere(6, 2, "2026-01-01/2026-06-30"), {"period.differs"}),
    ("another period in part 1", put(1, 3, "2026-06-30", END), {"period.differs", "date.late"}),
    ("no reporting period", put(1, 3, "2026-02-01", START), {"period.unusual", "period.differs"}),
    ("date in another order", put(1, 3, "10/02/2027", PUBLISHED), {"date.malformed"}),
    ("date in no calendar", put(1, 3, "2027-02-29", PUBLISHED), {"date.impossible"}),
    ("published before the end", put(1, 3, "2026-12-30", PUBLISHED), {"date.early"}),
    ("published late", put(1, 3, "2027-03-01", PUBLISHED), {"date.late"}),
    ("previous report after this one", put(1, 3, "2027-02-20", BEFORE), {"date.previous"}),
    ("name of the provider blank", put(1, 3, "", "Name of the service provider"), {"text.missing"}),
    ("placeholder for a date", put(1, 3, "YYYY-MM-DD", BEFORE), {"text.placeholder"}),
    ("placeholder of KEYWORD_OTHER", put(4, 4, 'Text to detail the "Other" keyword.', "KEYWORD_OTHER"), {"text.placeholder"}),
    ("placeholder of a free text", put(11, 4, "Free text", "Safeguards applied to the use of automated means"), {"text.placeholder"}),
    ("placeholder of the Member States", put(3, 5, "AT, […], SE", *BE), {"text.placeholder", "row.missing", "sum.total"}),
    ("free text blank", put(11, 4, " ", "Safeguards applied to the use of automated means"), {"text.missing"}),
    ("free text too long", put(11, 4, "x" * 5001, "Qualitative description of the automated means"), {"text.too_long"}),
    ("KEYWORD_OTHER without description", put(4, 4, "", "Fake shops"), {"other.undescribed"}),
    ("the same description twice", twice(4, "Fake shops"), {"other.repeated", "sum.parent"}),
    ("a description beside a code", put(4, 4, "Phishing pages", "KEYWORD_PHISHING"), {"other.misplaced"}),
    ("row missing", drop(4, "KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS"), {"row.missing"}),
    ("category row missing", drop(5, "STATEMENT_CATEGORY_VIOLENCE"), {"row.missing"}),
    ("indicator missing", drop(7, FLAGGED, "Decisions reversed"), {"row.missing"}),
    ("text missing", drop(11, "Qualitative description of the automated means"), {"row.missing"}),
    ("row in twice", twice(4, "KEYWORD_PHISHING"), {"row.repeated"}),
    ("indicator in twice", twice(8, dsa.SOLELY, "Own-initiative"), {"row.repeated"}),
    ("category of one's own", put(4, 3, "STATEMENT_CATEGORY_SPAM", "STATEMENT_CATEGORY_VIOLENCE"), {"row.unknown", "row.missing"}),
    ("keyword of one's own", put(4, 3, "KEYWORD_SPAM", "KEYWORD_SUICIDE"), {"row.unknown", "row.missing"}),
    ("category 15 among notices", put(4, 3, "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"),
     {"row.not_here", "row.missing"}),
    ("category 17 among orders", put(3, 3, "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE", "STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER"),
     {"row.not_here", "row.missing"}),
    ("rows swapped", swap(4, 3, 4), {"row.order"}),
    ("row under another category", swap(4, 3, 68), {"row.order"}),
    ("indicators swapped", swap(7, 2, 3), {"row.order"}),
    ("label changed", put(2, 1, "Phishing and the like", "KEYWORD_PHISHING"), {"label.changed"}),
    ("section renamed", put(8, 3, "Machines", dsa.SOLELY, "Total number"), {"label.changed"}),
    ("applicability changed", put(5, 0, "Only for VLOPs", "KEYWORD_PHISHING"), {"applicability.changed"}),
    ("service blank", put(5, 1, "", "KEYWORD_PHISHING"), {"service.missing"}),
    ("another service", put(5, 1, "Example CDN", "KEYWORD_PHISHING"), {"service.differs"}),
    ("column missing", columns(4, lambda row: row[:6] + row[7:]), {"column.missing"}),
    ("column too many", columns(4, lambda row: [*row, "More"]), {"column.unknown"}),
    ("columns swapped", columns(4, lambda row: [*row[:5], row[6], row[5], *row[7:]]), {"column.order"}),
    ("heading changed", heading(4, 5, "Notices"), {"column.renamed"}),
    ("column twice", columns(4, lambda row: [*row, row[5]]), {"column.repeated"}),
    ("a cell too few", columns(7, lambda row: row[:-1] if "Decision omitted" in row else row), {"row.width"}),
    ("a blank row", lambda grids: grids[5].insert(7, [""] * 37), {"row.blank"}),
    ("country that is no Member State", put(3, 5, "US", "STATEMENT_CATEGORY_ANIMAL_WELFARE", "BE"), {"country.unknown", "row.missing"}),
    ("Greece as GR", put(3, 5, "GR", "STATEMENT_CATEGORY_ANIMAL_WELFARE", "BE"), {"country.unknown", "row.missing"}),
    ("country in small letters", put(3, 5, "be", "STATEMENT_CATEGORY_ANIMAL_WELFARE", "BE"), {"country.case"}),
    ("language that is none of the Union", put(8, 5, "ru", dsa.SOLELY, "bg"), {"language.unknown", "row.missing"}),
    ("language in capital letters", put(9, 5, "BG", MODERATORS, "bg"), {"language.case"}),
    ("more from trusted flaggers than at all", put(4, 6, "13", "KEYWORD_PHISHING"), {"subset.flaggers", "sum.parent", "items.few"}),
    ("more automated than at all", put(5, 6, "7", "KEYWORD_PHISHING"), {"subset.automated", "sum.parent"}),
    ("actions on no notice", put(4, 11, "1", "KEYWORD_ANIMAL_HARM"), {"actions.without_notices", "sum.parent"}),
    ("more actions than items", put(4, 11, "40", "KEYWORD_PHISHING"), {"actions.too_many", "sum.parent"}),
    ("items of no notice", put(4, 7, "4", "KEYWORD_ANIMAL_HARM"), {"items.none", "sum.parent"}),
    ("fewer items than notices", put(4, 7, "5", "KEYWORD_PHISHING"), {"items.few", "sum.parent"}),
    ("more outcomes than complaints", put(7, 6, "8", dsa.COMPLAINTS, "Decisions upheld"), {"complaints.outcomes", "complaints.kinds_few"}),
    ("kinds of complaints exceed all", put(7, 6, "4", NOT_ACTED, "Total number"), {"complaints.kinds"}),
    ("kinds of complaints fall short", put(7, 6, "12", dsa.COMPLAINTS, "Total number"), {"complaints.kinds_few"}),
    ("more about flaggers' notices than about notices", put(7, 6, "1", FLAGGED, "Total number"), {"complaints.flaggers"}),
    ("more disputes ended than begun", put(7, 6, "2", dsa.DISPUTES, "Decisions upheld"), {"complaints.outcomes"}),
    ("accuracy missing", lambda grids: [row.__setitem__(6, "") for row in grids[8] if "Own-initiative" in norm(row[5]) and row[4].startswith("Accuracy")],
     {"accuracy.missing"}),
    ("own initiative exceeds the total", put(8, 6, "31", dsa.SOLELY, "Own-initiative"), {"scope.total", "across.own"}),
    ("a language exceeds the total", put(9, 6, "1", MODERATORS, "bg"), {"scope.total"}),
    ("a country exceeds the total", put(10, 6, "1", AMAR, "AT"), {"scope.total"}),
    ("more notices in part 8 than in part 4", put(8, 6, "12", "Number of notices solely processed by automated means", "NAM Total"), {"across.notices"}),
    ("more flaggers' notices in part 8 than in part 4", put(8, 6, "1", "Number of notices solely processed by automated means", "NAM Trusted Flagger"),
     {"across.flaggers"}),
    ("more own measures in part 8 than in parts 5 and 6", put(8, 6, "3", dsa.NOT_SOLELY, "Own-initiative"), {"across.own"}),
    ("measures that no other part knows", lambda grids: put(8, 6, "40", dsa.SOLELY, "Total number")(grids) or no_orders(grids),
     {"across.measures"}),
    ("complaints about notices that nobody sent", lambda grids: no_notices(grids) or put(7, 6, "1", NOT_ACTED, "Total number")(grids) or put(7, 6, "9", dsa.REMOVED, "Total number")(grids)
     or put(7, 6, "5", dsa.REMOVED, "Decisions upheld")(grids), {"across.complaints", "across.notices", "across.flaggers", "complaints.kinds_few"}),
    ("part missing", lambda grids: grids.pop(9), {"part.missing"}),
    ("part empty", lambda grids: grids.__setitem__(10, grids[10][:1]), {"part.empty"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def correct() -> dict[str, bytes]:
    return to_files(dsa.grids())


@pytest.fixture(scope="module")
def folder(correct: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report")
    for name, content in correct.items():
        (path / name).write_bytes(content)
    return path


def test_a_correct_report_has_no_finding(folder: Path, correct: dict[str, bytes], tmp_path: Path) -> None:
    """As a folder, as a zip, as a workbook, and part by part."""
    (tmp_path / "report.zip").write_bytes(to_zip(correct))
    (tmp_path / "report.xlsx").write_bytes(to_xlsx(dsa.grids()))
    for path in (folder, tmp_path / "report.zip", tmp_path / "report.xlsx"):
        found = check([path])
        assert found.parts == tuple(range(1, 12))
        assert found.found == ()
    for path in sorted(folder.iterdir()):
        assert check([path]).found == ()


@pytest.mark.parametrize(("fault", "change", "rules"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_every_fault_is_found_by_its_rule(
    fault: str, change: Callable[[Grids], None], rules: set[str], folder: Path, correct: dict[str, bytes]
) -> None:
    grids = {n: [list(row) for row in grid] for n, grid in GRIDS.items()}
    change(grids)
    changed = {file_name(n): to_csv(grid) for n, grid in grids.items() if grid != GRIDS[n]}
    gone = [name for name in correct if name not in {file_name(n) for n in grids}]
    try:
        for name in gone:
            (folder / name).unlink()
        for name, content in changed.items():
            (folder / name).write_bytes(content)
        found = check([folder]).found
    finally:
        for name in (*gone, *changed):
            (folder / name).write_bytes(correct[name])
    assert {one.rule for one in found} == rules
    assert all(
        one.file in changed or one.rule in ("part.missing", "period.differs") or one.rule.startswith("across.")
        for one in found
    )
    assert all(one.message and one.rule in RULES for one in found)


BYTES: list[tuple[str, Callable[[bytes], bytes], set[str]]] = [
    ("byte order mark", lambda data: b"\xef\xbb\xbf" + data, {"file.bom"}),
    ("UTF-16", lambda data: data.decode().encode("utf-16"), {"file.encoding"}),
    ("Windows-1252", lambda data: data.replace(b"Example", "Exámple".encode("cp1252"), 1), {"file.encoding", "service.differs"}),
    ("garbled letters", lambda data: data.replace(b"Fake shops", "FÃ¡ke shops".encode()), {"file.garbled"}),
    ("semicolons", lambda data: resep(data, ";"), {"file.delimiter"}),
    ("tabs", lambda data: resep(data, "\t"), {"file.delimiter"}),
    ("mixed line ends", lambda data: data.replace(b"\r\n", b"\n", 1), {"file.line_ends"}),
    ("old line ends", lambda data: data.replace(b"\r\n", b"\r"), {"file.line_ends"}),
    ("a quotation mark in a bare cell", lambda data: data.replace(b"Fake shops", b'Fake "shops"'), {"file.quoting"}),
    ("a quotation mark that does not end", lambda data: data.replace(b"Fake shops", b'"Fake" shops'), {"file.quoting"}),
    ("NUL bytes", lambda data: data.replace(b"Fake", b"F\x00ke"), {"file.unreadable", "part.missing"}),
]  # fmt: skip


def resep(data: bytes, mark: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark, lineterminator="\r\n").writerows(csv.reader(io.StringIO(data.decode(), newline="")))
    return out.getvalue().encode()


@pytest.mark.parametrize(("fault", "change", "rules"), BYTES, ids=[fault for fault, _, _ in BYTES])
def test_faults_of_files(
    fault: str, change: Callable[[bytes], bytes], rules: set[str], folder: Path, correct: dict[str, bytes]
) -> None:
    name = file_name(4)
    try:
        (folder / name).write_bytes(change(correct[name]))
        found = check([folder]).found
    finally:
        (folder / name).write_bytes(correct[name])
    assert {one.rule for one in found} == rules


def test_lines_may_end_with_lf_alone_as_in_the_official_templates(folder: Path, correct: dict[str, bytes]) -> None:
    name = file_name(4)
    try:
        (folder / name).write_bytes(correct[name].replace(b"\r\n", b"\n"))
        assert check([folder]).found == ()
    finally:
        (folder / name).write_bytes(correct[name])


def test_what_does_not_apply_may_be_blank(tmp_path: Path) -> None:
    """A host that is no platform and not very large leaves those rows blank."""
    from dataclasses import replace

    from trustdesk.insight.transparency.fill import fill

    figures = dsa.figures()
    identity = replace(dsa.IDENTITY, platform=False, very_large=False)
    grids = fill(identity, figures)
    assert at([list(r) for r in grids[7]], dsa.DISPUTES, "Total number")[6] == ""
    for name, content in to_files(grids).items():
        (tmp_path / name).write_bytes(content)
    assert check([tmp_path]).found == ()


def test_a_state_may_be_given_by_its_rows_with_figures_alone(folder: Path, correct: dict[str, bytes]) -> None:
    grids = dsa.grids()
    keep = {"TOTAL", *dsa.COPYRIGHT, *dsa.PHISHING, "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"}
    grids[3] = [row for row in grids[3] if row[5] in ("Scope", "TOTAL") or row[3] in keep]
    try:
        (folder / file_name(3)).write_bytes(to_csv(grids[3]))
        assert check([folder]).found == ()
    finally:
        (folder / file_name(3)).write_bytes(correct[file_name(3)])


def test_a_workbook_of_others_with_times_and_dates_as_cells(tmp_path: Path) -> None:
    """Spreadsheets store dates and times as numbers with a format; the checker sees what a person sees."""
    import datetime

    import xlsxwriter

    grids = dsa.grids()
    book = xlsxwriter.Workbook(tmp_path / "others.xlsx", {"strings_to_formulas": False})
    day, clock = book.add_format({"num_format": "yyyy\\-mm\\-dd"}), book.add_format({"num_format": "[h]:mm:ss"})
    for number, grid in grids.items():
        sheet = book.add_worksheet(f"{number}_{form().part(number).name}"[:31])
        for r, row in enumerate(grid):
            for c, text in enumerate(row):
                if number == 1 and c == 3 and r >= 2:
                    sheet.write_datetime(r, c, datetime.datetime.fromisoformat(text), day)
                elif number == 4 and r == 1 and c == 9:
                    sheet.write_number(r, c, 11.5933 / 24, clock)
                elif text:
                    sheet.write_string(r, c, text)
    book.close()
    found = check([tmp_path / "others.xlsx"]).found
    assert [(one.rule, one.row, one.part) for one in found] == [("number.time", 2, 4)]
    assert found[0].file == "others.xlsx#4_notices"


TITLES = {
    "as the files": lambda number: f"part_{number}_{form().part(number).name}"[:31],
    "numbered": lambda number: f"Tabelle{number}",
    "in words": lambda number: ("Identification", "Categories", "Orders", "Notices", "Own initiative illegal", "Own initiative TC",
                                "Appeals", "Automated means", "Human resources", "Recipients", "Qualitative")[number - 1],
}  # fmt: skip


@pytest.mark.parametrize(("writer", "titles"), list(zip(WRITERS, [*TITLES, "numbered"], strict=True)))
def test_workbooks_as_other_programs_write_them(writer: type[Office], titles: str, tmp_path: Path) -> None:
    """All eleven parts are read, nothing is found in a correct one, and a fault is found where it stands."""
    grids = dsa.grids()
    for number in (11, 4):  # a text of several lines, and one with signs
        grids[number][1][-1] = 'First line & "second"\nline <3>'
    sheets = {TITLES[titles](number): grid for number, grid in grids.items()}
    place = tmp_path / "others.xlsx"
    place.write_bytes(writer().write(sheets))
    checked = check([place])
    assert [(one.rule, one.message) for one in checked.found] == []
    assert checked.parts == tuple(range(1, 12))
    read = dict(xlsx.sheets(place.read_bytes()))
    for title, grid in sheets.items():
        trimmed = [list(row[: max((n + 1 for n, cell in enumerate(row) if cell.strip()), default=0)]) for row in grid]
        assert read[title] == trimmed, title
    grids[4][3][5] = "1.5"
    place.write_bytes(writer().write(sheets))
    assert ("number.decimal", 4, 4) in {(one.rule, one.row, one.part) for one in check([place]).found}


def test_a_document_type_is_refused_in_every_encoding() -> None:
    class Bomb(Office):
        encode = staticmethod(lambda text: ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text).encode("utf-16"))

    with pytest.raises(xlsx.NotAWorkbook, match="document type"):
        list(xlsx.sheets(Bomb().write({"a": [["1"]]})))


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"PK\x03\x04junk",
        b"\xff\xfe\x00",
        b'"' * 9,
        b"a,b\r\n1,2\r\n",
        b"\x00" * 50,
        b"<!DOCTYPE x>",
        b'a,b\r\n"' + b"x" * 10_000_001 + b'"\r\n',
    ],
)
@pytest.mark.parametrize("name", ["4_notices.csv", "x.xlsx", "x.zip", "x.csv"])
def test_junk_is_a_finding_and_no_crash(junk: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(junk)
    assert check([tmp_path / name]).found


def test_other_files_beside_a_report(folder: Path, correct: dict[str, bytes]) -> None:
    try:
        (folder / "methodology.csv").write_bytes(b"how,we\r\ncounted,it\r\n")
        (folder / "4_notices_corrected.csv").write_bytes(correct["4_notices.csv"])
        found = check([folder]).found
    finally:
        (folder / "methodology.csv").unlink()
        (folder / "4_notices_corrected.csv").unlink()
    assert {(one.rule, one.file) for one in found} == {
        ("part.unknown", "methodology.csv"),
        ("part.repeated", "4_notices_corrected.csv"),
    }


def test_nothing_there_is_a_finding(tmp_path: Path) -> None:
    assert {one.rule for one in check([tmp_path / "absent.csv"]).found} == {"file.unreadable"}
    assert {one.rule for one in check([tmp_path]).found} == {"part.missing"}


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(to_zip({"4_notices.csv": b"0," * 30_000_000}))
    assert {one.rule for one in check([tmp_path / "b.zip"]).found} == {"file.unreadable"}


def test_every_rule_is_documented_and_can_be_broken() -> None:
    page = (Path(__file__).parents[2] / "docs/use/transparency.md").read_text("utf-8")
    for code, rule in RULES.items():
        assert f"| `{code}`" in page
        assert rule.remedy in page
    broken = set().union(*(rules for _, _, rules in [*FAULTS, *BYTES]))
    elsewhere = {"part.unknown", "part.repeated"}
    assert broken | elsewhere == set(RULES)

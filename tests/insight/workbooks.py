"""Workbooks as other programs write them, by hand: no library of ours has a part in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

Grid = Sequence[Sequence[str]]
#: Style numbers of `STYLES`.
PLAIN, DAY, OWN_DAY = 0, 1, 2
STYLES = (
    '<styleSheet xmlns="{main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd;@"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/"


def name(column: int, row: int) -> str:
    """`A1`."""
    letters = ""
    while column >= 0:
        letters, column = chr(65 + column % 26) + letters, column // 26 - 1
    return f"{letters}{row + 1}"


def number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and (text == "0" or text[0] != "0" or text.startswith("0."))


def a_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


class Office:
    """As the well-known program does: shared texts, days as numbers with a format, styled blanks around the data."""

    date1904 = False
    zero = date(1899, 12, 30)

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def cell(self, text: str, at: str) -> str:
        day = a_day(text)
        if day is not None:
            return f'<c r="{at}" s="{DAY}"><v>{(day - self.zero).days}</v></c>'
        if not text:
            return f'<c r="{at}" s="{PLAIN}"/>'
        if number(text):
            return f'<c r="{at}"><v>{float(text)!r}</v></c>' if "." in text else f'<c r="{at}"><v>{text}</v></c>'
        return f'<c r="{at}" t="s"><v>{self.texts.setdefault(text, len(self.texts))}</v></c>'

    def rows(self, grid: Grid) -> str:
        wide = max(map(len, grid)) + 3
        out = []
        for r, row in enumerate([*grid, [], []]):
            cells = "".join(self.cell(row[c] if c < len(row) else "", name(c, r)) for c in range(wide))
            out.append(f'<row r="{r + 1}" spans="1:{wide}" ht="15">{cells}</row>')
        return "".join(out)

    def shared(self) -> str:
        """Half of the texts in runs, as when a word in them is bold; with a hint on how to read them aloud."""
        out = []
        for n, text in enumerate(self.texts):
            if n % 2 and len(text) > 4:
                halves = (text[:3], text[3:])
                runs = "".join(f'<r><rPr><b/></rPr><t xml:space="preserve">{escape(h)}</t></r>' for h in halves)
                out.append(f'<si>{runs}<rPh sb="0" eb="1"><t>hint</t></rPh></si>')
            else:
                out.append(f'<si><t xml:space="preserve">{escape(text)}</t></si>')
        return f'<sst xmlns="{MAIN}" count="{len(out)}">{"".join(out)}</sst>'

    def files(self, sheets: Mapping[str, Grid]) -> dict[str, str]:
        found = {f"xl/worksheets/sheet{n}.xml": self.sheet(grid) for n, grid in enumerate(sheets.values(), 1)}
        return found | {"xl/sharedStrings.xml": self.shared(), "xl/styles.xml": STYLES.format(main=MAIN)}

    def sheet(self, grid: Grid) -> str:
        return (
            f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
            f'<cols><col min="1" max="3" width="20"/></cols><sheetData>{self.rows(grid)}</sheetData>'
            '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75"/></worksheet>'
        )

    def links(self, sheets: Mapping[str, Grid], kind: str = LINKS, root: str = "") -> list[tuple[str, str, str]]:
        """(id, type, target) of the workbook's links; not in the order of the sheets."""
        found = [(f"rId{n}", f"{kind}/worksheet", f"{root}worksheets/sheet{n}.xml") for n in range(len(sheets), 0, -1)]
        more = [
            ("rIdS", f"{kind}/sharedStrings", f"{root}sharedStrings.xml"),
            ("rIdT", f"{kind}/styles", f"{root}styles.xml"),
        ]
        return found + more

    def book(self, sheets: Mapping[str, Grid]) -> str:
        listed = "".join(
            f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"/>' for n, title in enumerate(sheets, 1)
        )
        old = '<workbookPr date1904="1"/>' if self.date1904 else "<workbookPr/>"
        return f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">{old}<sheets>{listed}</sheets></workbook>'

    #: Where the workbook's part lies, and how bytes are made of texts.
    place = "xl/workbook.xml"
    encode: Callable[[str], bytes] = staticmethod(
        lambda text: b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + text.encode()
    )

    def write(self, sheets: Mapping[str, Grid]) -> bytes:
        files = self.files(sheets)
        folder, _, base = self.place.rpartition("/")
        files[self.place] = self.book(sheets)
        files[f"{folder}/_rels/{base}.rels"] = related(self.links(sheets))
        files["_rels/.rels"] = related([("rId1", f"{LINKS}/officeDocument", self.place)])
        files["[Content_Types].xml"] = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in files.items():
                archive.writestr(path, self.encode(text))
        return out.getvalue()


def related(links: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(f'<Relationship Id="{i}" Type="{kind}" Target="{target}"/>' for i, kind, target in links)
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


class OldMac(Office):
    """Days counted from 1904, own format; links from the root; the text with a byte order mark."""

    date1904 = True
    zero = date(1904, 1, 1)
    encode = staticmethod(lambda text: b"\xef\xbb\xbf" + text.encode())

    def cell(self, text: str, at: str) -> str:
        return super().cell(text, at).replace(f's="{DAY}"', f's="{OWN_DAY}"')

    def links(self, sheets: Mapping[str, Grid], kind: str = LINKS, root: str = "") -> list[tuple[str, str, str]]:
        return super().links(sheets, root="/xl/")


class Library(Office):
    """As a program of few lines does: texts in their cells, no addresses, no styles, parts where it likes, UTF-16."""

    place = "book/main.xml"
    encode = staticmethod(lambda text: f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16"))

    def rows(self, grid: Grid) -> str:
        return "".join(f"<row>{''.join(self.cell(text, '') for text in row)}</row>" for row in grid)

    def cell(self, text: str, at: str) -> str:
        if number(text):
            return f"<c><v>{text}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'

    def files(self, sheets: Mapping[str, Grid]) -> dict[str, str]:
        return {f"book/worksheets/sheet{n}.xml": self.sheet(grid) for n, grid in enumerate(sheets.values(), 1)}

    def links(self, sheets: Mapping[str, Grid], kind: str = LINKS, root: str = "") -> list[tuple[str, str, str]]:
        return super().links(sheets)[: len(sheets)]


class Strict(Office):
    """The strict form of the standard with a prefix on every name: days as ISO text, texts as results of formulas."""

    def cell(self, text: str, at: str) -> str:
        if a_day(text) is not None:
            return f'<c r="{at}" t="d" s="{DAY}"><v>{text}T00:00:00.000Z</v></c>'
        if not text or number(text):
            return super().cell(text, at)
        return f'<c r="{at}" t="str"><f>CONCAT("x")</f><v>{escape(text).replace(chr(10), "_x000D_" + chr(10))}</v></c>'

    def write(self, sheets: Mapping[str, Grid]) -> bytes:
        self.encode = self._strict
        return super().write(sheets)

    def _strict(self, text: str) -> bytes:
        text = text.replace(MAIN, f"{STRICT}spreadsheetml/main").replace(LINKS, f"{STRICT}officeDocument/relationships")
        if "spreadsheetml/main" not in text:
            return text.encode()
        plain = text.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
        return plain.replace('<x:workbook xmlns="', '<x:workbook xmlns:x="').replace(
            '<x:worksheet xmlns="', '<x:worksheet xmlns:x="').replace('<x:styleSheet xmlns="', '<x:styleSheet xmlns:x="').replace(
            '<x:sst xmlns="', '<x:sst xmlns:x="').encode()  # fmt: skip


WRITERS = (Office, OldMac, Library, Strict)

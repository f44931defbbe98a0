"""HTML to text that keeps what matters for reading claims: lines, table cells, quoting and link targets."""

from __future__ import annotations

import re

from lxml import etree

from trustdesk.reading.limits import LIMITS

_SKIP = frozenset({"script", "style", "head", "title", "noscript", "template", "object", "svg", "select", "map"})
_BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_CELL = frozenset({"td", "th"})
_INLINE = frozenset({"span", "b", "strong", "em", "i", "label", "code", "font", "a"})
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all")
_SPACE = re.compile(r"[ \t\n\r\f\v\u00a0\u200b\ufeff]+")
_BARE = re.compile(r"(?i)^(?:https?://)?(?:www\.)?|/+$")


def html_to_text(markup: str) -> str:
    """The text of `markup` as a person would see it, one block a line, cells of a row separated by tabs.

    A link whose text is not its target is followed by `<target>`; block quotes carry `> `. Hidden elements, scripts
    and comments are left out. Linear in the size of the markup; never raises (damaged markup gives what could be read).
    """
    markup = markup[: LIMITS.html_bytes]
    try:
        parser = etree.HTMLParser(
            encoding="utf-8", recover=True, no_network=True, remove_comments=True, remove_pis=True
        )
        root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None:
        return _stripped(markup)
    writer = _Writer()
    skipping = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if not isinstance(tag, str):
            if event == "end" and skipping is None and element.tail:
                writer.add(element.tail)
            continue
        if event == "start":
            if skipping is not None:
                continue
            if tag in _SKIP or (tag != "body" and _is_hidden(element)):
                skipping = element
                continue
            writer.open(tag, element)
            if element.text:
                writer.add(element.text)
        else:
            if skipping is not None:
                if skipping is not element:
                    continue
                skipping = None
            else:
                writer.close(tag, element)
            if element.tail:
                writer.add(element.tail)
    text = writer.result()
    # The parser gives up below a certain depth; what a browser would show must not get lost with it.
    return text if len(text) > 40 or len(markup) < 1000 else _stripped(markup)


def _stripped(markup: str) -> str:
    return _SPACE.sub(" ", re.sub(r"<[^<>]{0,2000}>", " ", markup))


def _is_hidden(element: etree._Element) -> bool:
    style = element.get("style")
    return bool(style and _HIDDEN.search(style[:500])) or element.get("hidden") is not None


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.pre = 0
        self.cells: list[int] = []  # cells so far in each open row
        self.links: list[tuple[str, int]] = []

    def add(self, text: str) -> None:
        if self.pre:
            first, *rest = text.split("\n")
            self.line.append(first)
            for line in rest:
                self.end_line()
                self.line.append(line)
            return
        text = _SPACE.sub(" ", text)
        if text == " " and (not self.line or self.line[-1].endswith((" ", "\t"))):
            return
        if text:
            self.line.append(text)

    def end_line(self, *, force: bool = False) -> None:
        text = "".join(self.line)
        text = text.rstrip() if self.pre else text.strip(" ").rstrip("\t ")
        self.line.clear()
        if text or force:
            self.lines.append("> " * min(self.quotes, 5) + text)
        elif self.lines and self.lines[-1]:
            self.lines.append("")

    def soft_break(self) -> None:
        if "".join(self.line).strip():
            self.end_line()
        else:
            self.line.clear()

    def open(self, tag: str, element: etree._Element) -> None:
        if tag == "br":
            self.end_line(force=True)
        elif tag in _CELL:
            if self.cells and self.cells[-1] and self.line:
                self.line.append("\t")
            if self.cells:
                self.cells[-1] += 1
        elif tag in _BLOCK:
            # A block that opens inside a table cell does not end the row: label and value stay on one line.
            if self.cells and tag in ("p", "div", "span", "center") and not self._cell_has_text():
                return
            self.soft_break()
            if tag == "tr":
                self.cells.append(0)
            elif tag == "blockquote":
                self.quotes += 1
            elif tag == "pre":
                self.pre += 1
            elif tag == "hr":
                self.lines.append("----------")
            elif tag == "li":
                self.line.append("- ")
        elif tag in _INLINE and self.line and self.line[-1][-1:].isalnum():
            # Two of them side by side are set apart by their style: `<span>IP</span><span>192.0.2.1</span>`.
            before = element.getprevious()
            if before is not None and before.tag in _INLINE and not before.tail:
                self.line.append(" ")
        if tag == "a":
            self.links.append((element.get("href") or "", len(self.line)))

    def _cell_has_text(self) -> bool:
        return bool(self.line) and not self.line[-1].endswith("\t")

    def close(self, tag: str, element: etree._Element) -> None:
        if tag == "a" and self.links:
            href, start = self.links.pop()
            href = href.strip()
            if (
                href
                and ":" in href
                and not href.lower().startswith(("mailto:", "tel:", "javascript:", "cid:", "data:"))
            ):
                shown = "".join(self.line[start:]).strip()
                if _BARE.sub("", shown).lower() != _BARE.sub("", href).lower():
                    self.line.append(f" <{href}> ")
        elif tag in _BLOCK:
            if self.cells and tag in ("p", "div", "span", "center"):
                return
            self.soft_break()
            if tag == "tr" and self.cells:
                self.cells.pop()
            elif tag == "blockquote":
                self.quotes = max(0, self.quotes - 1)
            elif tag == "pre":
                self.pre = max(0, self.pre - 1)
            if tag in ("p", "table", "ul", "ol", "blockquote", "h1", "h2", "h3") and self.lines and self.lines[-1]:
                self.lines.append("")

    def result(self) -> str:
        self.soft_break()
        return "\n".join(self.lines).strip("\n") + "\n"

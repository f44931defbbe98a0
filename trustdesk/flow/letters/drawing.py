"""Blocks drawn as plain text of 72 columns, and grouped for the HTML template."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from trustdesk.flow.letters.blocks import Block

WIDTH = 72
_TOGETHER = ("row", "item", "foot")


def groups(blocks: Iterable[Block]) -> list[tuple[str, list[Block]]]:
    """Rows that follow each other make one table, items one list, foot lines one foot; the others stand alone."""
    found: list[tuple[str, list[Block]]] = []
    for kind, run in groupby(blocks, key=lambda b: b.kind):
        members = list(run)
        found.extend([(kind, members)] if kind in _TOGETHER else [(kind, [b]) for b in members])
    return found


def text(blocks: Iterable[Block]) -> str:
    """The letter as plain text: LF line ends, at most 72 columns but for single words that are longer."""
    return "\n\n".join("\n".join(_draw(kind, members)) for kind, members in groups(blocks)) + "\n"


def _draw(kind: str, members: list[Block]) -> Iterator[str]:
    block = members[0]
    if kind == "title":
        lines = _wrap(block.text)
        yield from lines
        yield "=" * max(map(len, lines))
    elif kind == "head":
        lines = _wrap(block.text)
        yield from lines
        yield "-" * max(map(len, lines))
    elif kind == "row":
        yield from _rows(members)
    elif kind == "item":
        for member in members:
            yield from _wrap(member.text, "- ", "  ")
    elif kind == "button":
        yield from _wrap(f"{block.text}:")
        yield block.url
    elif kind == "quote":
        yield from _free(block, "> ")
    elif kind == "prose":
        yield from _free(block, "")
    elif kind == "foot":
        yield "-- "  # RFC 3676, 4.3: from here on it is the signature
        for member in members:
            yield from _wrap(member.text)
    else:
        yield from _wrap(block.text)


def _rows(members: list[Block]) -> Iterator[str]:
    width = max(len(b.label) for b in members) + 2
    for block in members:
        yield from _wrap(block.text, f"{block.label}:".ljust(width), " " * width)


def _free(block: Block, mark: str) -> Iterator[str]:
    for n, paragraph in enumerate(block.paragraphs):
        if n:
            yield mark.rstrip()
        for row in paragraph.split("\n"):
            yield from _wrap(row, mark, mark) if row.strip() else [mark.rstrip()]


def _wrap(words: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )

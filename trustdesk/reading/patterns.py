"""google-re2 with our options: linear in the text whatever the text, and ready to be searched or counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

Pattern = Any  # google-re2 carries no types
_UNANCHORED = re2._Anchor.UNANCHORED


def linear(*alternatives: str, case: bool = False, longest: bool = False) -> Pattern:
    """One pattern out of `alternatives`; brackets in it group and do not capture, which keeps re2 on its fast path.

    Note that in re2 \\w and \\b know ASCII only; use \\p{L} for letters.
    """
    options = re2.Options()
    options.case_sensitive = case
    options.longest_match = longest
    options.never_capture = True
    options.max_mem = 64 << 20
    options.log_errors = False
    return re2.compile("|".join(alternatives), options)


def spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Where `pattern` matches in `text`, in characters, one after the other. Linear.

    re2 counts in bytes; its own conversion costs more than the search, and most text is ASCII and needs none.
    """
    data = text.encode("utf-8")
    search, size = pattern._regexp.Match, len(data)  # what finditer of the binding calls, without an object a match
    if size == len(text):
        at = 0
        while at < size:
            span = search(_UNANCHORED, data, at, size)[0]
            if span[0] < 0:
                return
            at = span[1] if span[1] > span[0] else span[1] + 1
            yield span
        return
    last = characters = at = 0
    while at < size:
        start, end = search(_UNANCHORED, data, at, size)[0]
        if start < 0:
            return
        at = end if end > start else end + 1
        begin = characters + len(data[last:start].decode("utf-8"))
        characters = begin + len(data[start:end].decode("utf-8"))
        last = end
        yield begin, characters


def found(pattern: Pattern, text: str) -> bool:
    """True if `pattern` occurs in `text`."""
    return pattern.search(text.encode("utf-8")) is not None


def different(pattern: Pattern, text: str, size: int = 24) -> int:
    """How many different things (by their first `size` characters, lower case) match in `text`."""
    return len({text[start:end].lower()[:size] for start, end in spans(pattern, text)})

"""google-re2 with our options: linear in the text whatever the text, and ready to be searched or counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

Pattern = Any  # google-re2 carries no types


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
    if len(data) == len(text):
        for match in pattern.finditer(data):
            yield match._spans[0]  # span() asks the pattern for its groups each time, and we have none
        return
    last = characters = 0
    for match in pattern.finditer(data):
        start, end = match.span()
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

"""google-re2 with our options: linear in the text whatever the text, and ready to be searched or counted."""

from __future__ import annotations

import re2


def linear(*alternatives: str, case: bool = False) -> object:
    """One pattern out of `alternatives`. Note that in re2 \\w and \\b know ASCII only; use \\p{L} for letters."""
    options = re2.Options()
    options.case_sensitive = case
    options.max_mem = 32 << 20
    return re2.compile("|".join(alternatives), options)


def found(pattern: object, text: str) -> bool:
    """True if `pattern` occurs in `text`."""
    return pattern.search(text) is not None  # type: ignore[attr-defined]


def different(pattern: object, text: str, size: int = 24) -> int:
    """How many different things (by their first `size` characters, lower case) match in `text`."""
    return len({m.group().lower()[:size] for m in pattern.finditer(text)})  # type: ignore[attr-defined]

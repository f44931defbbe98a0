"""Addresses of our own pages, as `reverse` gives them, without matching every pattern again for each link of a list."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

#: Stands where a number or a code goes; a pattern takes no other digits and letters for it.
_NUMBER, _CODE = "9090909090", "X-9090909090"


def address(name: str, *values: Any) -> str:
    """As `reverse(name, args=values)`. Raises NoReverseMatch for an unknown name or values that do not fit."""
    if all(_simple(value) for value in values):
        kinds = tuple(isinstance(value, int) for value in values)
        if pieces := _pieces(name, kinds, get_script_prefix(), get_urlconf()):
            out = [pieces[0]]
            for piece, value in zip(pieces[1:], values, strict=True):
                out += (str(value), piece)
            return "".join(out)
    return reverse(name, args=values)


def _simple(value: Any) -> bool:
    """A number or one of our codes (`C-7F3K-2Q`): nothing that would be quoted."""
    if isinstance(value, str):
        return len(value) < 40 and value.isascii() and value.replace("-", "").isalnum()
    return type(value) is int and value >= 0


@cache
def _pieces(name: str, kinds: tuple[bool, ...], _prefix: str, _urlconf: str | None) -> tuple[str, ...]:
    """The address around its values; none where it takes numbers and codes to be something else."""
    marks = [_NUMBER if number else _CODE for number in kinds]
    try:
        whole = reverse(name, args=[int(mark) if number else mark for mark, number in zip(marks, kinds, strict=True)])
    except NoReverseMatch:
        return ()
    pieces = []
    for mark in marks:
        piece, found, whole = whole.partition(mark)
        if not found:
            return ()
        pieces.append(piece)
    return (*pieces, whole)

"""Small numbers are left out where they would tell of somebody.

A cell that counts fewer than THRESHOLD people is hidden; and when the total of a table is shown and hiding would leave one
single cell that subtraction gives back, the next smallest is hidden with it (complementary suppression). Used where a row
stands for people: reporters one by one, answers about satisfaction, countries of requests. Counts of reports by form,
category and channel tell of nobody and are exact.
"""

from __future__ import annotations

from collections.abc import Mapping

THRESHOLD = 5


def suppressed(cells: Mapping[str, int], *, threshold: int = THRESHOLD) -> dict[str, int | None]:
    """The cells with None for what is hidden. Zero tells of nobody and stays."""
    hidden = {name for name, n in cells.items() if 0 < n < threshold}
    # Together the hidden ones must not be a small number either: the total less what is shown gives their sum.
    while hidden and (len(hidden) == 1 or sum(cells[name] for name in hidden) < threshold):
        shown = sorted((n, name) for name, n in cells.items() if name not in hidden and n)
        if not shown:
            break
        hidden.add(shown[0][1])
    return {name: None if name in hidden else n for name, n in cells.items()}


def pooled(cells: Mapping[str, int], *, threshold: int = THRESHOLD) -> tuple[dict[str, int], int, int]:
    """Rows that may be shown one by one, and the rest as (how many rows, their sum)."""
    kept = {name: n for name, n in suppressed(cells, threshold=threshold).items() if n}
    rest = [n for name, n in cells.items() if name not in kept and n]
    return kept, len(rest), sum(rest)

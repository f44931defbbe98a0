"""What is a complaint about? Weighted words, the subject line counting most."""

from __future__ import annotations

from collections import Counter, defaultdict

from trustdesk.core.types import Category
from trustdesk.reading.lexicon import lexicon

_TEXT = 12_000
_SUBJECT_WEIGHT = 3.0
#: The first sentences say what a complaint is about; further down stand advice and law.
_OPENING, _OPENING_WEIGHT = 700, 1.5
_REPEATS = (1.0, 0.5, 0.25)


def scores(subject: str, text: str) -> dict[str, float]:
    """Weight of evidence per category; words repeated count 1, ½, ¼ and then no more."""
    words = lexicon("categories")
    total: defaultdict[str, float] = defaultdict(float)
    seen: Counter[str] = Counter()
    for word in words.words(subject[:500]):
        for section, weight in words.of(word):
            total[section] += weight * _SUBJECT_WEIGHT
    for part, factor in ((text[:_OPENING], _OPENING_WEIGHT), (text[_OPENING:_TEXT], 1.0)):
        for word in words.words(part):
            times = seen[word]
            if times < len(_REPEATS):
                seen[word] += 1
                for section, weight in words.of(word):
                    total[section] += weight * _REPEATS[times] * factor
    return total


def category(subject: str, text: str) -> tuple[Category | None, float, dict[str, float]]:
    """(category or None, confidence 0..1, scores). The confidence is the winner's share of the two best."""
    found = scores(subject, text)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < 1.5:
        return None, 0.0, found
    best = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    share = best[1] / (best[1] + second)
    strength = min(best[1] / 8.0, 1.0)
    return Category(best[0]), round(share * (0.5 + 0.5 * strength), 3), found

# ruff: noqa: E501  (a pattern reads best in one line)
"""What is a complaint about? Weighted words, the subject line counting most; and what it shows: log lines, a mail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from trustdesk.core.types import Category
from trustdesk.reading.layout import LOG, MAIL_HEADER, Layout
from trustdesk.reading.lexicon import lexicon
from trustdesk.reading.patterns import found, linear

_TEXT = 12_000
_SUBJECT_WEIGHT = 2.5
#: The first sentences say what a complaint is about; further down stand advice and law.
_OPENING, _OPENING_WEIGHT = 700, 1.5
_REPEATS = (1.0, 0.5, 0.25)
_BOTH = 0.9


def scores(subject: str, text: str) -> defaultdict[str, float]:
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


#: What log lines say when the words around them say little: patterns of common servers, and their weight.
_LOGS = (
    (
        linear(r"\breject: rcpt|\bnoqueue: (?:reject|milter)|blocked using \S|rejected rcpt|\b55[04] 5\.[17]\.\d"),
        linear(r"sasl|auth(?:entication)?[ _]fail|login failed"),
        "spam",
        5.0,
    ),
    (
        linear(
            r"failed password|invalid user|authentication fail|sasl login|wp-login\.php|xmlrpc\.php|\bdpt=22\b|\bet scan\b|\bdeny (?:tcp|udp|icmp)\b|\bufw block\b|\[?action=\"?(?:dropped|blocked|deny)|registration from [^\n]{0,80}failed|\bsyn\b[^\n]*\bdpt"
        ),
        None,
        "network_attack",
        2.5,
    ),
)
_LOG_LINES = 40
#: A header of a mail is shown where the mail is what is complained about.
_SHOWN_MAIL = 4.0
_NOT_MAILED = ("terrorism", "harassment", "violent_threat", "doxing", "illegal_goods", "government_order")


def shown(lines: Layout) -> dict[str, float]:
    """Weight per category of what a complaint shows: its log lines, and the header of a mail in its text."""
    extra: defaultdict[str, float] = defaultdict(float)
    logs: list[str] = []
    for line in lines.lines:
        if line.zone == LOG:
            logs.append(line.text[:300])
            if len(logs) >= _LOG_LINES:
                break
    text = "\n".join(logs)
    for pattern, unless, name, weight in _LOGS:
        if text and found(pattern, text) and not (unless and found(unless, text)):
            extra[name] += weight
    if shows_mail(lines):
        extra["spam"] += _SHOWN_MAIL
    return extra


def shows_mail(lines: Layout) -> bool:
    """True if the way a mail took (its Received fields) is shown in the text itself."""
    return any(
        line.zone == MAIL_HEADER and line.depth == 0 and line.text.lstrip()[:9].lower() == "received:"
        for line in lines.lines
    )


def category(
    subject: str, text: str, extra: Mapping[str, float] | None = None
) -> tuple[Category | None, float, dict[str, float]]:
    """(category or None, confidence 0..1, scores); `extra` is what `shown` found. The confidence is the winner's share
    of the two best."""
    weights = scores(subject, text)
    for name, weight in (extra or {}).items():
        weights[name] += weight
        if name == "spam" and weight >= _SHOWN_MAIL:
            for other in _NOT_MAILED:
                if other in weights:
                    weights[other] *= 0.5
    if weights.get("trademark", 0.0) >= _BOTH * weights.get("copyright", 0.0) > 0:
        # A letter about marks borrows the formulas of one about works; the other way round is rare.
        weights["trademark"] += (1 - _BOTH) * weights["copyright"]
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < 1.5:
        return None, 0.0, weights
    best = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    share = best[1] / (best[1] + second)
    strength = min(best[1] / 8.0, 1.0)
    return Category(best[0]), round(share * (0.5 + 0.5 * strength), 3), weights

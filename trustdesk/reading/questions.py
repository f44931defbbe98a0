# ruff: noqa: E501  (a pattern reads best in one line)
"""Question forms: a heading asks, what follows answers. The heading says what the links in an answer are."""

from __future__ import annotations

import re
from dataclasses import replace

from trustdesk.reading.extract import Found
from trustdesk.reading.layout import Layout

_HEADING = re.compile(
    r"^\s{0,3}(?:\*\*(?P<bold>.{8,1500}?)\*\*:?\s*$|#{1,5}\s+(?P<mark>.{4,300})|(?P<open>\*\*.{8,1500})$|(?P<question>[A-Z][^.!?]{12,250}\?)\s*$)"
)
_TARGET = re.compile(
    r"(?i)taken down|is infringing|are infringing|infringing (?:url|link|file|material|content|work)|(?:url|file|content|material|page|item)s? (?:to be|you want|that should be) (?:removed|taken|disabled|blocked)|"
    r"\bforks?\b|files were|content (?:that has been|was) (?:disabled|removed)|repository url that|report(?:ed|ing) (?:url|content|page)|what (?:url|page|content|site)s? (?:are|is) you|location of (?:the )?(?:infring|material)|where (?:is|are) the (?:infring|material|content)"
)
_LICENCE = re.compile(r"(?i)licen[sc]e")
#: A heading and two more make a form; two prose questions in a letter do not.
_MINIMUM = 3
_KEEP, _DROP = 5.0, -6.0


def answers(found: list[Found], lines: Layout) -> list[Found] | None:
    """`found` with hints from the questions they answer, or None if the text is no question form.

    What answers "what should be taken down" is complained about; everything else in the form (the original work, the
    guide that was read, the licence) is reference.
    """
    sections: list[tuple[int, bool]] = []  # (offset of the heading, is about targets)
    opened = False
    for line in lines.lines:
        text = line.text
        if opened:
            opened = not text.rstrip().endswith("**")
            continue
        if len(text) < 8 or text[:1] not in "*# " and not text.rstrip().endswith("?"):
            continue
        match = _HEADING.match(text)
        if not match:
            continue
        words = match.group("bold") or match.group("mark") or match.group("open") or match.group("question") or ""
        opened = bool(match.group("open"))
        sections.append((line.start, bool(_TARGET.search(words)) and not _LICENCE.search(words)))
    if len(sections) < _MINIMUM or not any(target for _, target in sections):
        return None
    out: list[Found] = []
    at = 0
    for item in found:
        while at + 1 < len(sections) and sections[at + 1][0] <= item.start:
            at += 1
        inside = item.start >= sections[0][0]
        line = lines.lines[lines.index_at(item.start)]
        heading = bool(_HEADING.match(line.text))
        keep = inside and sections[at][1] and not heading
        out.append(replace(item, hint=item.hint or (_KEEP if keep else _DROP)))
    return out

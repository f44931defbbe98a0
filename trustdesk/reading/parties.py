# ruff: noqa: E501  (a pattern reads best in one line)
"""On whose behalf does the sender write?"""

from __future__ import annotations

import re

from trustdesk.core.types import ClaimedParty
from trustdesk.reading.layout import BODY, Layout

_BEHALF = re.compile(
    r"(?i)\b(?:on behalf of|represent(?:s|ing)?|agents? (?:of|for)|im (?:auftrag|namen) (?:von|der|des)|au nom de|en nombre de|per conto di|em nome de)\s+(?:our client,? |the |my client,? |copyright owner,? |rights ?holder,? |der firma )?"
    r"[\"“'«*]?([A-ZÀ-ÞА-Я0-9][\w&.,'’/+\- ]{1,90}?)[\"”'»*]?(?=\s*(?:\(|,? (?:who|which|in|to|as|regarding|with|and|has|have|is|are|we|a |for|the|company|incorporated|against)\b|[;:.]\s|[;:.,]$|$|\n))"
)
_LABELS = re.compile(
    r"(?i)^\W{0,3}(?:copyright|rights?|trademark|brand|mark)[ -]?(?:s )?(?:holder|owner|proprietor)s?(?: name)?|name of (?:the )?(?:rights? )?(?:owner|holder)|complainant(?: name)?|injured party|principal|client"
)
_TELLING = ("behalf", "represent", "agent", "auftrag", "namen", "nom de", "nombre de", "conto di", "nome de")
_LINES = 80
_SELF = re.compile(
    r"(?i)^(?:the )?(?:copyright|owner|rights?|undersigned|following|our|my|its|their|an? |exclusive|above|company|owners)\b"
)


def principal(lines: Layout) -> ClaimedParty | None:
    """The owner or client the complaint names, as claimed; None if it speaks for itself or does not say."""
    whole = "\n".join([line.text[:600] for line in lines.lines[:_LINES]]).lower()
    telling = [word for word in _TELLING if word in whole]
    previous = ""
    for line in lines.lines[:_LINES]:
        if line.zone != BODY or len(line.text) > 3000:
            continue
        label, colon, value = line.text[:200].partition(":")
        if colon and len(label) < 60 and _LABELS.search(label):
            name = value.strip(" *\"'").strip()
            if 1 < len(name) < 120 and "://" not in name:
                return ClaimedParty(organisation=name)
        match = None
        if telling:
            text = (previous[-80:] + " " + line.text)[:600]
            lower = text.lower()
            match = _BEHALF.search(text) if any(word in lower for word in telling) else None
        if match:
            name = match.group(1).strip(" ,.-'\"")
            if len(name) > 2 and not _SELF.match(name):
                return ClaimedParty(organisation=name[:120])
        previous = line.text.rstrip() if len(line.text) > 40 else ""
    return None

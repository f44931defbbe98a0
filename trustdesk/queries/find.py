"""Find a case, customer, address or report by whatever a person has in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Left, Upper

from trustdesk.models import Asset, Case, Indicator, Party, Report, Subject
from trustdesk.models.code import decode
from trustdesk.queries import access

LIMIT = 25
#: Of an address that sent very many reports so many of the newest are looked at.
NEWEST = 300


@dataclass(slots=True)
class Found:
    """What was found. `exact` is the case or report whose code was typed."""

    query: str
    exact: Case | None = None
    cases: list[Case] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    targets: list[Indicator] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing at all."""
        return not (self.exact or self.cases or self.subjects or self.assets or self.targets or self.reports)


def refang(text: str) -> str:
    """What a person pastes from the desk is defanged; undo that for looking it up."""
    text = text.strip().replace("[.]", ".").replace("(.)", ".").replace("[:]", ":")
    return "http" + text[4:] if text[:4].lower() == "hxxp" else text


def search(user: Any, query: str, *, limit: int = LIMIT) -> Found:
    """Look `query` up as a code, an address, a customer and as words of a title. Short queries find codes only."""
    text = refang(query)[:200]
    found = Found(query)
    if not text:
        return found
    found.exact = _exact(user, text)
    if len(text) < 2:
        return found
    seen = access.cases(user)
    subjects = access.subjects(user)
    exact = Q(ref__in={text, text.lower(), text.upper()}) | Q(email__iexact=text)
    found.subjects = list(subjects.filter(exact).order_by("name")[:limit])
    if len(text) > 2:  # an index of words knows nothing shorter
        named = subjects.filter(name__icontains=text).exclude(pk__in=[s.pk for s in found.subjects])
        found.subjects += list(named.order_by("-id")[: limit - len(found.subjects)])
    assets = Asset.objects.select_related("subject")
    found.assets = list(
        assets.filter(Q(value__startswith=text.lower()) | Q(ref=text.lower())).order_by("value")[:limit]
    )
    host = text.split("://", 1)[-1].split("/", 1)[0].lower()
    indicators = Indicator.objects.filter(access.visible(user, "case__"), case__isnull=False, role="target")
    indicators = indicators.select_related("case").order_by("-id")
    found.targets = list(indicators.filter(host=host)[:limit])
    if not found.targets:
        bare = indicators.alias(begins=Left("value", 120)).filter(host="", begins=text[:120], value=text)
        found.targets = list(bare[:limit])
    found.cases = _cases(seen.select_related("subject"), found, text, limit)
    if access.may(user, "see_traffic") and "@" in text:
        theirs = Party.objects.alias(upper=Upper("email")).filter(upper=text.upper()).order_by("-id").values("pk")
        found.reports = list(access.reports(user).filter(reporter_id__in=theirs[:NEWEST]).order_by("-id")[:limit])
    return found


def _cases(seen: QuerySet[Case], found: Found, text: str, limit: int) -> list[Case]:
    """Cases about what was found, then those of the customers found, then those with the text in their title: each list
    by an index of its own, the newest first."""
    numbers = {i.case_id for i in found.targets if i.case_id is not None}
    out = {case.pk: case for case in seen.filter(pk__in=numbers)}
    for subject in found.subjects[:5]:
        out |= {case.pk: case for case in seen.filter(subject=subject).order_by("-opened_at")[:limit]}
    if len(out) < limit and len(text) > 2:
        titled = seen.filter(title__icontains=text).exclude(pk__in=list(out))
        out |= {case.pk: case for case in titled.order_by("-pk")[: limit - len(out)]}
    return sorted(out.values(), key=lambda case: case.opened_at, reverse=True)[:limit]


def _exact(user: Any, text: str) -> Case | None:
    number = decode("C", text)
    seen = access.cases(user).select_related("subject")
    found = seen.filter(pk=number).first() if number else None
    if found is None and (report := decode("R", text)) and access.may(user, "see_traffic"):
        found = seen.filter(joinings__report_id=report).first()
    return found


def decode_case(code: str) -> int | None:
    """The number behind a case's code; None if it is none."""
    return decode("C", code)

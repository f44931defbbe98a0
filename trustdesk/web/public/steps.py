"""The report form, one question after the other. Each step carries what was said before in the page itself: no script, no
session, nothing kept until the report is sent. The last step sends what `ReportForm` accepts, as the form on one page does."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trustdesk import clock
from trustdesk.core.regimes import Applied
from trustdesk.flow import duties, locate
from trustdesk.queries.find import refang
from trustdesk.web import limits, safe_text
from trustdesk.web.public.forms import ASK, FIRST, NAMELESS, ReportForm

#: step → the fields it asks for, in the order of the questions.
STEPS: dict[str, tuple[str, ...]] = {
    "kind": ("category",),
    "where": ("urls",),
    "what": ("description", "incident_at"),
    "rights": (
        "original_work", "original_urls", "principal", "address", "phone", "accuracy", "authorised", "signature",
    ),
    "you": ("name", "email", "organisation", "good_faith"),
    "check": (),
}  # fmt: skip
#: Whose report needs the step about rights.
RIGHTS = frozenset({"copyright", "trademark"})
#: When it happened matters for these.
TIMED = frozenset({"network_attack", "spam", "account_takeover"})
#: So many checks of addresses per network and hour; after that they are taken as they are.
CHECKS = 120
#: Documents of the rulebook that a report is.
NOTICES = frozenset({"notice", "removal_request", "request", "report"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What one law asks a report to contain: its name and (what, where it says so)."""

    law: str
    elements: tuple[tuple[str, str], ...]


def steps_of(category: str) -> list[str]:
    """The steps for a kind of abuse."""
    return [name for name in STEPS if name != "rights" or category in RIGHTS]


def show(request: HttpRequest, send: Any) -> HttpResponse:
    """One step: the next, the one before, the same again with what is wrong, or `send(form)` after the last."""
    if request.method != "POST":
        start = {"nonce": secrets.token_urlsafe(12), "category": request.GET.get("category", "")[:24]}
        return _page(request, "kind", ReportForm(initial=start), start)
    data = request.POST
    form = ReportForm(data)
    form.is_valid()
    steps = steps_of(data.get("category", ""))
    step = data.get("step", "kind") if data.get("step", "kind") in steps else "kind"
    place = steps.index(step)
    if data.get("go") == "back":
        return _page(request, steps[max(place - 1, 0)], ReportForm(initial=_plain(request)), _plain(request))
    if form.is_trap:
        return send(form)
    for name in steps[: place + 1]:
        wrong = [f for f in STEPS[name] if f in form.errors]
        if wrong:
            return _page(request, name, _only(form, wrong), _plain(request), status=422 if name == step else 200)
    if step == "where":
        foreign = not_ours(request, form.cleaned_data.get("urls") or [])
        if foreign and data.get("known") != _digest(foreign):
            return _page(request, "where", form_again(request), _plain(request), foreign=foreign)
    if step == "check" and data.get("go") == "send":
        return send(form)
    return _page(request, steps[min(place + 1, len(steps) - 1)], form_again(request), _plain(request))


def form_again(request: HttpRequest) -> ReportForm:
    """The form with what was typed, and without complaints about what was not asked yet."""
    return ReportForm(initial=_plain(request))


def again(request: HttpRequest, form: ReportForm, *, status: int, trouble: str, **more: Any) -> HttpResponse:
    """The last step once more with what stands in the way of sending."""
    first = next((name for name in STEPS if any(f in form.errors for f in STEPS[name])), "check")
    return _page(request, first, form, _plain(request), status=status, trouble=trouble, **more)


def _only(form: ReportForm, names: Sequence[str]) -> ReportForm:
    for name in list(form.errors):
        if name not in names:
            del form.errors[name]
    return form


def _plain(request: HttpRequest) -> dict[str, Any]:
    fields = ReportForm.base_fields
    return {n: v for n, v in request.POST.items() if n in fields and n != "website"}


def _page(
    request: HttpRequest,
    step: str,
    form: ReportForm,
    said: dict[str, Any],
    *,
    status: int = 200,
    foreign: Sequence[str] = (),
    trouble: str = "",
    **more: Any,
) -> HttpResponse:
    category = str(said.get("category", ""))
    steps = steps_of(category)
    asked_here = {*STEPS[step], "website"}
    context = {
        "step": step,
        "form": form,
        "number": steps.index(step) + 1,
        "last": len(steps) if category else 0,
        "carried": [(n, v) for n, v in said.items() if n not in asked_here and n != "nonce"],
        "nonce": said.get("nonce") or secrets.token_urlsafe(12),
        "said": said,
        "category": category,
        "category_name": ASK.get(category, ""),
        "first_kinds": [(c, ASK[c]) for c in FIRST],
        "other_kinds": sorted(((c, n) for c, n in ASK.items() if c not in FIRST), key=lambda pair: str(pair[1])),
        "nameless": category in NAMELESS,
        "timed": category in TIMED,
        "asked": asked(category) if step in ("what", "rights") else (),
        "foreign": [safe_text.defang(host, "domain") for host in foreign[:20]],
        "foreign_more": max(len(foreign) - 20, 0),
        "known": _digest(foreign) if foreign else "",
        "turn": settings.DESK.where_to_turn,
        "trouble": trouble,
        "address": settings.DESK.address,
        "lines": str(said.get("urls", "")).splitlines()[:20],
    }
    return render(request, "public/step.html", context | more, status=status)


def asked(category: str) -> tuple[Asked, ...]:
    """What the laws that run on such a report ask it to contain; each names its source."""
    if not category:
        return ()
    facts = duties.facts_of(category=category, form="dmca" if category == "copyright" else "notice", channel="form")
    found = (_asked(applied) for applied in duties.regimes_for(facts, now=clock.now()))
    return tuple(one for one in found if one.elements)


def _asked(applied: Applied) -> Asked:
    elements = tuple(
        (rule.title, rule.source)
        for rule in applied.rules.elements
        if rule.document in NOTICES and rule.requirement in ("required", "enable_only", "recommended") and not rule.off
    )
    return Asked(applied.regime, elements)


def not_ours(request: HttpRequest, urls: Sequence[str]) -> list[str]:
    """The hosts among these addresses that belong to nobody we know. An address that cannot be read counts as ours: a
    person will look at it."""
    hosts = list(dict.fromkeys(host for line in urls[:200] if (host := _host(line))))
    if not hosts or not limits.hit("where", limits.client(request), limit=CHECKS, seconds=3600):
        return []
    ours = locate.locate(hosts, on=clock.now().date())
    return [host for host in hosts if host not in ours]


def _host(line: str) -> str:
    """Host name or address in a line as people write it; "" where there is none."""
    text = refang(line.strip().split()[0]) if line.strip() else ""
    try:
        host = (urlsplit(text if "://" in text else f"//{text}").hostname or "").rstrip(".")
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, UnicodeError):
        return ""


def _digest(hosts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(hosts).encode("utf-8", "replace")).hexdigest()[:16]

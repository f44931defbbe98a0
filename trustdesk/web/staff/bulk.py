"""Many cases at once: give them to somebody, or decide them alike. Each gets a decision of its own, or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from trustdesk import clock
from trustdesk.core.types import Finding, Refused
from trustdesk.flow import attend
from trustdesk.flow import decide as flow
from trustdesk.flow import undo as undoing
from trustdesk.flow.decide import Choice, Preview, Wish
from trustdesk.queries import access, bulk, people, rulebook
from trustdesk.queries.rulebook import Case
from trustdesk.web import words
from trustdesk.web.staff.common import actor, page
from trustdesk.web.staff.drafting import LIMIT, PER_ADDRESS, outcomes

#: So many cases at most, and so many decided with one step: the page shows how far it is.
MOST, STEP = 200, 20


@dataclass(frozen=True, slots=True)
class Place:
    """One asset of a case that the measure would be used on, or (`on` false) that was taken out; and what would happen."""

    asset: Any
    wishes: tuple[Wish, ...]
    on: bool


@dataclass(slots=True)
class Line:
    """One case of the selection: as it was seen, and what would become or became of it."""

    case: Case
    seen: int
    preview: Preview | None = None
    places: list[Place] = field(default_factory=list)
    findings: Sequence[Finding] = ()
    done: str = ""  # "", final, held, refused


@dataclass(slots=True)
class Form:
    """What is decided for all of them."""

    choice: str = ""
    ground: str = ""
    law: str = ""
    reasons: str = ""
    notes: str = ""
    options: list[tuple[str, str, int]] = field(default_factory=list)  # value, title, on how many of the cases
    clauses: Sequence[Any] = ()
    listed: frozenset[str] = frozenset()  # `code:choice` of the cases whose assets were shown one by one
    on: frozenset[str] = frozenset()  # `code:asset` of those that were left in


@require_POST
@page("work")
def show(request: HttpRequest) -> HttpResponse:
    """Assign the selected cases, or preview and decide them step by step."""
    lines = _lines(request)
    if not lines:
        messages.warning(request, _("Select some cases first."))
        return HttpResponseRedirect(reverse("staff:queue"))
    do = request.POST.get("do", "")
    if do == "assign":
        return _assign(request, lines)
    if do == "undo":
        return _undo(request, lines)
    form = _form(request, lines)
    earlier = _earlier(request)
    if do == "decide":
        now_, later = lines[:STEP], lines[STEP:]
        for line in now_:
            _decide(request, form, line)
        results = [*earlier, *(_result(line) for line in now_)]
        context = {"form": form, "waiting": later, "results": results, "whole": len(results) + len(later)}
        context |= {"decided": sum(r["done"] in ("final", "held") for r in results)}
        context |= {"resting": [r["code"] for r in results if r["done"] == "final"] if settings.GRACE else []}
        context |= {"held": sum(r["done"] == "held" for r in results), "done": len(results)}
        return render(request, "staff/bulk_done.html", context)
    if do == "preview":
        for line in lines:
            _decide(request, form, line, persist=False)
    context = {"form": form, "lines": lines, "previewed": do == "preview"}
    context |= {"possible": sum(bool(x.preview and x.preview.allowed) for x in lines)}
    return render(request, "staff/bulk.html", context)


def _lines(request: HttpRequest) -> list[Line]:
    """The selection as `code` or `code:seen`; what the person may not see is left out."""
    seen: dict[str, int] = {}
    for item in request.POST.getlist("case")[:MOST]:
        code, _sep, number = item.partition(":")
        seen[code] = int(number) if number.isdecimal() and len(number) < 10 else -1
    found = bulk.cases(request.user, list(seen))
    return [Line(case, case.seq if seen[case.code] < 0 else seen[case.code]) for case in found]


def _form(request: HttpRequest, lines: Sequence[Line]) -> Form:
    data = request.POST
    cases = [line.case for line in lines]
    offers = bulk.offers(cases)
    options = [(f"measure:{kind}", words.word("measure", kind).capitalize(), number) for kind, number in offers.items()]
    options += [(value, title, len(cases)) for value, title in outcomes()]
    categories = {case.category for case in cases}
    clauses = rulebook.clauses(next(iter(categories))) if len(categories) == 1 else rulebook.policy().clauses
    return Form(
        choice=data.get("choice", "")[:80],
        ground=data.get("ground", "")[:80],
        law=data.get("law", "").strip()[:300],
        reasons=data.get("reasons", "")[: LIMIT + 1].replace("\r\n", "\n"),
        notes=data.get("notes", "")[: LIMIT + 1].replace("\r\n", "\n"),
        options=options,
        clauses=clauses,
        listed=frozenset(item[:120] for item in data.getlist("listed")[:MOST]),
        on=frozenset(item[:60] for item in data.getlist("on")[: MOST * 25]),
    )


def _places(form: Form, case: Case) -> list[Place]:
    """The assets of one case that the measure is for, without those that were taken out in the preview."""
    if not form.choice.startswith("measure:"):
        return []
    kind, chosen = form.choice.removeprefix("measure:"), f"{case.code}:{form.choice}" in form.listed
    out = []
    for asset in bulk.assets_for(case, kind):
        addresses = bulk.addresses_on(case, asset.pk) if kind in PER_ADDRESS else [""]
        wishes = tuple(Wish(kind, asset.pk, address) for address in addresses)
        out.append(Place(asset, wishes, not chosen or f"{case.code}:{asset.pk}" in form.on))
    return out


def _choice(form: Form, places: Sequence[Place]) -> Choice:
    """The form as a choice on one case: the measure on each of its assets that was left in."""
    if not form.choice.startswith("measure:"):
        return Choice(form.choice, reasons=form.reasons, notes=form.notes)
    ground, _sep, clause = form.ground.partition(":")
    measures = tuple(wish for place in places if place.on for wish in place.wishes)
    law = form.law if ground == "law" else ""
    return Choice("measures", ground or "none", clause, law, form.reasons, form.notes, measures)


def _decide(request: HttpRequest, form: Form, line: Line, *, persist: bool = True) -> None:
    line.places = _places(form, line.case)
    try:
        line.preview = flow.decide(
            line.case.pk,
            _choice(form, line.places),
            actor=actor(request),
            now=clock.now(),
            seen=line.seen,
            persist=persist,
            grace=settings.GRACE,
        )
        line.findings = line.preview.findings
        if line.preview.decision is not None:
            line.done = "held" if line.preview.decision.state == "held" else "final"
    except Refused as refused:
        line.findings, line.done = refused.findings, "refused"


def _assign(request: HttpRequest, lines: Sequence[Line]) -> HttpResponse:
    to = request.POST.get("to", "")
    known = {str(person.pk): person for person in people.with_rights("work")}
    person = known.get(to, request.user)
    theirs = set(access.cases(person).filter(pk__in=[line.case.pk for line in lines]).values_list("pk", flat=True))
    taken, refused_ = 0, []
    for line in lines:
        if line.case.pk not in theirs:
            refused_.append(_("%(code)s: not for this person to see.") % {"code": line.case.code})
            continue
        try:
            attend.assign(line.case.pk, to=int(person.pk), actor=actor(request), now=clock.now())
            taken += 1
        except Refused as refused:
            refused_.append(f"{line.case.code}: {' '.join(words.finding(f) for f in refused.findings)}")
    name = people.display(person)
    text = ngettext("%(n)s case given to %(name)s.", "%(n)s cases given to %(name)s.", taken)
    messages.success(request, text % {"n": taken, "name": name})
    for said in refused_[:20]:
        messages.warning(request, said)
    back = request.POST.get("back", "")[:600]
    return HttpResponseRedirect(f"{reverse('staff:queue')}?{back}" if back else reverse("staff:queue"))


def _undo(request: HttpRequest, lines: Sequence[Line]) -> HttpResponse:
    """Take back what was decided together, as far as it has not gone out."""
    back = 0
    for number, seq in bulk.resting(request.user, [line.case for line in lines]):
        try:
            undoing.undo(number, seq, actor=actor(request), now=clock.now())
            back += 1
        except Refused:
            continue
    messages.success(request, ngettext("%(n)s decision taken back.", "%(n)s decisions taken back.", back) % {"n": back})
    if back < len(lines):
        gone = len(lines) - back
        text = ngettext("%(n)s had gone out already.", "%(n)s had gone out already.", gone)
        messages.warning(request, text % {"n": gone})
    return HttpResponseRedirect(reverse("staff:queue"))


def _result(line: Line) -> dict[str, str]:
    why = " ".join(words.finding(f) for f in line.findings if f.blocks) if line.done == "refused" else ""
    return {"code": line.case.code, "done": line.done, "why": why[:300]}


def _earlier(request: HttpRequest) -> list[dict[str, str]]:
    """What the steps before this one came to, as the page itself carried it along; shown, never believed."""
    out = []
    for item in request.POST.getlist("result")[:MOST]:
        code, _sep, rest = item.partition(":")
        done, _sep, why = rest.partition(":")
        if done in ("final", "held", "refused"):
            out.append({"code": code[:20], "done": done, "why": why[:300]})
    return out

"""The page of one case: what is claimed, whose it is, what is known, what is owed, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from trustdesk import clock
from trustdesk.flow import events, parse, withdraw
from trustdesk.queries import access, campaigns, case_page, desk, law, people, precedents, reporters, reviews, undo
from trustdesk.queries.case_page import View
from trustdesk.web import safe_text, words
from trustdesk.web.staff import drafting, timeline
from trustdesk.web.staff.common import actor, page

#: So much of a report's text is shown on the page; the rest is one link away.
SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A report's text as safe segments. `cut` tells that more of it is kept than shown."""

    report: Any
    position: int
    segments: list[safe_text.Segment]
    problems: list[Any]
    subject: str
    cut: bool
    erased: bool


@require_GET
@page("see")
def show(request: HttpRequest, code: str) -> HttpResponse:
    """The case."""
    case = access.case(request.user, code)
    view = case_page.view(request.user, case, now=clock.now())
    return render(request, "staff/case.html", context(request, view))


def context(request: HttpRequest, view: View, draft: drafting.Draft | None = None, **more: Any) -> dict[str, Any]:
    """What the page of a case is drawn from; `draft` is the decision form as a person sent it."""
    actors = (
        {line.actor for line in view.lines}
        | {d.made_by for d in view.decisions}
        | {d.settled_by for d in view.decisions}
    )
    notes = desk.notes(view.case)
    actors |= {note.by for note in notes}
    names = people.names(actors | {a.by for a in view.appeals} | {a.resolved_by for a in view.appeals})
    may_work = access.may(request.user, "work")
    decidable = may_work and view.case.state in ("open", "waiting") and view.open_appeal is None
    held = next((d for d in view.decisions if d.state == "held"), None)
    looked = reviews.of_case(view.case) if any(d.state != "held" for d in view.decisions) else {}
    shown = claim(request, view)
    for item in view.owed:
        item.deed = events.deed_of(item)  # type: ignore[attr-defined]
        item.parts = events.parts_of(view.case, item.deed) if item.deed.startswith("filing.") else []  # type: ignore[attr-defined]
    return {
        "view": view,
        "retractions": withdraw.waiting(view.case) if may_work and view.report_total > 1 else [],
        "case": view.case,
        "heading": heading(view),
        "claim": shown,
        "targets": view.targets_at,
        "reporter_record": reporters.record(
            request.user, shown.report.reporter if shown is not None else None, now=clock.now()
        ),
        "names": names,
        "events": list(reversed(timeline.events(view, names))),
        "may_work": may_work,
        "decidable": decidable,
        "draft": (draft or drafting.fresh(view)) if decidable or draft is not None else None,
        "held": held,
        "resting": next((d for d in view.decisions if d.state == "resting"), None),
        "reviews": looked,
        "campaigns": campaigns.of_case(request.user, view.case, [(i.kind, i.value) for i in view.targets]),
        "reopened": next((r for r in looked.values() if r.state == "reopened"), None),
        "is_mine": view.case.assigned_to_id == request.user.pk,
        "offered": law.offered(view.case),
        "facts": _facts(view),
        "verdicts": _verdicts(view),
        "ours": [c for c in view.owed if c.actor == "provider" and not c.expires and c.state != "paused"],
        "not_ours": [i for i in view.targets if i.asset_id is None],
        "notes": notes,
        "me": str(actor(request)),
        **_together(request, view, may_work=may_work),
    } | more


def _together(request: HttpRequest, view: View, *, may_work: bool) -> dict[str, Any]:
    """Who else is here, whether the case is put away, whom it can be given to, and what can be taken back."""
    case, now = view.case, clock.now()
    present = desk.present(case, but=request.user.pk, now=now)
    if not may_work:
        return {"present": present}
    rights = ("work", "see_sealed") if case.category in access.SEALED else ("work",)
    mine = case.assigned_to_id in (None, request.user.pk) and case.state != "closed"
    line = undo.last(view.lines, request.user, now=now)
    return {
        "present": present,
        "snooze": desk.snooze(case),
        "snooze_for": [("hour", _("1 h")), ("shift", _("8 h")), ("day", _("a day")), ("week", _("a week"))],
        "givable": [p for p in people.with_rights(*rights) if p.pk != request.user.pk] if mine else [],
        "undoable": line,
        "undo_says": timeline.event(line, view, {}).text if line is not None else "",
    }


def departs(view: View, outcome: str, kinds: Sequence[str]) -> str:
    """In a sentence how like cases ended, if this draft ends otherwise; "" if it does not or nothing is usual."""
    found = precedents.departs(view.precedents, outcome, kinds)
    if found is None:
        return ""
    (ended, *measures), number = found
    said = ", ".join([words.word("outcome", ended), *(words.word("measure", kind) for kind in measures)])
    return _(
        "%(n)s of %(all)s like cases ended otherwise: %(ending)s. Say in the reasons or notes why this one differs."
    ) % {
        "n": number,
        "all": len(view.precedents),
        "ending": said,
    }


def heading(view: View) -> str:
    """The case in a line: what is alleged and where."""
    category = words.word("category", view.case.category).capitalize()
    hosts = list(dict.fromkeys(i.host or i.value for i in view.targets))
    if not hosts:
        return (
            f"{category}: {safe_text.one_line(safe_text.defang_text(view.case.title), 120)}"
            if view.case.title
            else category
        )
    first = safe_text.defang(hosts[0], "ip" if hosts[0].replace(".", "").isdigit() else "domain")
    if len(hosts) > 1:
        return _("%(category)s on %(host)s and %(n)s more") % {"category": category, "host": first, "n": len(hosts) - 1}
    return _("%(category)s on %(host)s") % {"category": category, "host": first}


def claim(request: HttpRequest, view: View) -> Claim | None:
    """The report whose text is shown: the one that the address asks for, else the first."""
    if not view.reports:
        return None
    asked = request.GET.get("report", "")
    position = next((n for n, r in enumerate(view.reports) if r.code == asked), 0)
    report = view.reports[position]
    reading = parse.shown(report)
    text = reading.text[:SHOWN].rstrip()
    spans = [
        (i.start, i.end, i.role, i.kind, i.value)
        for i in view.indicators
        # Marks only what stands there now: a newer reader may decode the same bytes to another text.
        if i.report_id == report.pk and i.start >= 0 and text[i.start : i.end] == i.raw
    ]
    return Claim(
        report=report,
        position=position + 1,
        segments=list(safe_text.marked(text, spans)),
        problems=list(reading.problems),
        subject=safe_text.one_line(safe_text.defang_text(reading.subject)),
        cut=len(reading.text) > SHOWN,
        erased=report.evidence.erased_at is not None,
    )


def _facts(view: View) -> list[tuple[str, list[Any]]]:
    """Facts by what they are about, each name once with its newest value."""
    grouped: dict[str, dict[str, Any]] = {}
    for fact in view.facts:
        if fact.name.startswith(("inventory.", "law.")):
            continue  # shown as the customer, the asset and the law themselves
        grouped.setdefault(fact.about, {}).setdefault(fact.name, fact)
    return [(about, list(named.values())) for about, named in grouped.items()]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one regime makes of one notice, as it was judged last. `elements` are (full id, name, is there)."""

    report: str
    regime: str
    verdict: str
    missing: list[str]
    elements: list[tuple[str, str, bool]]
    why: str


def _verdicts(view: View) -> list[Verdict]:
    newest: dict[tuple[str, str], Any] = {}
    for fact in view.facts:
        if fact.name == "law.verdict":
            key = (fact.about, fact.value["regime"])
            if key not in newest or fact.pk > newest[key].pk:
                newest[key] = fact
    return [
        Verdict(
            report=fact.about,
            regime=fact.value["regime"],
            verdict=fact.value["verdict"],
            missing=[name.replace("-", " ") for name in fact.value["missing"]],
            elements=[
                (f"{fact.value['regime']}.el.{name}", name.replace("-", " "), bool(there))
                for name, there in sorted(
                    (dict.fromkeys(fact.value["missing"], False) | fact.value["elements"]).items()
                )
            ],
            why=str(fact.value.get("why", "")),
        )
        for _key, fact in sorted(newest.items())
    ]

"""The law in the desk: every regime as its cited table, and which law ran on a case, why, and what each clock counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk import clock
from trustdesk.core.regime_rules import ClockRule, Item, Regime
from trustdesk.core.types import Refused
from trustdesk.flow import confirm, events, letters, misuse, offers, putback
from trustdesk.queries import access, law, people, strikes, upkeep
from trustdesk.web.staff.common import actor, explain, page
from trustdesk.web.staff.happened import moment
from trustdesk.web.staff.upkeep import often


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: what it says in columns, where it is written, how sure its text is, and why it is off if it is."""

    cells: tuple[str, ...]
    rule: Item


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a regime's page."""

    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]


@require_safe
@page("see")
def listing(request: HttpRequest) -> HttpResponse:
    """Every regime, those that run on open cases first."""
    context = {
        "rows": law.regimes(request.user),
        "owed": law.outliving(request.user),
        "standing": upkeep.count(today=clock.now().date()),
        "problems": (*law.problems(), *letters.check()),
    }
    return render(request, "staff/law.html", context)


@require_safe
@page("see")
def regime(request: HttpRequest, ident: str) -> HttpResponse:
    """One regime as its cited table."""
    found = law.regime(request.user, ident)
    return render(request, "staff/law_regime.html", {"regime": found, "sections": sections(found)})


@require_http_methods(["GET", "HEAD", "POST"])
@page("see")
def on_case(request: HttpRequest, code: str) -> HttpResponse:
    """Which law ran on this case and why; a person with the right to work on it says what the facts leave open."""
    case = access.case(request.user, code)
    if request.method == "POST":
        access.require(request.user, "work")
        _say(request, case.pk)
        return HttpResponseRedirect(reverse("staff:law-case", args=[case.code]))
    found = law.on_case(request.user, case)
    said = (*found.verdicts, *found.confirmed, *found.actions)
    context = {
        "case": case,
        "law": found,
        "strikes": strikes.of_case(request.user, case, now=clock.now()),
        "orders": sorted(n for n in confirm.names() if not n.startswith("regime:")),
        "names": people.names({fact.source for fact in said}),
        "may_work": access.may(request.user, "work"),
        "sayable": events.open_to(case),
        "recorded": list(reversed(events.recorded(case))),
        "counters": counters(case),
        "offers": offers.of_case(case),
    }
    return render(request, "staff/law_case.html", context)


def counters(case: Any) -> list[Any]:
    """Reports of the case that a person may lodge as the customer's counter-notice: there is a decision to answer, and no
    counter-notice waits."""
    decision = case.decisions.filter(state="final", outcome="measures").order_by("-id").first()
    if decision is None or case.appeals.filter(kind="counter_notice").exists():
        return []
    return list(
        case.joinings.filter(report__received_at__gt=decision.made_at).select_related("report").order_by("-id")[:20]
    )


def _say(request: HttpRequest, number: int) -> None:
    given = {name: request.POST.get(name, "")[:500] for name in ("do", "what", "why", "court", "number")}
    who: dict[str, Any] = {"actor": actor(request), "now": clock.now()}
    try:
        if given["do"] in ("confirm", "end"):
            holds = given["do"] == "confirm"
            until = moment(request.POST.get("until", "")) if holds else None
            confirm.confirm(number, given["what"], why=given["why"], holds=holds, until=until, **who)
        elif given["do"] in ("action", "over"):
            over, court, which = given["do"] == "over", given["court"], given["number"]
            putback.court_action(number, court=court, number=which, why=given["why"], over=over, **who)
        elif given["do"] == "warn":
            misuse.warn_sender(number, given["what"], **who)
        else:
            return
        messages.success(request, _("It is written down, and the clocks follow it."))
    except Refused as refused:
        explain(request, refused)


def sections(regime: Regime) -> list[Section]:
    """The tables of a regime, those without a rule left out."""
    made = [
        _section(
            _("What the document must contain"),
            (_("Element"), _("Document"), _("Need")),
            regime.elements,
            lambda e: (e.title, e.document, e.requirement + (" · " + _("essential") if e.essential else "")),
        ),
        _section(
            _("Clocks"),
            (_("Clock"), _("Starts on"), _("Time"), _("Calendar"), _("At expiry")),
            regime.clocks,
            lambda c: (c.title, c.starts_on, span(c), c.calendar, c.at_expiry or c.consequence),
        ),
        _section(
            _("Letters owed"),
            (_("What"), _("To"), _("When")),
            regime.duties,
            lambda d: (d.title, d.to, d.when),
        ),
        _section(
            _("Who must not be told"),
            (_("What"), _("Who"), _("Until")),
            regime.silences,
            lambda s: (s.title, ", ".join(s.to), s.until or ", ".join(s.ends_on)),
        ),
        _section(
            _("What is left out of letters"),
            (_("What"), _("From whom"), _("Until")),
            regime.withheld,
            lambda w: (w.title, ", ".join(w.to), w.until),
        ),
        _section(
            _("What may be passed on"),
            (_("What"), _("To"), _("Condition")),
            regime.disclosures,
            lambda d: (d.title, d.to, d.condition),
        ),
        _section(
            _("What is kept"),
            (_("What"), _("How long"), _("From"), _("Duty")),
            regime.retention,
            lambda r: (
                r.title,
                f"{r.period} {r.unit}".replace("_", " ") if r.period else "–",
                r.starts_on,
                r.obligation,
            ),
        ),
        _section(_("What is counted"), (_("What"), _("How often")), regime.counts, lambda c: (c.title, c.cadence)),
        _section(
            _("What must always be there"),
            (_("What"), _("To"), _("How often")),
            regime.upkeeps,
            lambda u: (u.title, u.to, often(u)),
        ),
        _section(_("What threatens"), (_("What"),), regime.penalties, lambda p: (p.title,)),
    ]
    return [section for section in made if section.rows]


def _section(
    title: str, head: tuple[str, ...], rules: Iterable[Any], cells: Callable[[Any], tuple[str, ...]]
) -> Section:
    return Section(title, head, tuple(Row(cells(rule), rule) for rule in rules))


def span(rule: ClockRule) -> str:
    """The time of a clock in words, such as `10–14 business day`; the law's own word where it has no number."""
    numbers = "–".join(str(n) for n in dict.fromkeys((rule.low, rule.high)) if n is not None)
    return f"{numbers} {rule.unit.replace('_', ' ')}" if numbers else rule.standard or "–"

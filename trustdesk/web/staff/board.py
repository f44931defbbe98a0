"""The manager's board: numbers that lead to cases, charts with a table behind each and a sentence that says what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from trustdesk import clock
from trustdesk.queries import board as query
from trustdesk.web import words
from trustdesk.web.staff.common import page

#: The drawing's size; the page scales it.
WIDTH, HEIGHT, FOOT = 600, 190, 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with what it says and where its cases are."""

    x: float
    y: float
    width: float
    height: float
    label: str
    middle: float
    title: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, the sentence under its title, and the table behind it (head, rows of (cells, address))."""

    ident: str
    title: str
    says: str
    bars: Sequence[Bar]
    head: Sequence[str]
    rows: Sequence[tuple[Sequence[Any], str]]
    legend: Sequence[tuple[str, str]] = ()
    width: int = WIDTH
    height: int = HEIGHT


@require_safe
@page("see_board")
def show(request: HttpRequest) -> HttpResponse:
    """The board. The list of numbers is asked for again every half minute by the page itself."""
    now = clock.now()
    found = query.board(request.user, now=now, zone=timezone.get_current_timezone())
    context = {
        "board": found,
        "alerts": [_alert(alert) for alert in found.alerts],
        "charts": [_ages(found), _hours(found)],
        "risk": [(words.word("clock_kind", kind), counts) for kind, counts in found.risk.items()],
        "overturned": _percent(found.rates.overturned, found.rates.resolved),
        "appealed": _percent(found.rates.appealed, found.rates.decided),
        "zone": timezone.get_current_timezone_name(),
    }
    template = "staff/board_live.html" if request.headers.get("HX-Request") else "staff/board.html"
    return render(request, template, context)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _alert(alert: query.Alert) -> tuple[str, str, str]:
    """Tone, text and address of an alert."""
    home, n = reverse("staff:queue"), alert.count
    if alert.kind == "late":
        text = ngettext("%(n)s case is late.", "%(n)s cases are late.", n)
        return "danger", text % {"n": n}, f"{home}?due=late"
    if alert.kind == "soon":
        text = ngettext("%(n)s case falls due within the hour.", "%(n)s cases fall due within the hour.", n)
        return "warn", text % {"n": n}, f"{home}?due=hour"
    if alert.kind == "dead":
        text = ngettext("%(n)s task has given up.", "%(n)s tasks have given up.", n)
        return "danger", text % {"n": n}, reverse("staff:failed")
    if alert.kind == "held":
        text = ngettext(
            "%(n)s decision has waited for a second person for more than a day.",
            "%(n)s decisions have waited for a second person for more than a day.",
            n,
        )
        return "warn", text % {"n": n}, f"{home}?state=held"
    if alert.kind == "rulebook":
        text = _("The files of the rulebook have become bad. The desk keeps the last good ones.")
        return "danger", text, reverse("staff:law")
    if alert.kind == "upkeep_late":
        text = ngettext("%(n)s standing duty is late.", "%(n)s standing duties are late.", n)
        return "danger", text % {"n": n}, reverse("staff:upkeep")
    if alert.kind == "upkeep_soon":
        text = ngettext("%(n)s standing duty is due soon.", "%(n)s standing duties are due soon.", n)
        return "warn", text % {"n": n}, reverse("staff:upkeep")
    text = ngettext(
        "The ledger has had no checkpoint for %(n)s hour.", "The ledger has had no checkpoint for %(n)s hours.", n
    )
    return "danger", text % {"n": n}, reverse("staff:ledger")


def _age_name(young: int, old: int | None) -> str:
    if old is None:
        return _("%(n)s days and more") % {"n": young}
    return _("under a day") if not young else _("%(from)s to %(to)s days") % {"from": young, "to": old}


def _ages(found: query.Board) -> Chart:
    names = [_age_name(*pair) for pair in query.AGES]
    total, old = sum(found.ages), sum(found.ages[3:])
    says = _("Nothing is open.")
    if total:
        says = ngettext(
            "%(n)s case is open; %(old)s of them for a week or longer (%(share)s).",
            "%(n)s cases are open; %(old)s of them for a week or longer (%(share)s).",
            total,
        ) % {"n": total, "old": old, "share": _percent(old, total)}
    tones = ["", "", "", "warn", "warn", "danger"]
    bars = list(_bars([found.ages], names, [tones]))
    home = reverse("staff:queue")
    rows = []
    for (young, _old), name, number in zip(query.AGES, names, found.ages, strict=True):
        # A list is filtered by "at least so old": the link of the youngest shows them all.
        rows.append(((name, number), f"{home}?older={young}" if young else home))
    return Chart("ages", _("Backlog by age"), says, bars, (_("Open for"), _("Cases")), rows)


def _hours(found: query.Board) -> Chart:
    received, decided = [h.received for h in found.hours], [h.decided for h in found.hours]
    says = _("Nothing came in in the last four weeks.")
    if sum(received):
        busiest = max(found.hours, key=lambda h: h.received)
        alone = sum(h.received for h in found.hours if not h.people)
        says = _(
            "Over four weeks most reports came between %(hour)s and %(next)s; %(share)s came at hours at which nobody decided."
        ) % {
            "hour": f"{busiest.hour}:00",
            "next": f"{(busiest.hour + 1) % 24}:00",
            "share": _percent(alone, sum(received)),
        }
    names = [str(h.hour) for h in found.hours]
    bars = list(_bars([received, decided], names, [[""] * 24, ["info"] * 24]))
    rows = [((f"{h.hour}:00", h.received, h.decided, h.people), "") for h in found.hours]
    head = (_("Hour"), _("Reports received"), _("Decisions by people"), _("People who decided"))
    legend = [("", _("Reports received")), ("info", _("Decisions by people"))]
    return Chart("hours", _("Staffing by hour"), says, bars, head, rows, legend)


def _bars(series: Sequence[Sequence[int]], names: Sequence[str], tones: Sequence[Sequence[str]]) -> Any:
    """Bars side by side for each name; every number of at least one is seen."""
    most = max((max(values, default=0) for values in series), default=0) or 1
    slot = WIDTH / len(names)
    width = min(slot * 0.8 / len(series), 64)
    for place, name in enumerate(names):
        middle = slot * (place + 0.5)
        for number, values in enumerate(series):
            height = (HEIGHT - FOOT - 14) * values[place] / most
            height = max(height, 2) if values[place] else 0
            x = middle - width * len(series) / 2 + width * number
            label = name if number == 0 else ""
            yield Bar(
                round(x, 1),
                round(HEIGHT - FOOT - height, 1),
                round(width * 0.92, 1),
                round(height, 1),
                label,
                round(middle, 1),
                str(values[place]) if len(names) < 10 and values[place] else "",
                tones[number][place],
            )

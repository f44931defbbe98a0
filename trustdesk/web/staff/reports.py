"""The weekly figures, computed from the journal alone; the same document that `trustdesk publish weekly` writes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk import clock
from trustdesk.insight import periods, publication
from trustdesk.queries import journal, ledger
from trustdesk.web import words
from trustdesk.web.staff.common import page

#: A week that is over is counted again only when the journal has grown.
KEPT = 15 * 60


@require_safe
@page("see_reports")
def show(request: HttpRequest) -> HttpResponse:
    """One week, with the week before beside it; as a page, JSON or CSV."""
    now = clock.now()
    current = periods.holding("weekly", now)
    name = request.GET.get("week", "")
    try:
        period = periods.named("weekly", name) if name else current
    except periods.BadPeriod as error:
        raise Http404(str(error)) from error
    document = _document(period)
    wanted = request.GET.get("format", "")
    if wanted == "json":
        return _file(publication.to_json(document), "application/json", f"weekly-{period.name}.json")
    if wanted == "csv":
        return _file(publication.to_csv(document), "text/csv; charset=utf-8", f"weekly-{period.name}.csv")
    before = period.before()
    context = {
        "d": document,
        "period": period,
        "before": before,
        "after": None if period.end > now else periods.holding("weekly", period.end),
        "running": period.end > now,
        "categories": _table(document["received"]["by_category"], "category"),
        "outcomes": _table(document["outcomes"], "outcome"),
        "channels": _table(document["received"]["by_channel"], "channel"),
        "forms": _table(document["received"]["by_form"], "form"),
        "days": document["by_day"],
        "peak": max((max(day["received"], day["opened"], day["closed"]) for day in document["by_day"]), default=0) or 1,
    }
    return render(request, "staff/reports.html", context)


def _document(period: periods.Period) -> dict[str, Any]:
    key = f"weekly:{period.name}:{ledger.newest()}"
    known = cache.get(key)
    if known is None:
        with journal.reading() as reading:
            known = publication.account(
                reading.lines, period, checkpoint=reading.checkpoint, provider=settings.DESK.name
            )
        cache.set(key, known, KEPT)
    return dict(known)


def _table(counts: dict[str, int], table: str) -> list[tuple[str, int, int]]:
    """(word, number, share in percent) of each line."""
    total = sum(counts.values()) or 1
    return [(words.word(table, name), number, round(number * 100 / total)) for name, number in counts.items()]


def _file(text: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

"""Reports on a week, month or quarter, computed from the journal alone; the same documents that `trustdesk publish` writes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trustdesk import clock
from trustdesk.insight import periods, publication
from trustdesk.queries import journal, ledger, publications
from trustdesk.web.staff.common import page

#: A period is counted again only when the journal has grown.
KEPT = 15 * 60


@require_safe
@page("see_reports")
def show(request: HttpRequest) -> HttpResponse:
    """One period with the one before beside it; as a page, or as the file that `trustdesk publish` writes."""
    from trustdesk.insight.publications.formats import FORMATS, LANGUAGES, write

    now, kind = clock.now(), request.GET.get("kind", "weekly")
    if kind not in periods.KINDS:
        raise Http404("no such kind of report")
    current = periods.holding(kind, now)
    name = request.GET.get("period", request.GET.get("week", ""))
    try:
        period = periods.named(kind, name) if name else current
    except periods.BadPeriod as error:
        raise Http404(str(error)) from error
    wanted = request.GET.get("format", "")
    if wanted and wanted not in FORMATS:
        raise Http404("no such format")
    document = _document(period)
    spoken = (get_language() or "en").partition("-")[0]
    language = spoken if spoken in LANGUAGES else "en"
    if wanted:
        return _file(write(wanted, document, language), FORMATS[wanted].media_type, f"{kind}-{period.name}.{wanted}")
    context = _drawn(document, language) | {
        "kind": kind,
        "kinds": (("weekly", _("Week")), ("monthly", _("Month")), ("quarterly", _("Quarter"))),
        "d": document,
        "period": period,
        "before": period.before(),
        "after": None if period.end > now else periods.holding(kind, period.end),
        "running": period.end > now,
        "formats": [(name, name.upper()) for name in ("pdf", "xlsx", "html", "csv", "json")],
        "kept": publications.of_period(kind, period.name),
    }
    return render(request, "staff/reports.html", context)


def _document(period: periods.Period) -> dict[str, Any]:
    key = f"report:{period.kind}:{period.name}:{ledger.newest()}"
    known = cache.get(key)
    if known is None:
        with journal.reading() as reading:
            known = publication.account(
                reading.lines, period, checkpoint=reading.checkpoint, provider=settings.DESK.name
            )
        cache.set(key, known, KEPT)
    return dict(known)


def _drawn(document: dict[str, Any], language: str) -> dict[str, Any]:
    """What the page shows, from the same sections as the file."""
    from trustdesk.insight.publications import charts, sections, summary
    from trustdesk.insight.publications.page import FONT
    from trustdesk.insight.publications.texts import texts

    t = texts(language)
    shown = []
    for s in sections.sections(document, t):
        # Drawn by us from numbers; the names in it are escaped by the drawing program.
        drawn = SafeString(mark_safe(charts.svg(s, t, font=FONT, page=True)))  # noqa: S308
        shown.append(
            {"id": f"h-{s.ident}", "title": s.title, "sentence": s.sentence, "chart": drawn, "folded": s.folded and bool(drawn),
             "half": s.chart in ("bars", "changes"), "columns": [(c.title, c.kind != "text") for c in s.columns],
             "rows": [(row[0], [(cell, c.kind != "text") for cell, c in zip(row[1:], s.columns[1:], strict=True)])
                      for row in sections.cells(s, t)]}
        )  # fmt: skip
    return {
        "title": t.title(document["kind"], document["period"]),
        "days": t.days(document),
        "lead": summary.summary(document, t),
        "cards": sections.cards(document, t),
        "sections": shown,
    }


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

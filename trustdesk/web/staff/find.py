"""Search, as a page and as the command palette's source."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trustdesk.queries import find
from trustdesk.queries.find import Found
from trustdesk.web import safe_text, words
from trustdesk.web.staff.common import page


@require_safe
@page("see")
def search(request: HttpRequest) -> HttpResponse:
    """What was found; a code that is typed whole opens its case."""
    query = request.GET.get("q", "").strip()
    found = find.search(request.user, query)
    if found.exact is not None and len(query) >= 8:
        return HttpResponseRedirect(reverse("staff:case", args=[found.exact.code]))
    return render(request, "staff/search.html", {"found": found, "query": query})


@require_safe
@page("see")
def palette(request: HttpRequest) -> HttpResponse:
    """The best hits as JSON: `{"found": [{"href", "title", "detail"}]}`."""
    found = find.search(request.user, request.GET.get("q", ""), limit=6)
    return JsonResponse({"found": _hits(found)[:10]})


def _hits(found: Found) -> list[dict[str, Any]]:
    hits: dict[str, dict[str, Any]] = {}
    for case in ([found.exact] if found.exact else []) + found.cases:
        detail = f"{words.word('category', case.category)} · {words.word('case_state', case.state)}"
        title = f"{case.code}  {safe_text.one_line(safe_text.defang_text(case.title), 80)}"
        hits[case.code] = {"href": reverse("staff:case", args=[case.code]), "title": title, "detail": detail}
    queue = reverse("staff:queue")
    for subject in found.subjects:
        href = f"{queue}?subject={subject.ref}&state=all"
        hits[subject.ref] = {"href": href, "title": f"{subject.name} · {subject.ref}", "detail": _("customer")}
    for asset in found.assets:
        href = f"{queue}?subject={asset.subject.ref}&state=all"
        title = safe_text.defang(asset.value, "domain")
        hits[f"asset {asset.pk}"] = {"href": href, "title": title, "detail": f"{asset.subject.name} · {asset.ref}"}
    return list(hits.values())

"""The transparency page shows the newest public figures, which are a signed publication themselves; nothing is counted
while somebody waits for the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trustdesk import evidence
from trustdesk.core import journal
from trustdesk.flow import publish
from trustdesk.queries import publications
from trustdesk.web.public import countries

#: Half a year of public files is read by many; they never change under their address.
FOREVER = "public, max-age=31536000, immutable"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Figures of one period (the newest, or `?period=`), and the list of everything that was published."""
    listed = publications.public()
    shown = [one.publication for one in listed if one.latest and one.publication.kind == "transparency"]
    wanted = request.GET.get("period", "")
    chosen = next((one for one in shown if one.period == wanted), None) if wanted else next(iter(shown), None)
    if wanted and chosen is None:
        raise Http404
    context: dict[str, Any] = {"listed": [_listed(one) for one in listed], "periods": [one.period for one in shown]}
    if chosen is not None:
        context |= _figures(json.loads(evidence.get(chosen.evidence_id)), chosen)
    return render(request, "publications/page.html", context)


def _figures(d: Mapping[str, Any], chosen: publications.Version) -> dict[str, Any]:
    most = max((row["received"] for row in d["reports"]["by_category"]), default=0) or 1
    rows = [row | {"share": f"{row['received'] / most * 100:.1f}"} for row in d["reports"]["by_category"]]
    asked = [row | {"name": _country(row["country"])} for row in d["governments"]["rows"]]
    return {
        "d": d,
        "chosen": chosen,
        "first": date.fromisoformat(d["first"]),
        "last": date.fromisoformat(d["last"]),
        "categories": rows,
        "acted_on": [row for row in asked if row["kind"] == "act"],
        "told": [row for row in asked if row["kind"] == "information"],
        "any_hidden": any(row["country"] == "others" for row in asked),
    }


def _country(code: str) -> str:
    names = {"others": _("Other countries together"), "unknown": _("Country not recorded")}
    return names.get(code) or countries.name(code)


def _listed(one: publications.Listed) -> dict[str, Any]:
    p = one.publication
    kinds = {
        "dsa": _("Harmonised report under the Digital Services Act"),
        "transparency": _("Figures of this page"),
        "weekly": _("Weekly report"),
        "monthly": _("Monthly report"),
        "quarterly": _("Quarterly report"),
    }
    name = f"{p.kind}-{p.period}-v{p.version}.{p.format}"
    return {
        "p": p,
        "title": kinds.get(p.kind, p.kind),
        "latest": one.latest,
        "name": name,
        "size": p.evidence.size,
        "signature": f"{name}.sig.json",
    }


@require_safe
def download(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """The bytes of a public version, or with the ending `.sig.json` the signed statement about them."""
    one = publications.version(number)
    if one is None:
        raise Http404
    own = f"{one.kind}-{one.period}-v{one.version}.{one.format}"
    if name == own:
        try:
            content = evidence.get(one.evidence_id)
        except (evidence.Erased, FileNotFoundError):
            raise Http404 from None
        answer = HttpResponse(content, content_type=publish.MEDIA.get(one.format, "application/octet-stream"))
    elif name == f"{own}.sig.json":
        said = {
            "statement": json.loads(journal.canonical(publish.statement(one))),
            "signature": one.signature,
            "algorithm": "Ed25519 over the statement as JSON with sorted keys and no blanks, in UTF-8",
            "public_key": publish.public_key(),
        }
        answer = HttpResponse(json.dumps(said, ensure_ascii=False, indent=2) + "\n", content_type="application/json")
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = FOREVER
    return answer


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public key of the desk as PEM."""
    return HttpResponse(publish.public_key(), content_type="application/x-pem-file")

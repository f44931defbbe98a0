"""The customer's account: every case that we wrote to them about, and all of it as a file to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk.flow import links, silence
from trustdesk.queries import public
from trustdesk.web import limits
from trustdesk.web.public.private import _found, speak

#: Files per network and hour; each is gathered anew.
PER_HOUR = 30
COLUMNS = ("case", "kind", "opened_at", "closed_at", "decision", "decided_at", "ground", "clause", "law", "automated", "measures",
           "appeals")  # fmt: skip


@require_safe
def history(request: HttpRequest, token: str, form: str = "") -> HttpResponse:
    """The history behind a customer's link, as a page, JSON or CSV. Neither names who reported."""
    numbers = links.resolve_customer(token)
    if numbers is None:
        raise Http404("no such case")
    view = _found(lambda: public.customer(*numbers))
    if _forbidden(view.case):
        raise Http404("no such case")
    speak(request, view.case.subject.language if view.case.subject else "")
    if form and not limits.hit("export", limits.client(request), limit=PER_HOUR, seconds=3600):
        return render(request, "errors/429.html", status=429)
    cases = [item for item in public.account(numbers[1]) if not _forbidden(item.case)]
    if form == "json":
        text = json.dumps(_document(view.case.subject, cases), ensure_ascii=False, indent=1)
        return _file(text, "application/json", "json")
    if form == "csv":
        return _file(_table(cases), "text/csv; charset=utf-8", "csv")
    return render(request, "public/account.html", {"cases": cases, "subject": view.case.subject, "token": token})


def _forbidden(case: Any) -> bool:
    return bool(silence.forbidden(case, to="customer", letter="statement_of_reasons"))


def _document(subject: Any, cases: Iterable[public.AccountCase]) -> dict[str, Any]:
    return {
        "provider": settings.DESK.legal_name,
        "customer": {"ref": subject.ref, "name": subject.name, "email": subject.email, "country": subject.country},
        "cases": [
            {
                "case": item.case.code,
                "kind": item.case.category,
                "service": item.case.asset.ref if item.case.asset else None,
                "opened_at": item.case.opened_at.isoformat(),
                "closed_at": item.case.closed_at.isoformat() if item.case.closed_at else None,
                "decisions": [_decision(d) for d in item.decisions],
                "measures": [
                    {"kind": m.kind, "service": m.asset.ref if m.asset else None, "state": m.state,
                     "applied_at": m.applied_at.isoformat() if m.applied_at else None,
                     "lifted_at": m.lifted_at.isoformat() if m.lifted_at else None}
                    for m in item.measures
                ],
                "appeals": [
                    {"kind": a.kind, "text": a.text, "lodged_at": a.lodged_at.isoformat(), "state": a.state,
                     "reasons": a.reasons}
                    for a in item.appeals
                ],
                "letters": [
                    {"kind": n.kind, "title": n.title, "text": n.text, "sent_at": n.sent_at.isoformat() if n.sent_at else None}
                    for n in item.letters
                ],
            }
            for item in cases
        ],
    }  # fmt: skip


def _decision(decision: Any) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "made_at": decision.made_at.isoformat(),
        "ground": decision.ground,
        "clause": decision.clause,
        "law": decision.law,
        "reasons": decision.reasons,
        "automated": decision.automated,
        "in_force": decision.state == "final",
        "appeal_until": decision.appeal_until.isoformat() if decision.appeal_until else None,
    }


def _table(cases: Iterable[public.AccountCase]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in cases:
        for decision in (*item.decisions, *(() if item.decisions else (None,))):
            measures = [m for m in item.measures if decision is not None and m.decision_id == decision.pk]
            row = [
                item.case.code,
                item.case.category,
                item.case.opened_at.isoformat(),
                item.case.closed_at.isoformat() if item.case.closed_at else "",
                *(
                    (
                        decision.outcome,
                        decision.made_at.isoformat(),
                        decision.ground,
                        decision.clause,
                        decision.law,
                        decision.automated,
                    )
                    if decision is not None
                    else ("",) * 6
                ),
                " ".join(f"{m.kind}:{m.state}" for m in measures),
                " ".join(f"{a.kind}:{a.state}" for a in item.appeals),
            ]
            writer.writerow(_cell(value) for value in row)
    return out.getvalue()


def _cell(value: Any) -> str:
    """A sheet takes a cell that begins like this for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _file(text: str, kind: str, ending: str) -> HttpResponse:
    name = f"account-history.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(text, content_type=kind, headers=headers)

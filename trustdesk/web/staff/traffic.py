"""What came in, what went out, the local mailbox, and the work that failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from trustdesk import clock
from trustdesk.core.types import Form, Refused
from trustdesk.flow import parse, work
from trustdesk.flow import reread as again
from trustdesk.queries import access, mailbox, statements, traffic
from trustdesk.queries.traffic import decode_report
from trustdesk.web import safe_html, safe_text, words
from trustdesk.web.staff.common import actor, explain, page, pages

SHOWN = 60_000


@require_safe
@page("see_traffic")
def incoming(request: HttpRequest) -> HttpResponse:
    """Everything that came in, and what became of it."""
    picked = {
        name: _known(request, name, table)
        for name, table in (("channel", words.CHANNEL), ("state", words.REPORT_STATE))
    }
    form = request.GET.get("form", "") if request.GET.get("form", "") in set(Form) else ""
    found = pages(request, traffic.incoming(request.user, form=form, **picked))
    context = {
        "page": found,
        "unreadable": traffic.unreadable(found.object_list),
        "picked": picked | {"form": form},
        "tallies": traffic.tallies(request.user, now=clock.now()),
        "channels": [
            (k, words.word("channel", k))
            for k in ("mail", "form", "api", "import", "feed", "portal", "detector", "history")
        ],
        "states": list(words.REPORT_STATE.items()),
        "forms": list(words.FORM.items()),
    }
    return render(request, "staff/incoming.html", context)


@require_safe
@page("see_traffic")
def report(request: HttpRequest, code: str) -> HttpResponse:
    """One report as it was read: its text, what it claims, and what was wrong with it."""
    number = decode_report(code)
    if number is None:
        raise Http404(code)
    found = traffic.report(request.user, number)
    reading = parse.shown(found)
    text = reading.text[:SHOWN]
    indicators = list(found.indicators.all())
    spans = [
        (i.start, i.end, i.role, i.kind, i.value) for i in indicators if i.start >= 0 and text[i.start : i.end] == i.raw
    ]
    context = {
        "report": found,
        "segments": list(safe_text.marked(text, spans)),
        "subject": safe_text.one_line(safe_text.defang_text(reading.subject)),
        "problems": reading.problems,
        "indicators": sorted(indicators, key=lambda i: i.position),
        "cases": [j.case for j in found.joinings.all()],
        "cut": len(reading.text) > SHOWN,
        "may_reread": access.may(request.user, "retry_work") and found.evidence.erased_at is None,
        "failure": _failure(found),
        "signatures": [_signature(tag) for tag in reading.tags if tag.startswith("signed:")],
        "together": access.may(request.user, "work") and len(found.joinings.all()) > 1,
    }
    return render(request, "staff/report.html", context)


def _signature(tag: str) -> tuple[str, str, str, str]:
    """(scheme, what came of it in words, tone, whose the key is) of a tag `signed:<kind>:<result>:<owner>`."""
    _signed, kind, result, *owner = tag.split(":", 3)
    scheme = {"pgp": "OpenPGP", "smime": "S/MIME"}.get(kind, kind)
    tone = {"good": "ok", "bad": "danger"}.get(result, "warn")
    return scheme, words.word("signature", result), tone, owner[0] if owner else ""


@require_POST
@page("retry_work")
def reread(request: HttpRequest, code: str) -> HttpResponse:
    """Read a report again with today's reader."""
    number = decode_report(code)
    if number is None:
        raise Http404(code)
    found = traffic.report(request.user, number)
    try:
        done = again.reread(found.pk, actor=actor(request), now=clock.now())
    except Refused as refused:
        explain(request, refused)
    else:
        if done.cases:
            cases = ", ".join(done.cases)
            messages.success(request, _("Read again. It is in %(cases)s now as well.") % {"cases": cases})
        elif done.changed:
            messages.success(request, _("Read again; what it claims was put right."))
        else:
            messages.info(request, _("Read again, with the same result."))
    return HttpResponseRedirect(reverse("staff:report", args=[found.code]))


@require_POST
@page("retry_work")
def reread_all(request: HttpRequest) -> HttpResponse:
    """Have everything read again that could not be read, or not well."""
    n = again.ask_again(actor=actor(request), now=clock.now())
    text = ngettext("%(n)s report is being read again.", "%(n)s reports are being read again.", n) % {"n": n}
    messages.success(request, text)
    return HttpResponseRedirect(reverse("staff:failed"))


@require_safe
@page("see_letters")
def outbox(request: HttpRequest) -> HttpResponse:
    """Every letter, the newest first."""
    picked = {
        name: _known(request, name, table) for name, table in (("state", words.NOTICE_STATE), ("kind", words.NOTICE))
    }
    context = {
        "page": pages(request, traffic.outbox(request.user, **picked)),
        "picked": picked,
        "states": list(words.NOTICE_STATE.items()),
        "kinds": list(words.NOTICE.items()),
        "mailbox": mailbox.available(),
    }
    return render(request, "staff/outbox.html", context)


@require_safe
@page("see_letters")
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """One letter as it was sent: text, and its HTML cleaned to what a letter of ours may contain."""
    found = traffic.letter(request.user, number)
    context = {"notice": found, "html": safe_html.letter(found.html), "as_html": request.GET.get("as") == "html"}
    return render(request, "staff/letter.html", context)


@require_safe
@page("see_letters")
def dsa_record(request: HttpRequest, number: int) -> HttpResponse:
    """A statement of reasons in the field names of the DSA Transparency Database, with what keeps it from going there."""
    found = traffic.letter(request.user, number)
    if found.kind != "statement_of_reasons":
        raise Http404("no statement of reasons")
    record, findings = statements.dsa_record(found)
    answer = {"record": record, "findings": [{"field": f.field, "message": f.message} for f in findings]}
    return JsonResponse(answer, json_dumps_params={"indent": 1, "ensure_ascii": False})


@require_safe
@page("see_letters")
def local_mailbox(request: HttpRequest) -> HttpResponse:
    """The mailbox that the embedded desk delivers to, so that a trial needs no mail server."""
    if not mailbox.available():
        raise Http404("no local mailbox")
    messages_ = mailbox.newest(request.GET.get("to", "")[:254])
    chosen = next((m for m in messages_ if m.key == request.GET.get("m")), messages_[0] if messages_ else None)
    body = mailbox.read(chosen.key) if chosen else None
    context = {
        "mails": messages_,
        "chosen": chosen,
        "body": body,
        "html": safe_html.letter(body.html) if body else "",
        "as_html": request.GET.get("as") == "html",
    }
    return render(request, "staff/mailbox.html", context)


@require_safe
@page("see_traffic")
def failed(request: HttpRequest) -> HttpResponse:
    """Tasks that gave up: which, why, and a button to try again."""
    tasks = traffic.failed(request.user)
    context = {
        "tasks": [(task, _reason(task.error), _about(task)) for task in tasks],
        "work": traffic.work(now=clock.now()),
        "may_retry": access.may(request.user, "retry_work"),
        "poor": again.poor().count(),
        "rereading": again.under_way(),
    }
    return render(request, "staff/failed.html", context)


@require_POST
@page("retry_work")
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Give a dead task another life."""
    if work.revive(number, now=clock.now()):
        messages.success(request, _("The task is being tried again."))
    else:
        messages.warning(request, _("This task does not wait for a person (any more)."))
    return HttpResponseRedirect(reverse("staff:failed"))


def _failure(report: Any) -> str:
    """Why a report that nobody could place was not placed: the last line of what its task died of."""
    return _reason(traffic.failure(report)) if report.state == "received" else ""


def _known(request: HttpRequest, name: str, table: Any) -> str:
    value = request.GET.get(name, "")
    return value if value in table else ""


def _reason(error: str) -> str:
    """The last line of a trace says what went wrong."""
    lines = [line for line in error.strip().splitlines() if line.strip()]
    return safe_text.one_line(safe_text.defang_text(lines[-1])) if lines else ""


def _about(task: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in task.arguments.items())

"""Every component in every state, on one page: what docs/develop/design.md shows, and what axe looks at."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk import clock
from trustdesk.web import safe_text, words
from trustdesk.web.icons import ICONS
from trustdesk.web.staff.common import page

SAMPLE = (
    "Hola equipo de abuso,\n\nDetectamos una página que suplanta nuestra banca en línea:\n\n"
    "  https://login-bancoazul.example/acceso/verificar\n\nEl sitio legítimo es https://www.bancoazul.example. "
    "IP observada: 203.0.113.41\n\nnom\u202egpj.exe\n"
)


def _span(text: str, role: str, kind: str) -> tuple[int, int, str, str, str]:
    start = SAMPLE.index(text)
    return (start, start + len(text), role, kind, text)


@require_safe
@page("see")
def show(request: HttpRequest) -> HttpResponse:
    """The gallery."""
    now = clock.now()
    clocks = [
        SimpleNamespace(
            due_at=now + due,
            started_at=now - timedelta(hours=3),
            title=title,
            name=title,
            kind=kind,
            source=source,
            state="running",
        )
        for due, title, kind, source in (
            (timedelta(minutes=-30), "First decision", "target", "house target"),
            (timedelta(minutes=41), "First decision", "target", "house target"),
            (timedelta(hours=5), "Removal", "statutory", "Take It Down Act §3"),
            (timedelta(days=12), "Put back", "statutory", "17 USC 512(g)(2)(C)"),
        )
    ]
    spans = [
        _span("https://login-bancoazul.example/acceso/verificar", "target", "url"),
        _span("https://www.bancoazul.example", "reference", "url"),
        _span("203.0.113.41", "target", "ip"),
    ]
    context = {
        "icons": sorted(ICONS),
        "clocks": clocks,
        "categories": list(words.CATEGORY),
        "segments": list(safe_text.marked(SAMPLE, spans)),
        "tones": ["", "ok", "warn", "danger", "info", "accent"],
        "earlier": now - timedelta(minutes=6),
    }
    return render(request, "staff/parts.html", context)

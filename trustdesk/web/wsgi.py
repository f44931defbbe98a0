"""The door for a WSGI server (waitress embedded, gunicorn in production)."""

from __future__ import annotations

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.settings")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Django, with workers holding back while somebody who waits for an answer has something to write."""
    from trustdesk import turn

    if environ.get("REQUEST_METHOD") in SAFE:
        return _django(environ, start_response)
    with turn.first():
        return _django(environ, start_response)

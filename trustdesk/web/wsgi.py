"""The door for a WSGI server (waitress embedded, gunicorn in production)."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.settings")

application = get_wsgi_application()

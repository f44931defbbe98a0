"""The addresses of the API; its description is at /v1/openapi.json."""

from __future__ import annotations

from django.urls import path

from trustdesk.web.api import bulk  # noqa: F401 - adds its address
from trustdesk.web.api.reports import api

urlpatterns = [path("v1/", api.urls)]

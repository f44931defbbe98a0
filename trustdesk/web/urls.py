"""Every address the desk answers."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from trustdesk.web import health, preferences

urlpatterns = [
    path("", include("trustdesk.web.public.urls")),
    path("", include("trustdesk.web.publications.urls")),
    path("", include("trustdesk.web.api.urls")),
    path("desk/", include("trustdesk.web.staff.urls")),
    path("desk/account/", include("trustdesk.web.account.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("preferences/theme", preferences.theme, name="theme"),
    path("preferences/language", set_language, name="set_language"),
]

handler400 = "trustdesk.web.errors.bad_request"
handler403 = "trustdesk.web.errors.denied"
handler404 = "trustdesk.web.errors.not_found"
handler500 = "trustdesk.web.errors.broken"

"""What every template may use. The sidebar's counts are computed only when a page shows them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from trustdesk import clock

THEMES = ("light", "dark")


def desk(request: HttpRequest) -> dict[str, Any]:
    """The provider, the theme, the present moment and, lazily, the sidebar."""
    now = clock.now()
    theme = request.COOKIES.get("theme", "")
    return {
        "desk": settings.DESK,
        "desk_languages": settings.LANGUAGES,
        "theme": theme if theme in THEMES else "",
        "theme_is_light": str(theme == "light").lower(),
        "theme_is_dark": str(theme == "dark").lower(),
        "server_now": f"{now.timestamp():.0f}",
        "iso_week": now.isocalendar().week,
        "nav": SimpleLazyObject(lambda: _navigation(request)),
        "person_roles": SimpleLazyObject(lambda: _roles(request)),
    }


def _navigation(request: HttpRequest) -> Any:
    from trustdesk.web.staff import navigation

    return navigation.build(request)


def _roles(request: HttpRequest) -> list[str]:
    from trustdesk.queries import access

    return sorted(access.roles(request.user)) if request.user.is_authenticated else []

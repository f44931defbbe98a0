"""What every page of the desk shares: sign-in and rights, the actor, pages of long lists, refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from trustdesk import clock
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import custody
from trustdesk.queries import access
from trustdesk.web import words
from trustdesk.web.account import second_factor

View = Callable[..., HttpResponse]


def page(right: str = "see") -> Callable[[View], View]:
    """A page for signed-in people with `right`. What a person may not see does not exist (404), what they may see but
    not do is refused (403)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not access.roles(request.user):
                if request.user.is_authenticated:
                    return render(request, "errors/403.html", {"reason": "role"}, status=403)
                return redirect_to_login(request.get_full_path())
            if second_factor.missing(request):
                return redirect("mfa_index")
            try:
                access.require(request.user, right)
                response = view(request, *args, **kwargs)
                for number in access.sealed_seen(request.user):
                    custody.viewed(number, actor=actor(request), now=clock.now())
                return response
            except access.Denied:
                return render(request, "errors/403.html", status=403)
            except ObjectDoesNotExist as error:
                raise Http404(str(error)) from error

        setattr(guarded, "right", right)  # noqa: B010 - what docs/operate/people.md and its test read
        return guarded

    return decorate


def actor(request: HttpRequest) -> Actor:
    """The signed-in person as the journal writes them: a number, never a name."""
    return Actor("person", str(request.user.pk))


def explain(request: HttpRequest, refused: Refused) -> None:
    """Say on the next page why it was not done."""
    for finding in refused.findings:
        messages.error(request, words.finding(finding))


def pages(request: HttpRequest, found: Any, size: int = 50) -> Page:
    """The page of `found` that the address asks for; a page number out of range gives the nearest one."""
    shown = Paginator(found, size).get_page(request.GET.get("page"))
    query = request.GET.copy()
    for name, number in (
        ("previous_href", shown.number - 1 if shown.has_previous() else None),
        ("next_href", shown.number + 1 if shown.has_next() else None),
    ):
        if number is not None:
            query["page"] = str(number)
            setattr(shown, name, f"?{query.urlencode()}")
    return shown

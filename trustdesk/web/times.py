"""Times as people read them: how long ago, how much is left. `static/trustdesk/times.js` says the same in the browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import get_language
from django.utils.translation import gettext as _

#: Below this a clock is shown in red, below the next in amber.
HOT = timedelta(hours=1)
WARM = timedelta(hours=8)


def span(seconds: float) -> str:
    """A length of time in at most two units: `41 min`, `3 h 05`, `9 d`."""
    seconds = int(seconds)
    if seconds < 3600:
        return f"{seconds // 60} {_('min')}"
    if seconds < 86400:
        return f"{seconds // 3600} {_('h')} {seconds % 3600 // 60:02d}"
    return f"{seconds // 86400} {_('d')}"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `6 min ago`, `3 h 05 ago`, and a date from the second day on."""
    past = (now - at).total_seconds()
    if past < 60:
        return _("just now") if past > -60 else day(at, now)
    if past < 86400:
        return _("%s ago") % span(past)
    return day(at, now)


def left(due: datetime, now: datetime) -> str:
    """`41 min`, `3 h 05`, `Tomorrow`, `27 Nov`; `2 h 10 late` once it is past."""
    seconds = (due - now).total_seconds()
    if seconds < 0:
        return _("%s late") % span(-seconds)
    if seconds < 86400:
        return span(seconds)
    days = (timezone.localtime(due).date() - timezone.localtime(now).date()).days
    return _("Tomorrow") if days == 1 else day(due, now)


def day(at: datetime, now: datetime) -> str:
    """A date without what is obvious: the year is left out when it is this one."""
    local = timezone.localtime(at)
    date = f"{local.day} {_month(local)}"
    return date if local.year == timezone.localtime(now).year else f"{date} {local.year}"


def full(at: datetime) -> str:
    """Date, time and zone, for hovering and for print."""
    local = timezone.localtime(at)
    return f"{local.day} {_month(local)} {local.year}, {local:%H:%M} {local.tzname()}"


def _month(local: datetime) -> str:
    """Three letters. Django's date formats write the same and take twenty times as long, which a list of times shows."""
    return _months(get_language())[local.month]


@cache
def _months(_language: str | None) -> dict[int, str]:
    return {number: str(name).title() for number, name in MONTHS_3.items()}


def heat(due: datetime, now: datetime) -> str:
    """ "danger" (late or within the hour), "warn" (within eight hours) or ""."""
    rest = due - now
    return "danger" if rest < HOT else "warn" if rest < WARM else ""


def used(start: datetime, due: datetime, now: datetime) -> int:
    """How much of the time between `start` and `due` is gone, 0 to 100."""
    whole = (due - start).total_seconds()
    if whole <= 0:
        return 100
    return max(0, min(100, round((now - start).total_seconds() * 100 / whole)))

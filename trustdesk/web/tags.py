"""Template tags of the desk; a builtin of its template engine, so that no page has to load it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import re2
from django import template
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as plain_url
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trustdesk import clock as desk_clock
from trustdesk.core.said import said
from trustdesk.flow import links
from trustdesk.queries import access
from trustdesk.web import safe_text, times, words
from trustdesk.web.addresses import address
from trustdesk.web.icons import ICONS

register = template.Library()


class Address(URLNode):
    """`{% url %}`, quick for the plain links of which a page has fifty."""

    def render(self, context: Any) -> Any:
        """The address, or it goes into the variable of `as`."""
        if self.kwargs or self.asvar:
            return super().render(context)
        name, values = self.view_name.resolve(context), [value.resolve(context) for value in self.args]
        return conditional_escape(address(name, *values))


@register.tag
def url(parser: Any, token: Any) -> Address:
    """As Django's own."""
    node = plain_url(parser, token)
    return Address(node.view_name, node.args, node.kwargs, node.asvar)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline SVG, hidden from assistive technology: an icon never says anything alone."""
    return _icon(name)


@cache
def _icon(name: str) -> SafeString:
    flip = mark_safe(" icon-flip") if name in ("next", "out") else ""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d="{}"/></svg>',
        flip,
        ICONS[name],
    )


@register.filter
def word(value: Any, table: str) -> str:
    """The translated word for a value: `{{ case.state|word:"case_state" }}`."""
    return words.word(table, str(value or ""))


@register.simple_tag
def chip(table: str, value: Any) -> SafeString:
    """A chip with the word and the tone of a value; nothing for an empty value."""
    if not value:
        return mark_safe("")
    tone = words.tone(table, str(value))
    return format_html('<span class="chip{}">{}</span>', f" chip-{tone}" if tone else "", words.word(table, str(value)))


@register.filter
def defang(value: Any, kind: str = "url") -> str:
    """`hxxps://evil[.]example/a`; see safe_text."""
    return safe_text.one_line(safe_text.defang(str(value or ""), kind), 4000)


@register.filter
def defang_text(value: Any) -> str:
    """Free text on one line, with every address in it defanged, bare domains as well."""
    return safe_text.one_line(safe_text.defang_line(str(value or "")), 4000)


@register.filter
def lines(value: Any) -> SafeString:
    """Free text that somebody wrote, with its line breaks; addresses defanged, hidden characters out."""
    rows = safe_text.defang_text(str(value or "")).replace("\r\n", "\n").split("\n")
    return mark_safe("<br>".join(conditional_escape(safe_text.one_line(row, 20_000)) for row in rows))  # noqa: S308


@register.simple_tag
def is_sealed(case: Any) -> bool:
    """Whether a case is for few."""
    return access.sealed(case)


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], right: str) -> bool:
    """Whether the person who looks has a right."""
    return access.may(context["request"].user, right)


@register.filter
def as_json(value: Any) -> str:
    """A value as JSON for a data attribute; escaped like every other text."""
    return json.dumps(value)


@register.filter
def party(value: Any) -> str:
    """What a party is called: organisation, name or address; "" for nobody."""
    return (value.organisation or value.name or value.email) if value is not None else ""


@register.filter
def sender(report: Any) -> str:
    """Who sent a report, as far as it says."""
    return party(report.reporter) or report.envelope_from


@register.filter
def one_line(value: Any, limit: int = 300) -> str:
    """Hostile text for a heading or a cell."""
    return safe_text.one_line(str(value or ""), int(limit))


@register.simple_tag
def letter_text(text: str) -> SafeString:
    """The text of a letter of ours, in which the private links of this very desk can be followed and nothing else can."""
    found = re2.compile(re2.escape(links.base()) + r"(/(?:c|status)/[0-9A-Za-z-]{20,120})")
    out, at_ = [], 0
    for match in found.finditer(text):
        out.append(conditional_escape(text[at_ : match.start()]))
        out.append(format_html('<a href="{}">{}</a>', match.group(1), match.group(0)))
        at_ = match.end()
    return mark_safe("".join([*out, conditional_escape(text[at_:])]))  # noqa: S308 - every piece was escaped above


@register.inclusion_tag("parts/safe.html")
def safe_lines(value: Any) -> dict[str, Any]:
    """Hostile text with its line breaks, defanged, hidden characters shown."""
    return {"segments": list(safe_text.marked(str(value or ""), ()))}


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """<time> that says how long ago, kept true by times.js."""
    if at is None:
        return mark_safe("")
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        at.isoformat(),
        times.full(at),
        times.ago(at, desk_clock.now()),
    )


@register.simple_tag
def at(value: datetime | None) -> SafeString:
    """<time> with date, time and zone."""
    if value is None:
        return mark_safe("")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), times.full(value))


@register.simple_tag
def at_text(value: Any) -> SafeString:
    """A time that a fact holds as text, as `at` shows times."""
    try:
        return at(datetime.fromisoformat(str(value)))
    except ValueError:
        return mark_safe("")


@register.filter
def event_words(value: Any) -> str:
    """An event of the law as people say it: `filing.submitted:ncmec` becomes "filing submitted: ncmec"."""
    return words.event(str(value))


@register.filter(name="said")
def said_here(value: Any) -> str:
    """A text of the rulebook in the reader's language, where it has one."""
    return said(value or "", get_language() or "en")


@register.filter
def open_up(value: Any) -> str:
    """A word of the rulebook with its underscores opened up."""
    return str(value or "").replace("_", " ")


@register.simple_tag
def left(due: datetime | None) -> SafeString:
    """<time> that says how much is left."""
    if due is None:
        return mark_safe("")
    return format_html(
        '<time datetime="{}" title="{}" data-left>{}</time>',
        due.isoformat(),
        times.full(due),
        times.left(due, desk_clock.now()),
    )


@register.simple_tag
def clock(row: Any) -> SafeString:
    """A clock in a table: what is left, a bar of what is gone, and the law behind it. `row` may be None.

    Not a template: a list has dozens of them, and this takes a fifth of the time."""
    if row is None:
        return format_html('<span class="faint">{}</span>', _("nothing owed"))
    name = row.title or row.name
    if row.due_at is None:
        return format_html(
            '<div class="clock"><span class="clock-left">{}</span><span></span><span class="clock-law">{} · {}</span></div>',
            _("without delay"),
            name,
            row.source,
        )
    now, kind = desk_clock.now(), words.word("clock_kind", row.kind)
    heat = times.heat(row.due_at, now)
    return format_html(
        '<div class="clock{}" title="{}: {}"><span class="clock-left">{}</span><svg class="bar" viewBox="0 0 100 4" '
        'preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="{}" height="4"/></svg>'
        '<span class="clock-law cut">{} · {}</span></div>',
        f" clock-{heat}" if heat else "",
        kind,
        row.source,
        left(row.due_at),
        times.used(row.started_at, row.due_at, now),
        name,
        kind,
    )


@register.simple_tag
def side_items(items: Sequence[Any]) -> SafeString:
    """Links of the sidebar, with what there is to say of each."""
    return mark_safe("".join(_side_item(item) for item in items))  # noqa: S308 (each is made by format_html)


def _side_item(item: Any) -> SafeString:
    key = format_html(' data-key="{}" data-key-hidden', item.key) if item.key else ""
    hot = " count-hot" if item.hot else ""
    count = "" if item.count is None else format_html('<span class="count{}">{}</span>', hot, item.count)
    dot = item.dot and format_html(
        '<span class="dot dot-{}"><span class="quiet-label">{}</span></span>', item.dot, item.dot_says
    )
    return format_html(
        '<li><a href="{}" data-goto="{}"{}{}>{}{}{}</a></li>',
        item.href,
        item.title,
        mark_safe(' aria-current="page"') if item.here else "",
        key,
        item.title,
        count,
        dot,
    )


@register.filter
def heat(due: datetime | None) -> str:
    """Tone of a due time, as a suffix: "-danger", "-warn" or ""."""
    if due is None:
        return ""
    tone = times.heat(due, desk_clock.now())
    return f"-{tone}" if tone else ""


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """`mapping[key]` or None."""
    return mapping.get(key)


@register.filter
def hours(value: float | None) -> str:
    """A number of hours as a length of time; a dash when there is none."""
    return "–" if value is None else times.span(value * 3600)


@register.filter
def percent(value: float | None) -> str:
    """A share as people say it: `12 %`; a dash when there is none."""
    return "–" if value is None else f"{value * 100:.0f} %"


@register.filter
def kilobytes(size: int | None) -> str:
    """A size as people say it: `12 KB`, `3.4 MB`."""
    if size is None:
        return ""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"


@register.simple_tag(takes_context=True)
def url_with(context: dict[str, Any], **changes: Any) -> str:
    """The present address with some query parameters changed; None removes one. A change of filter leaves the page."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = value
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else context["request"].path


@register.simple_tag
def finding_text(finding: Any) -> str:
    """What stands in the way, in the reader's language."""
    return words.finding(finding)

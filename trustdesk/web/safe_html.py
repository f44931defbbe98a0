"""HTML of letters made safe to look at inside the desk: our own letters, and what a mailbox holds."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe

from trustdesk.web import safe_text

#: Structure and emphasis only: no link, image, form, style or script leaves this list.
TAGS = {
    "p", "br", "h1", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "td", "th",
    "strong", "b", "em", "i", "blockquote", "hr", "div", "span", "code", "pre",
}  # fmt: skip
LONGEST = 1_000_000
ATTRIBUTES = {"*": {"dir", "lang"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}


def letter(html: str) -> SafeString:
    """`html` reduced to the list above. Links lose their target and keep their text; styles and classes go."""
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None, strip_comments=True, url_schemes=set())
    return mark_safe(clean)  # noqa: S308 - nh3 output under the list above is what makes it safe


def stranger(html: str) -> SafeString:
    """HTML of a stranger's mail: the same list, its addresses defanged, characters that do not show taken out.

    For a sandboxed frame alone. What is left are tags without addresses and words, so defanging the whole touches words only.
    """
    clean = nh3.clean(
        html[:LONGEST], tags=TAGS, attributes=ATTRIBUTES, link_rel=None, strip_comments=True, url_schemes=set()
    )
    return mark_safe(safe_text.shown(safe_text.defang_text(clean)))  # noqa: S308 - as above

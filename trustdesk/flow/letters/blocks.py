"""The tags that letters are written with. A template makes blocks; text and HTML are both drawn from them.

So the two can never say different things, and no text of a stranger's can become markup: a block holds plain text.

    {% subject %}…{% endsubject %}            one line
    {% title %}…{% endtitle %}                the heading of the letter
    {% head %}…{% endhead %}                  a heading in it
    {% p %}…{% endp %}                        a paragraph; white space in the template does not count
    {% row "Label" %}…{% endrow %}            one line of a table of facts
    {% item %}…{% enditem %}                  one line of a list
    {% prose %}…{% endprose %}                somebody's words, with their paragraphs
    {% quote %}…{% endquote %}                the same, marked as quoted
    {% button url %}…{% endbutton %}          the one link of a letter
    {% small %}…{% endsmall %}                a remark
    {% defanged %}…{% enddefanged %}          a remark that stands only if an address above it was defanged
    {% foot %}…{% endfoot %}                  one line of who we are, at the end

`part="facts"` on a block says that it is (a piece of) that part which the law asks for (core.notices.LETTERS).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.template import Context, Library

register = Library()

#: Where a rendering collects its blocks; the leading underscore keeps templates from reading it.
COLLECTOR = "_blocks"
FREE = frozenset({"prose", "quote"})


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a letter: plain text, not escaped."""

    kind: str
    text: str
    label: str = ""
    url: str = ""
    part: str = ""

    @property
    def paragraphs(self) -> list[str]:
        """The text at its empty lines."""
        return [p for p in self.text.split("\n\n") if p.strip()]

    @property
    def bare_url(self) -> str:
        """The address without its scheme, for show."""
        return self.url.partition("://")[2]


def _add(context: Context, kind: str, content: str, *, label: str = "", url: str = "", part: str = "") -> str:
    text = content.strip("\n ") if kind in FREE else " ".join(content.split())
    if text:
        context[COLLECTOR].append(Block(kind, str(text), str(label), url, str(part)))
    return ""


@register.simple_block_tag(takes_context=True)
def subject(context: Context, content: str) -> str:
    return _add(context, "subject", content)


@register.simple_block_tag(takes_context=True)
def title(context: Context, content: str) -> str:
    return _add(context, "title", content)


@register.simple_block_tag(takes_context=True)
def head(context: Context, content: str) -> str:
    return _add(context, "head", content)


@register.simple_block_tag(takes_context=True)
def p(context: Context, content: str, part: str = "") -> str:
    return _add(context, "p", content, part=part)


@register.simple_block_tag(takes_context=True)
def small(context: Context, content: str, part: str = "") -> str:
    return _add(context, "small", content, part=part)


@register.simple_block_tag(takes_context=True)
def row(context: Context, content: str, label: str, part: str = "") -> str:
    return _add(context, "row", content, label=label, part=part)


@register.simple_block_tag(takes_context=True)
def item(context: Context, content: str, part: str = "") -> str:
    return _add(context, "item", content, part=part)


@register.simple_block_tag(takes_context=True)
def prose(context: Context, content: str, part: str = "") -> str:
    return _add(context, "prose", content, part=part)


@register.simple_block_tag(takes_context=True)
def quote(context: Context, content: str, part: str = "") -> str:
    return _add(context, "quote", content, part=part)


@register.simple_block_tag(takes_context=True)
def defanged(context: Context, content: str) -> str:
    if any("[.]" in block.text or "hxxp" in block.text for block in context[COLLECTOR]):
        _add(context, "small", content)
    return ""


@register.simple_block_tag(takes_context=True)
def foot(context: Context, content: str) -> str:
    return _add(context, "foot", content)


@register.simple_block_tag(takes_context=True)
def button(context: Context, content: str, url: str, part: str = "") -> str:
    """Left out when `url` is no web address: then its part is missing and the letter is refused."""
    parts = urlsplit(str(url))
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or any(c.isspace() or c in "<>\"'" for c in str(url))
    ):
        return ""
    return _add(context, "button", content, url=str(url), part=part)

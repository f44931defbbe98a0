# ruff: noqa: E501  (a pattern reads best in one line)
"""What the surroundings of an indicator look like: rows, items of a list, labels, keys, look-up links, names made from addresses."""

from __future__ import annotations

import re

from trustdesk.reading import canonical
from trustdesk.reading.lexicon import words
from trustdesk.reading.values import Value

BULLETS = " \t-*•>·#|0123456789.)([]\"',;:"
#: What numbers the items of a list: `(a) `, `iv. `.
NUMBERED = re.compile(r"^\s*\(?(?:[a-zA-Z]|[ivxIVX]{1,4})[.)]\s{1,6}$")
#: `[destination]` above the lines of an INI file.
SECTION = re.compile(r"^\[[\w .-]{1,30}\]$")
#: Other indicators before the one looked at: what their names say ("evil.example") is no label.
LINKS = re.compile(r"(?i)\S{0,12}://\S*|[\w-]{1,60}(?:\.[\w-]{1,60}){0,6}\.[a-z][\w-]{1,20}")
#: `"url": "` in JSON, as people paste it.
KEY = re.compile(r"[\"']([A-Za-z][\w -]{1,30})[\"']\s{0,3}:\s{0,3}\[?\s{0,3}[\"']$")
KEY_NAME = 1.0
#: `"sensor": {` that an object begins with, and how far above an indicator it is looked for.
OBJECT_KEY = re.compile(r"[\"']([A-Za-z][\w -]{1,30})[\"']\s{0,3}:\s{0,3}\[?\s{0,8}$")
OBJECT = 400
#: A line that is a label and the indicator, as records have it: `Website: https://…`
LABELLED = re.compile(r"^\W{0,4}[^\W\d][^:：=\n]{1,40}[:：=][\s<\"'`*\[]{0,30}$")
LABELLED_BONUS = 1.3
#: Weight of a heading that says that what follows is somebody else's.
ELSEWHERE = -6.0
HOSTED = re.compile(r"(?i)\bhosted (?:on|at|in|by)[\s:]{1,3}$")
HTTP_HOST = re.compile(r"(?i)^\W{0,3}(?:host|referer|x-forwarded-host):")
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\[?\.\]?\d{1,3}){3}(?![\d.]\d)")
LISTED = 1.0
ABOVE = re.compile(
    r"(?i)\b(?:the )?(?:above|aforementioned|above-?mentioned)[- ](?:mentioned |listed |referenced |named )?(?:url|link|site|web|domain|page|ip|address|content|material|listing|host|server)"
    r"|\bthis (?:site|website|url|domain|page|link) (?:is|has|was|contains|violates|infringes|impersonat)"
)
FIELDS = re.compile(r"[,;|\t]| {2,}")
QUOTES = " \"'"
SEPARATES = (" ", "\t", ",", ";", "|")


#: How far to each side a line is looked at; whoever writes longer rows is understood by their beginning.
REACH = 2000


def without_links(text: str) -> str:
    """`text` with other indicators in it left out."""
    return LINKS.sub(" ", text) if "." in text or "://" in text else text


def in_row(text: str, at: int, size: int) -> bool:
    """True for an address that fills a field of a row: at least three fields, set apart by one kind of separator."""
    row = text[max(at - REACH, 0) : at + size + REACH]
    at = min(at, REACH)
    before, after = row[:at].rstrip(QUOTES)[-1:], row[at + size :].lstrip("\"'")
    if before in (",", ";", "|", "\t"):
        after = after.lstrip()[:1]
        return after in ("", before) and row.count(before) >= 2
    if before and row[:at].strip(BULLETS):
        return False
    return after[:1] in SEPARATES and len(FIELDS.findall(after)) >= 2


REST = 0.35
AGREE = 0.6
NAMES = frozenset({"url", "domain"})
OF_ADDRESS = frozenset(
    {"ip", "ips", "ip address", "ip addresses", "ip-address", "ip-adresse", "source ip", "ipv4", "ipv6"}
)
OF_NAME = frozenset(
    {"url", "urls", "link", "links", "site", "website", "web site", "page", "domain", "domain name", "domains"}
)


def closeness(gap: int) -> float:
    """How much a word counts that ends `gap` characters before the indicator."""
    return 1.0 if gap <= 6 else 0.85 if gap <= 20 else 0.65 if gap <= 45 else 0.45


ITEM = re.compile(
    r"(?i)^(?:[\W\d]{0,6}|\(?[a-z]{1,2}[.)]\s{1,6}|[a-z][\w-]{0,14}\s?[:=]\s{0,8})(?:h(?:tt|xx)ps?\W|www\.|\d{1,3}(?:\.|\[\.\])\d|[\w.\-\[\]()]{1,100}(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\))[a-z]{2,12}(?:[/:]|\s|$)|[0-9a-f]{1,4}:[0-9a-f:])"
)


def is_item(text: str) -> bool:
    return bool(ITEM.match(text)) or len(text) < 4 or not any(c.isalpha() for c in text[:200])


def outdented(line: str, above: str) -> bool:
    """True for an item of an outline (`* Theirs:`) below an item of a deeper level: nothing goes on from above."""
    own, other = line.lstrip(), above.lstrip()
    return own[:1] in MARKS and other[:1] in MARKS and len(line) - len(own) < len(above) - len(other)


MARKS = frozenset("-*•·–")
SUBJECT_FIELD = re.compile(rf"(?i)^\W{{0,3}}(?:subject|{'|'.join(words('labels', 'subject'))})\W{{0,3}}[:：]")


def looks_up(value: Value) -> bool:
    """True for a link that asks a service about an address (`https://lists.example/?ip=192.0.2.1`)."""
    rest = value.value.partition(value.host)[2]
    match = ADDRESS.search(rest)
    return match is not None and canonical.is_routable(match.group()) and match.group() != value.host


def sibling(domain: str, own: frozenset[str]) -> bool:
    """True for names that look like the sender's other ones: `reporter.test` beside `reporter-cert.example`."""
    name = domain.partition(".")[0]
    return len(name) >= 4 and any(
        o.partition(".")[0] == name or o.startswith(name + "-") or domain.startswith(o.partition(".")[0] + "-")
        for o in own
    )


OCTETS = re.compile(r"\d{1,3}[.\-x]\d{1,3}[.\-x]\d{1,3}")


def is_reverse_name(host: str) -> bool:
    """True for names made from an address (`ip-192-0-2-1.provider.test`), which name the same thing again."""
    return bool(OCTETS.search(host))

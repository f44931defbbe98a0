# ruff: noqa: E501, SIM102  (a pattern reads best in one line, a condition one a line)
"""What goes together: an address beside a name, pages on one host, the two sides of a log line, the way of a reported mail."""

from __future__ import annotations

import re

from trustdesk.core.types import Category, Claimed, Role
from trustdesk.reading import canonical
from trustdesk.reading.extract import Found
from trustdesk.reading.layout import BODY, EVIDENCE, LOG, MAIL_HEADER, Layout
from trustdesk.reading.values import MENTIONS, Value, confidence

_HANDED = re.compile(
    r"(?i)(?:sender ip is|client-ip=|\bCIP:|x-sender-ip:|designates)[\s\[(]{0,3}([0-9a-f][0-9a-f.:]{5,40})"
)
_HOP = re.compile(r"(?i)\bfrom[\s:]+([^\s()\[\];]{1,200})([^;]{0,300}?)\bby[\s:]+([^\s()\[\];]{1,200})")
MAIL_BORNE = frozenset({Category.SPAM, Category.PHISHING, Category.FRAUD, Category.MALWARE})
_HEADER_CHARS = 20_000


def mail_source(values: list[Value], lines: Layout) -> list[Value]:
    """The address that handed a reported mail over to the reporter's side: as the receiving server noted it (SPF), or
    else of the topmost Received field that is not a hop within one organisation."""
    found = [i for i, line in enumerate(lines.lines) if line.zone in (MAIL_HEADER, EVIDENCE)]
    # A complaint that was itself attached shows the reported mail in its text: the inner header is the one.
    inner = [
        i for i in found if lines.lines[i].zone == MAIL_HEADER and lines.lines[i].depth and not lines.lines[i].shown
    ]
    if any(lines.lines[i].text.lstrip()[:9].lower() == "received:" for i in inner):
        found = inner
    text = "\n".join(lines.lines[i].text for i in found[:600])[:_HEADER_CHARS]
    if not text:
        return []
    known = {v.value: v for v in values if v.kind == "ip" and v.score > -50}
    for match in _HANDED.finditer(text):
        value = known.get(canonical.address(match.group(1).rstrip(".:")) or "")
        if value is not None:
            return [value]
    for match in _HOP.finditer(text):
        sender, middle, receiver = match.groups()
        if canonical.registrable(sender.lower()) == canonical.registrable(receiver.lower()) != "":
            continue
        for candidate in _ADDRESSES.findall(sender + " " + middle):
            value = known.get(canonical.address(candidate) or "")
            if value is not None:
                return [value]
    return []


_ADDRESSES = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}:[0-9a-f:]{4,40}", re.IGNORECASE)


def counterparts(values: list[Value], lines: Layout) -> None:
    """Who stands in log lines beside an address that the mail clearly complains about is the other side."""
    strong = {
        index
        for v in values
        if v.kind == "ip" and v.score >= 4.5
        for m in v.mentions[:200]
        if lines.lines[index := lines.index_at(m.start)].zone == LOG
    }
    if not strong:
        return
    for value in values:
        if value.kind == "ip" and value.score < 4.5 and value.best is not None:
            if value.why.startswith("log") and lines.index_at(value.best.start) in strong:
                value.score -= 2.5


def hosts(targets: list[Value], values: list[Value]) -> list[Claimed]:
    """The address of a target URL that names none but an address (`http://192.0.2.1/x`) is a target as well."""
    known = {v.value for v in values if v.kind == "ip"}
    out: dict[str, Claimed] = {}
    for value in targets:
        if (
            value.kind == "url"
            and value.host not in known
            and value.host not in out
            and canonical.is_routable(value.host)
        ):
            mention = value.best or (value.mentions[0] if value.mentions else None)
            at = mention.raw.find(value.host) if mention else -1
            start = mention.start + at if mention and at >= 0 else -1
            end = start + len(value.host) if start >= 0 else -1
            out[value.host] = Claimed(
                "ip", value.host, Role.TARGET, value.host, start, end, confidence(value.score, Role.TARGET), "body"
            )
    return list(out.values())


def best(candidates: list[Value]) -> list[Value]:
    """Where nothing is good enough: the best there is, and what is as good."""
    best = max((v.score for v in candidates), default=-99.0)
    if best < -4.0:
        return []
    return [v for v in candidates if v.score >= best - 0.3]


#: Complaints about what is shown: they name a page or a site, not only the machine it is on.
SHOWN = frozenset(
    {Category.PHISHING, Category.FRAUD, Category.TRADEMARK, Category.ILLEGAL_GOODS, Category.NCII, Category.TERRORISM,
     Category.HARASSMENT, Category.DOXING}
)  # fmt: skip


def best_page(targets: list[Value], candidates: list[Value], lines: Layout) -> list[Value]:
    """The best page or name in the text of a complaint that so far names only an address; none if words speak against."""
    pages = _pages(candidates, lines)
    best = max((v.score for v in pages), default=-9.0)
    if best < 0.0:  # no word for it: in prose that names an address, not beside a log or a table
        prose = not any(v.best is not None and (v.best.hint or v.why.startswith("log")) for v in targets)
        return [v for v in pages if prose and v.score == best >= _UNSAID and _UNSPOKEN in v.why]
    return [v for v in pages if v.score >= best - 0.3]


#: What a name weighs of which no word says anything, for it or against it.
_UNSAID = -0.6
_UNSPOKEN = "near +0.0 after +0.0 head +0.0"


def only_page(candidates: list[Value], lines: Layout) -> list[Value]:
    """The only page in the text of a complaint that so far names only an address, if nothing speaks against it."""
    pages = [v for v in _pages(candidates, lines) if v.score > -3.0]
    return pages if len(pages) == 1 and pages[0].kind == "url" and pages[0].score >= 0.0 else []


def _pages(candidates: list[Value], lines: Layout) -> list[Value]:
    return [
        v
        for v in candidates
        if v.kind in ("url", "domain") and v.best is not None and lines.lines[lines.index_at(v.best.start)].zone == BODY
    ]


def own_site(candidates: list[Value], lines: Layout) -> list[Value]:
    """The site that somebody reports who owns it: the first that the text names, though it is the sender's own."""
    return _pages(candidates, lines)[:1]


def passed_on(candidates: list[Value], lines: Layout) -> list[Value]:
    """The pages that an attached complaint names, where the mail that passes it on names none: the lines of the attached
    mail are evidence, and only what words there complain of counts."""
    pages = [
        v
        for v in candidates
        if v.kind in ("url", "domain")
        and v.best is not None
        and (line := lines.lines[lines.index_at(v.best.start)]).zone == EVIDENCE
        and line.depth > 0
    ]
    best = max((v.score for v in pages), default=-9.0)
    return [v for v in pages if v.score >= best - 0.3] if best >= _NAMED else []


#: What a page in evidence weighs that a word complains of: the zone counts -2.5.
_NAMED = -0.5


#: Complaints that may be about a page or only about a machine.
MAYBE_SHOWN = frozenset({Category.MALWARE, Category.COMPROMISED, Category.OTHER, None})

#: Complaints about what is shown, whose place on a machine is mostly named as well.
SHOWN_ON = SHOWN | {
    Category.COPYRIGHT,
    Category.SPAM,
    Category.COMPROMISED,
    Category.CHILD_SAFETY,
    Category.GOVERNMENT_ORDER,
    Category.DATA_REQUEST,
    Category.OTHER,
    None,
}


def best_address(candidates: list[Value], lines: Layout) -> list[Value]:
    """The only address in the text of a complaint that so far names pages alone, if nothing speaks against it."""
    addresses = [
        v
        for v in candidates
        if v.kind == "ip" and v.best is not None and lines.lines[lines.index_at(v.best.start)].zone == BODY
    ]
    return addresses if len(addresses) == 1 and addresses[0].score >= 0.0 else []


_AND = re.compile(r"^\s*(?:,|;|/|&|and|und|et|y|e|och|en|,\s*and)\s*$")


def _between(lines: Layout, start: int, end: int) -> str:
    line = lines.lines[lines.index_at(start)]
    return line.text[max(start - line.start, 0) : max(end - line.start, 0)]


def _in_brackets(value: Value, lines: Layout) -> bool:
    for mention in value.mentions[:MENTIONS]:
        line = lines.lines[lines.index_at(mention.start)]
        at = mention.start - line.start
        if line.text[max(at - 1, 0) : at] in ("(", "[") and line.zone not in (MAIL_HEADER, EVIDENCE):
            return True
    return False


def companions(targets: list[Value], candidates: list[Value], lines: Layout) -> list[Value]:
    """What goes with the targets: an address written right beside a target name (`evil.test (192.0.2.1)`), and pages on
    a host that is a target itself."""
    chosen = {id(v) for v in targets}
    extra: dict[int, Value] = {}
    hosts = {v.host.removeprefix("www.") for v in targets}
    for value in candidates:
        if (
            value.kind in ("url", "domain")
            and id(value) not in chosen
            and value.host.removeprefix("www.") in hosts
            and value.score > (-3.0 if value.kind == "url" else -1.0)
        ):
            chosen.add(id(value))
            extra[id(value)] = value
    spots = sorted(
        ((m.start, m.end, v) for v in candidates for m in v.mentions[:MENTIONS] if v.score > -6.0 and not m.hint),
        key=lambda spot: spot[0],
    )
    for (_, end, left), (start, _, right) in zip(spots, spots[1:], strict=False):
        if 0 < start - end <= 6 and left.kind in ("url", "domain") and right.kind == "ip":
            if id(left) in chosen and id(right) not in chosen and right.score > -1.0:
                extra[id(right)] = right
        if 0 < start - end <= 8 and left.kind == right.kind and id(left) in chosen and id(right) not in chosen:
            if right.score > (-2.0 if left.kind == "ip" else 0.0) and _AND.match(_between(lines, end, start)):
                chosen.add(id(right))
                extra[id(right)] = right
        if 0 < start - end <= 8 and right.kind == "ip" and id(right) in chosen and id(left) not in chosen:
            between = _between(lines, end, start)
            if left.kind in ("url", "domain") and (
                left.score > -1.0
                and _AND.match(between)
                or left.score > 0.5
                and between.strip() in ("(", "[")
                and not _spells(left.host, right.value)
            ):
                chosen.add(id(left))
                extra[id(left)] = left
        if 0 < start - end <= 3 and left.kind == "ip" and right.kind == "domain" and id(left) in chosen:
            # `192.0.2.1 (mail.evil.test)`: the sender names the machine both ways.
            least = -6.0 if _spells(right.host, left.value) else -4.5
            if right.score > least and right.mentions[0].start - 1 >= 0 and _in_brackets(right, lines):
                extra[id(right)] = right
    extra.update(_records(spots, chosen, lines))
    extra.update(_served(spots, chosen, lines))
    extra.update(_same_label(targets, candidates, lines))
    return list(extra.values())


_LABEL = re.compile(r"\W*([^\W\d_][^:=]{1,38}?)\s*[:=]\s*\W{0,3}$")


def _same_label(targets: list[Value], candidates: list[Value], lines: Layout) -> dict[int, Value]:
    """What has the label of a target, record after record (`Host: …` … `Host: …`), unless much speaks against it."""
    chosen = {id(v) for v in targets}
    labels = {
        label for v in targets if v.best is not None and not v.best.hint and (label := _labelled(v, v.best, lines))
    }
    out: dict[int, Value] = {}
    if labels:
        least = min(-2.5, min(v.score for v in targets) - 0.5)  # where the best is bad, its neighbour may be as bad
        for value in candidates:
            if id(value) not in chosen and value.score > least and value.best is not None:
                if any(_labelled(value, m, lines) in labels for m in value.mentions[:MENTIONS]):
                    out[id(value)] = value
    return out


def _labelled(value: Value, mention: Found, lines: Layout) -> tuple[str, str] | None:
    index = lines.index_at(mention.start)
    if lines.lines[index].zone != BODY:
        return None
    if mention.start - lines.lines[index].start > 60:
        return None
    match = _LABEL.match(_label(lines, index, mention.start))
    return (value.kind, match.group(1).lower()) if match else None


def _spells(name: str, address: str) -> bool:
    """True for a name made from `address` (`host-192-0-2-1.provider.test`)."""
    return address.replace(".", "-") in name or address in name


_NAME_LABEL = re.compile(
    r"(?i)^\W{0,8}(?:domain(?: ?name)?|name|nom|nombre|nome|host(?: ?name)?|hostname or ip|reverse(?: dns)?|r?dns|ptr|fqdn|dominio|domaine|server(?: ?name)?|rechner(?:name)?|equipo|h[ôo]te|nom d'h[ôo]te)\s{0,2}[:=]\s*$"
)
_ADDRESS_LABEL = re.compile(r"(?i)^[^:=]{0,30}\b(?:ip|adress?e?|address|direcci[óo]n|indirizzo)\b[^:=]{0,12}[:=]\s*$")


def _records(spots: list[tuple[int, int, Value]], chosen: set[int], lines: Layout) -> dict[int, Value]:
    """Names in the line next to a target address, both labelled (`IP: …`, `Host: …`): one record of one machine."""
    out: dict[int, Value] = {}
    for (start, _, left), (other, _, right) in zip(spots, spots[1:], strict=False):
        if {left.kind, right.kind} != {"ip", "domain"}:
            continue
        address, name, at, where = (left, right, start, other) if left.kind == "ip" else (right, left, other, start)
        if id(address) not in chosen or id(name) in chosen or name.score <= -5.0:
            continue
        a, b = lines.index_at(at), lines.index_at(where)
        if abs(a - b) != 1 or lines.lines[a].zone != BODY or lines.lines[b].zone != BODY:
            continue
        if _NAME_LABEL.match(_label(lines, b, where)) and _ADDRESS_LABEL.match(_label(lines, a, at)):
            out[id(name)] = name
    return out


_SHORT_LABEL = re.compile(r"^\W{0,4}[^\W\d][^\d\n]{0,30}[:=\s]\s{0,20}$")


def _served(spots: list[tuple[int, int, Value]], chosen: set[int], lines: Layout) -> dict[int, Value]:
    """Addresses in the line below a target page, after a label of their own (`Server 192.0.2.1`): the machine it is on."""
    out: dict[int, Value] = {}
    for (start, _, left), (other, _, right) in zip(spots, spots[1:], strict=False):
        if left.kind in ("url", "domain") and right.kind == "ip" and id(left) in chosen and right.score >= 0.0:
            a, b = lines.index_at(start), lines.index_at(other)
            if b - a == 1 and lines.lines[b].zone == BODY and _SHORT_LABEL.match(_label(lines, b, other)):
                out[id(right)] = right
    return out


def _label(lines: Layout, index: int, offset: int) -> str:
    line = lines.lines[index]
    return line.text[: max(offset - line.start, 0)]

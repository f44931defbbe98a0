"""Which of the indicators in a message is complained about?

Every mention of a value is weighed by what stands around it (label, line, heading, zone of the mail, column of a
table), every value by what it is (the sender's own, a well-known reference) and how it recurs (subject line, log
lines). A value is a target if its best mention is good enough, or if it is the best there is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from trustdesk.core.types import Category, Claimed, Role
from trustdesk.reading import canonical
from trustdesk.reading.extract import Found
from trustdesk.reading.layout import (
    BODY,
    DISCLAIMER,
    EVIDENCE,
    FORWARD_HEADER,
    LOG,
    MAIL_HEADER,
    PGP,
    SIGNATURE,
    WHOIS,
    Layout,
)
from trustdesk.reading.lexicon import lexicon

THRESHOLD = 2.0
#: Mentions of one value that are weighed; a log of 5,000 lines says the same thing 5,000 times.
_MENTIONS = 8
_NEAR = 90
_ZONE = {
    BODY: 0.0,
    LOG: 0.0,
    SIGNATURE: -3.5,
    DISCLAIMER: -4.0,
    EVIDENCE: -2.5,
    MAIL_HEADER: -3.5,
    FORWARD_HEADER: -4.0,
    PGP: -9.0,
}

#: Categories about what a machine does (its address is the target) rather than about what it shows.
BEHAVIOUR = frozenset(
    {Category.NETWORK_ATTACK, Category.BOTNET, Category.COMPROMISED, Category.VULNERABLE_SERVICE, Category.SPAM}
)
#: Pages are seldom what a complaint about a machine's behaviour complains of.
_PAGE_PENALTY = {Category.NETWORK_ATTACK: 1.5, Category.VULNERABLE_SERVICE: 1.5, Category.SPAM: 0.5}
#: Links to the paper that shows that somebody may act for another.
_AUTHORITY = re.compile(
    r"(?i)[^a-z0-9](?:loa|loas|poa)[^a-z0-9]|letter[-_ ]of[-_ ]auth|authori[sz]ation|power[-_ ]of[-_ ]attorney"
)
_COMPANY = re.compile(r"(?i)^,? (?:inc|llc|ltd|corp|gmbh|limited|company|co\.|s\.?a\.?|b\.?v\.?|ag|plc|s\.?r\.?l)\b")
_IMAGE = re.compile(r"(?i)\.(?:png|jpe?g|gif|css|js|ico|svg|woff2?)(?:\?|$)")
_LOG_SOURCE = re.compile(
    r"(?i)(?:\bfrom|\bsrc|\bsource|\brhost|\bclient|\battacker|\bsaddr|\bremote|\bby|\bban|\bhost|\bip|\buser\s\S{1,40}\sfrom)[\s=:\[(\"'<]{0,4}(?:ip)?[\s=:\[(\"'<]{0,3}$"
)
_LOG_TARGET = re.compile(
    r"(?i)(?:\bto|\bdst|\bdest(?:ination)?|\bdaddr|->|=>|>|\btarget|\bvictim|\bon|\bat|\blocal)[\s=:\[(\"'<>\-]{0,4}(?:ip)?[\s=:\[(\"']{0,3}$"
)


@dataclass(slots=True)
class Value:
    """All mentions of one canonical value."""

    kind: str
    value: str
    host: str
    mentions: list[Found] = field(default_factory=list)
    score: float = -99.0
    best: Found | None = None
    log_lines: int = 0
    log_first: int = 0
    body: int = 0
    subject: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the message besides its text."""

    subject: str = ""
    category: Category | None = None
    own_domains: frozenset[str] = frozenset()  # registrable domains of the sender and who they write for
    recipient_domains: frozenset[str] = frozenset()


def assign(found: list[Found], lines: Layout, subject_found: list[Found], context: Context) -> list[Claimed]:
    """One Claimed per value, in order of first appearance, with its role. Offsets are those of its best mention."""
    values: dict[tuple[str, str], Value] = {}
    for item in found:
        if item.kind in ("url", "domain", "ip", "cidr", "email", "hash", "asn"):
            key = (item.kind, item.value)
            values.setdefault(key, Value(item.kind, item.value, item.host)).mentions.append(item)
    in_subject = {item.value for item in subject_found} | {item.host for item in subject_found}
    for item in subject_found:
        key = (item.kind, item.value)
        if key not in values:
            values[key] = Value(item.kind, item.value, item.host)
        values[key].subject = True
    weigher = _Weigher(lines, context)
    for value in values.values():
        weigher.weigh(value, value.value in in_subject)
    _counterparts(list(values.values()), lines)
    return _decide(list(values.values()), lines, context)


class _Weigher:
    def __init__(self, lines: Layout, context: Context) -> None:
        self.lines = lines
        self.context = context
        self.near = lexicon("labels")
        self.hosts = lexicon("hosts").sections["reference"]
        self.headings: dict[int, float] = {}
        self.near_cache: dict[str, float] = {}

    def weigh(self, value: Value, in_subject: bool) -> None:
        seen_lines: set[int] = set()
        for mention in value.mentions:
            if len(seen_lines) >= _MENTIONS:
                break
            index = self.lines.index_at(mention.start)
            if index in seen_lines:
                continue
            seen_lines.add(index)
            score, why = self.mention(mention, index)
            if score > value.score:
                value.score, value.best, value.why = score, mention, why
        if value.kind == "ip" and value.why.startswith("log") and 1.2 <= value.score < 2.0 and len(value.mentions) >= 3:
            value.score += 0.8  # the source of line after line
        if in_subject:
            said = self.subject(value)
            value.score = max(value.score, 0.0 if said > 0 else -2.0) + said
            value.why += f" subject {said:+.1f}"
        value.score += self.prior(value)

    def subject(self, value: Value) -> float:
        """What the subject line says by naming a value: mostly that this is what the mail is about."""
        subject = self.context.subject
        at = subject.lower().find(value.mentions[0].raw.lower() if value.mentions else value.value)
        said = self.weight("near", subject[max(at - 60, 0) : max(at, 0)], value.kind) if at > 0 else 0.0
        return 3.5 + min(said, 1.0)

    def prior(self, value: Value) -> float:
        context = self.context
        total = 0.0
        if value.kind in ("email", "hash", "asn"):
            return -99.0
        domain = canonical.registrable(value.host)
        if domain:
            if domain in context.own_domains:
                total -= 5.0
            elif _sibling(domain, context.own_domains):
                total -= 4.0
            elif domain in context.recipient_domains:
                total -= 3.0 if value.host.removeprefix("www.") == domain else 1.0
            total -= self.hosts.get(
                value.host, self.hosts.get(value.host.removeprefix("www."), self.hosts.get(domain, 0.0))
            )
        elif not canonical.is_routable(value.host):
            return -99.0
        if value.kind == "domain" and context.category is Category.NETWORK_ATTACK:
            total -= 1.2  # in reports of attacks names are mostly those of the attacked
        if value.kind == "domain":
            total -= 0.6 if not _is_reverse_name(value.host) else 3.0
        elif value.kind == "cidr":
            total -= 2.0
        elif value.kind == "url":
            if _IMAGE.search(value.value):
                total -= 1.0
            if _looks_up(value):
                total -= 3.0
            if _AUTHORITY.search(value.value):
                total -= 3.0
            total -= _PAGE_PENALTY.get(context.category, 0.0)
        return total

    def mention(self, mention: Found, index: int) -> tuple[float, str]:
        if mention.hint:
            return mention.hint, f"column {mention.hint:+.1f}"
        line = self.lines.lines[index]
        at = mention.start - line.start
        text = line.text
        before = text[max(at - _NEAR, 0) : max(at, 0)]
        tail = text[at + len(mention.raw) : at + len(mention.raw) + 60]
        score = _ZONE.get(line.zone, 0.0)
        if line.zone not in (MAIL_HEADER, EVIDENCE) and _SUBJECT_FIELD.match(line.text):
            return 2.5 + max(self.weight("near", before, mention.kind), -0.5), "forwarded subject"
        if line.zone == LOG:
            part = self.log(mention, before, text, at)
            return score + part, f"log {part:+.1f}"
        alone = not before.strip(_BULLETS) and not tail.strip(_BULLETS)
        near = self.weight("near", _LINKS.sub(" ", self.context_before(index, before)), mention.kind)
        after = self.weight("after", tail)
        head = self.heading(index)
        score += near + after
        if alone or not before.strip(_BULLETS):
            score += (
                (1.0 if alone else 0.3)
                + head
                + (_LISTED if alone and self.counts_lists(mention) and self.listed(index) else 0.0)
            )
        elif head < 0 and self.lines.lines[index - 1].text.rstrip().endswith(":"):
            score += head
        elif head <= -3.0 and self.listed_label(index):
            score += head
        elif near == 0 or (head < 0 and near < 2.0):
            score += 0.5 * head
        if alone and self.pointed_at(index):
            score += 1.5
        if mention.kind == "domain" and _COMPANY.match(tail):
            score -= 4.0
        if mention.defanged:
            score += 1.5
        return score, f"{line.zone} near {near:+.1f} after {after:+.1f} head {head:+.1f}{' alone' if alone else ''}"

    def pointed_at(self, index: int) -> bool:
        """True if a line soon after says "the above site": the item is what the text is about."""
        return any(_ABOVE.search(line.text[:200]) for line in self.lines.lines[index + 1 : index + 5])

    def counts_lists(self, mention: Found) -> bool:
        """A bare list of pages is a claim about what they show; beside a claim about behaviour it is further reading."""
        return mention.kind == "ip" or self.context.category not in (
            Category.NETWORK_ATTACK,
            Category.VULNERABLE_SERVICE,
        )

    def listed_label(self, index: int) -> bool:
        """True if a neighbour has the same label: `ip: …` line after line is a list, and its heading tells what of."""
        lines = self.lines.lines
        label = lines[index].text.partition(":")[0]
        return 0 < len(label) < 20 and any(
            0 <= i < len(lines) and lines[i].text.startswith(label + ":") for i in (index - 1, index + 1)
        )

    def listed(self, index: int) -> bool:
        """True if the line is one of a list: a neighbour is an item as well."""
        lines = self.lines.lines
        return any(0 <= i < len(lines) and bool(_ITEM.match(lines[i].text.strip())) for i in (index - 1, index + 1))

    def context_before(self, index: int, before: str) -> str:
        """What stands before an indicator, with the end of the line above where the sentence runs on from there."""
        if len(before) < 40 and index > 0:
            line, above = self.lines.lines[index], self.lines.lines[index - 1]
            text = above.text.rstrip()
            if (
                len(text) > 50
                and above.quote == line.quote
                and text[-1] not in ".:!?;>)"
                and not _is_item(text.strip())
            ):
                return text[-60:] + " " + before
        return before

    def log(self, mention: Found, before: str, text: str, at: int) -> float:
        """The first address of a log line is its source, unless the line says otherwise."""
        if mention.kind != "ip":
            return -1.0
        extra = 1.0 if self.context.category in BEHAVIOUR else 0.0
        if _HTTP_HOST.match(text):
            return -2.0
        if _LOG_SOURCE.search(before):
            return 1.5 + extra
        if _LOG_TARGET.search(before):
            return -2.0
        return 0.7 + extra * 0.7 if not _ADDRESS.search(text[:at]) else -0.5

    def weight(self, section: str, text: str, kind: str = "") -> float:
        """Weight of the words in `text`: the one nearest to its end in full, what agrees with it a good part, the rest
        a third. A word for one kind of thing ("IP address") says little about another kind (a URL)."""
        if not text or text.isspace():
            return 0.0
        key = section + kind + text
        known = self.near_cache.get(key)
        if known is not None:
            return known
        hits: list[tuple[int, float]] = []
        others = 0.0
        for match in self.near._pattern.finditer(text):  # type: ignore[attr-defined]
            gap = len(text) - match.end()
            word = match.group().lower()
            for found_section, weight in self.near.of(word):
                if found_section == section and abs(weight) > 0.05:  # tiny weights only stand in the way of others
                    if kind and weight > 0 and word in (_OF_ADDRESS if kind in _NAMES else _OF_NAME):
                        others = max(others, 0.3 * weight)
                        continue
                    hits.append((gap, weight * (_closeness(gap) if section == "near" else 1.0 if gap <= 120 else 0.5)))
        total = others
        if hits:
            hits.sort(key=lambda hit: (hit[0], -abs(hit[1])))
            total = hits[0][1]
            rest = [w for _, w in hits[1:]]
            plus, minus = max([0.0, *rest]), min([0.0, *rest])
            total += plus * (_AGREE if total > 0 else _REST) + minus * (_AGREE if total < 0 else _REST)
        self.near_cache[key] = total
        return total

    def heading(self, index: int) -> float:
        """Weight of the paragraph that introduces the line `index`: the nearest one above that is prose or a label."""
        visited = []
        at = index - 1
        result = 0.0
        while at >= 0 and len(visited) < 60:
            known = self.headings.get(at + 1)
            if known is not None:
                result = known
                break
            visited.append(at + 1)
            text = self.lines.lines[at].text.strip()
            if text and not _is_item(text):
                first = at
                while first > 0 and at - first < 2 and len(self.lines.lines[first - 1].text.strip()) > 50:
                    first -= 1
                paragraph = " ".join(line.text.strip()[-200:] for line in self.lines.lines[first : at + 1])
                result = self.weight("heading", paragraph[-300:])
                break
            at -= 1
        for seen in visited:
            self.headings[seen] = result
        return result


_BULLETS = " \t-*•>·#|0123456789.)([]\"',;:"
_LINKS = re.compile(r"\S{0,12}://\S*")
_HTTP_HOST = re.compile(r"(?i)^\W{0,3}(?:host|referer|x-forwarded-host):")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\[?\.\]?\d{1,3}){3}(?![\d.]\d)")
_LISTED = 1.0
_ABOVE = re.compile(
    r"(?i)\b(?:the )?(?:above|aforementioned|above-?mentioned)[- ](?:mentioned |listed |referenced |named )?(?:url|link|site|web|domain|page|ip|address|content|material|listing|host|server)"
    r"|\bthis (?:site|website|url|domain|page|link) (?:is|has|was|contains|violates|infringes|impersonat)"
)
_REST = 0.35
_AGREE = 0.6
_NAMES = frozenset({"url", "domain"})
_OF_ADDRESS = frozenset(
    {"ip", "ips", "ip address", "ip addresses", "ip-address", "ip-adresse", "source ip", "ipv4", "ipv6"}
)
_OF_NAME = frozenset(
    {"url", "urls", "link", "links", "site", "website", "web site", "page", "domain", "domain name", "domains"}
)


def _closeness(gap: int) -> float:
    """How much a word counts that ends `gap` characters before the indicator."""
    return 1.0 if gap <= 6 else 0.85 if gap <= 20 else 0.65 if gap <= 45 else 0.45


_ITEM = re.compile(
    r"(?i)^(?:[\W\d]{0,6}|[a-z][\w-]{0,14}\s?[:=]\s{0,8})(?:h(?:tt|xx)ps?\W|www\.|\d{1,3}(?:\.|\[\.\])\d|[\w.\-\[\]]{1,100}\.[a-z]{2,12}(?:/|\s|$)|[0-9a-f]{1,4}:[0-9a-f:])"
)


def _is_item(text: str) -> bool:
    return bool(_ITEM.match(text)) or len(text) < 4 or not any(c.isalpha() for c in text[:200])


_SUBJECT_FIELD = re.compile(
    r"(?i)^\W{0,3}(?:subject|betreff|objet|asunto|oggetto|assunto|тема|onderwerp|předmět)\W{0,3}:"
)


def _looks_up(value: Value) -> bool:
    """True for a link that asks a service about an address (`https://lists.example/?ip=192.0.2.1`)."""
    rest = value.value.partition(value.host)[2]
    match = _ADDRESS.search(rest)
    return match is not None and canonical.is_routable(match.group()) and match.group() != value.host


def _sibling(domain: str, own: frozenset[str]) -> bool:
    """True for names that look like the sender's other ones: `reporter.test` beside `reporter-cert.example`."""
    name = domain.partition(".")[0]
    return len(name) >= 4 and any(
        o.partition(".")[0] == name or o.startswith(name + "-") or domain.startswith(o.partition(".")[0] + "-")
        for o in own
    )


_OCTETS = re.compile(r"\d{1,3}[.\-x]\d{1,3}[.\-x]\d{1,3}")


def _is_reverse_name(host: str) -> bool:
    """True for names made from an address (`ip-192-0-2-1.provider.test`), which name the same thing again."""
    return bool(_OCTETS.search(host))


def _decide(values: list[Value], lines: Layout, context: Context) -> list[Claimed]:
    candidates = [v for v in values if v.kind in ("url", "domain", "ip", "cidr")]
    targets = [v for v in candidates if v.score >= THRESHOLD]
    if context.category in _MAIL_BORNE and not any(v.kind in ("ip", "cidr") for v in targets):
        source = _mail_source(candidates, lines)
        if context.category is Category.SPAM or not targets:
            targets += source
    if not targets:
        targets = _best(candidates)
    targets += _companions(targets, candidates, lines)
    chosen = {id(v) for v in targets}
    out: list[Claimed] = _hosts(targets, values)
    for value in values:
        mention = value.best or (value.mentions[0] if value.mentions else None)
        role = Role.TARGET if id(value) in chosen else Role.REFERENCE
        if role is Role.REFERENCE and canonical.registrable(value.host) in context.own_domains:
            role = Role.REPORTER
        out.append(
            Claimed(
                kind=value.kind,
                value=value.value,
                role=role,
                raw=mention.raw if mention else value.value,
                start=mention.start if mention else -1,
                end=mention.end if mention else -1,
                confidence=_confidence(value.score, role),
                source="body" if mention else "subject",
            )
        )
    return out


_HANDED = re.compile(
    r"(?i)(?:sender ip is|client-ip=|\bCIP:|x-sender-ip:|designates)[\s\[(]{0,3}([0-9a-f][0-9a-f.:]{5,40})"
)
_HOP = re.compile(r"(?i)\bfrom[\s:]+([^\s()\[\];]{1,200})([^;]{0,300}?)\bby[\s:]+([^\s()\[\];]{1,200})")
_MAIL_BORNE = frozenset({Category.SPAM, Category.PHISHING, Category.FRAUD, Category.MALWARE})
_HEADER_CHARS = 20_000


def _mail_source(values: list[Value], lines: Layout) -> list[Value]:
    """The address that handed a reported mail over to the reporter's side: as the receiving server noted it (SPF), or
    else of the topmost Received field that is not a hop within one organisation."""
    found = [i for i, line in enumerate(lines.lines) if line.zone in (MAIL_HEADER, EVIDENCE)]
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


def _counterparts(values: list[Value], lines: Layout) -> None:
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


def _hosts(targets: list[Value], values: list[Value]) -> list[Claimed]:
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
                "ip", value.host, Role.TARGET, value.host, start, end, _confidence(value.score, Role.TARGET), "body"
            )
    return list(out.values())


def _best(candidates: list[Value]) -> list[Value]:
    """Where nothing is good enough: the best there is, and what is as good."""
    best = max((v.score for v in candidates), default=-99.0)
    if best < -4.0:
        return []
    return [v for v in candidates if v.score >= best - 0.3]


_AND = re.compile(r"^\s*(?:,|;|/|&|and|und|et|y|e|och|en|,\s*and)\s*$")


def _between(lines: Layout, start: int, end: int) -> str:
    line = lines.lines[lines.index_at(start)]
    return line.text[max(start - line.start, 0) : max(end - line.start, 0)]


def _in_brackets(value: Value, lines: Layout) -> bool:
    for mention in value.mentions[:_MENTIONS]:
        line = lines.lines[lines.index_at(mention.start)]
        at = mention.start - line.start
        if line.text[max(at - 1, 0) : at] in ("(", "[") and line.zone not in (MAIL_HEADER, EVIDENCE):
            return True
    return False


def _companions(targets: list[Value], candidates: list[Value], lines: Layout) -> list[Value]:
    """What goes with the targets: an address written right beside a target name (`evil.test (192.0.2.1)`), and pages on
    a host that is a target itself."""
    chosen = {id(v) for v in targets}
    extra: dict[int, Value] = {}
    hosts = {v.host.removeprefix("www.") for v in targets}
    for value in candidates:
        if (
            value.kind == "url"
            and id(value) not in chosen
            and value.host.removeprefix("www.") in hosts
            and value.score > -2.0
        ):
            chosen.add(id(value))
            extra[id(value)] = value
    spots = sorted(
        ((m.start, m.end, v) for v in candidates for m in v.mentions[:_MENTIONS] if v.score > -6.0 and not m.hint),
        key=lambda spot: spot[0],
    )
    for (_, end, left), (start, _, right) in zip(spots, spots[1:], strict=False):
        if 0 < start - end <= 6 and left.kind in ("url", "domain") and right.kind == "ip":
            if id(left) in chosen and id(right) not in chosen and right.score > -1.0:
                extra[id(right)] = right
        if 0 < start - end <= 8 and left.kind == right.kind == "ip" and id(left) in chosen and id(right) not in chosen:
            if right.score > -2.0 and _AND.match(_between(lines, end, start)):
                chosen.add(id(right))
                extra[id(right)] = right
        if 0 < start - end <= 3 and left.kind == "ip" and right.kind == "domain" and id(left) in chosen:
            # `192.0.2.1 (mail.evil.test)`: the sender names the machine both ways.
            if (right.score > -4.5) and right.mentions[0].start - 1 >= 0 and _in_brackets(right, lines):
                extra[id(right)] = right
    return list(extra.values())


def _confidence(score: float, role: Role) -> float:
    distance = score - THRESHOLD if role is Role.TARGET else THRESHOLD - score
    return round(min(max(0.5 + distance / 10.0, 0.2), 0.99), 2)

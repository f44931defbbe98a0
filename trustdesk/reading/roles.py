# ruff: noqa: E501  (a pattern reads best in one line, a condition one a line)
"""Which of the indicators in a message is complained about?

Every mention of a value is weighed by what stands around it (label, line, heading, zone of the mail, column of a
table), every value by what it is (the sender's own, a well-known reference) and how it recurs (subject line, log
lines). A value is a target if its best mention is good enough, or if it is the best there is.
"""

from __future__ import annotations

import re

from trustdesk.core.types import Category, Claimed, Role
from trustdesk.reading import canonical, together
from trustdesk.reading.extract import Found
from trustdesk.reading.hints import (
    ABOVE,
    ADDRESS,
    AGREE,
    BULLETS,
    ELSEWHERE,
    HOSTED,
    HTTP_HOST,
    ITEM,
    KEY,
    KEY_NAME,
    LABELLED,
    LABELLED_BONUS,
    LISTED,
    NAMES,
    NUMBERED,
    OBJECT,
    OBJECT_KEY,
    OF_ADDRESS,
    OF_NAME,
    REACH,
    REST,
    SECTION,
    SUBJECT_FIELD,
    closeness,
    in_row,
    is_item,
    is_reverse_name,
    looks_up,
    outdented,
    sibling,
    without_links,
)
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
from trustdesk.reading.lexicon import fold, lexicon
from trustdesk.reading.patterns import spans
from trustdesk.reading.tables import column
from trustdesk.reading.values import MENTIONS, THRESHOLD, Context, Value, confidence

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
    WHOIS: -5.0,
}

#: Categories about what a machine does (its address is the target) rather than about what it shows.
BEHAVIOUR = frozenset(
    {Category.NETWORK_ATTACK, Category.BOTNET, Category.COMPROMISED, Category.VULNERABLE_SERVICE, Category.SPAM}
)
#: Kinds that are never a target, whatever is said of them.
_NEVER = frozenset({"email", "hash", "asn"})
#: Complaints about what imitates the sender: a name that looks like the sender's own is what they are about.
IMITATED = frozenset({Category.PHISHING, Category.FRAUD, Category.TRADEMARK})
#: Pages are seldom what a complaint about a machine's behaviour complains of.
_PAGE_PENALTY = {Category.NETWORK_ATTACK: 1.5, Category.VULNERABLE_SERVICE: 1.5, Category.SPAM: 0.5}
#: Links to where one reports, to what is known of a weakness, and to the paper that shows that somebody may act for
#: another: nobody complains of these.
_HELP = re.compile(
    r"(?i)report(?:ing)?[-_]?(?:abuse|incident|form)|(?:abuse|incident)[-_]report|[^a-z]cve-\d{4}-\d"
    r"|[^a-z0-9](?:loas?|poa)[^a-z0-9]|letter[-_ ]of[-_ ]auth|authori[sz]ation|power[-_ ]of[-_ ]attorney"
)
_COMPANY = re.compile(r"(?i)^,? (?:inc|llc|ltd|corp|gmbh|limited|company|co\.|s\.?a\.?|b\.?v\.?|ag|plc|s\.?r\.?l)\b")
_IMAGE = re.compile(r"(?i)\.(?:png|jpe?g|gif|css|js|ico|svg|woff2?)(?:\?|$)")
_LOG_SOURCE = re.compile(
    r"(?i)(?:\bfrom|\bsrc|\bsource|\brhost|\bclient|\battacker(?:'s)?(?: ip)?\)?|\bsaddr|\bremote|\bfailed for|\brip|\bby|\bban|\bhost|\bip|\buser\s\S{1,40}\sfrom)[\s=:\[(\"'<]{0,4}(?:ip)?[\s=:\[(\"'<]{0,3}$"
)
_LOG_TARGET = re.compile(
    r"(?i)(?:\bto|\bdst|\bdest(?:ination)?|\bdaddr|->|=>|>|\btarget|\bvictim|\bon|\bat|\blocal)[\s=:\[(\"'<>\-]{0,4}(?:ip)?[\s=:\[(\"']{0,3}$"
)


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
        if value.kind in _NEVER:
            value.best = value.mentions[0] if value.mentions else None
        else:
            weigher.weigh(value, value.value in in_subject)
    together.counterparts(list(values.values()), lines)
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
            if len(seen_lines) >= MENTIONS:
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
        domain = canonical.registrable(value.host)
        if domain:
            if domain in context.own_domains:
                total -= 5.0
            elif context.category not in IMITATED and sibling(domain, context.own_domains):
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
            total -= 0.6 if not is_reverse_name(value.host) else 3.0
        elif value.kind == "cidr":
            total -= 2.0
        elif value.kind == "url":
            if _IMAGE.search(value.value):
                total -= 1.0
            if looks_up(value):
                total -= 3.0
            if _HELP.search(value.value):
                total -= 3.0
            total -= _PAGE_PENALTY.get(context.category, 0.0) if context.category else 0.0
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
        if line.zone not in (MAIL_HEADER, EVIDENCE) and SUBJECT_FIELD.match(fold(line.text[:40])):
            return 2.5 + max(self.weight("near", before, mention.kind), -0.5), "forwarded subject"
        keyed = self.keyed(mention, before, index)
        if keyed is not None:
            return keyed, f"key {keyed:+.1f}"
        if line.zone == LOG:
            part = self.log(mention, before, text, at)
            return score + part, f"log {part:+.1f}"
        if NUMBERED.match(before):
            before = ""
        said = self.context_before(index, before)
        alone = not before.strip(BULLETS) and not tail.strip(BULLETS)
        near = self.weight("near", without_links(said), mention.kind)
        after = self.weight("after", tail)
        head = self.heading(index)
        score += near + after
        if head <= ELSEWHERE:
            score += head
        elif head < 0 and self.sectioned(index):
            score += 2 * head
        elif head < 0 and not alone and said is not before:
            pass  # in the middle of a sentence, whatever the paragraph above is about
        elif (
            near > 0.4
            and mention.kind == "url"
            and self.context.category not in BEHAVIOUR - {Category.SPAM}
            and LABELLED.match(before)
            and canonical.registrable(mention.host) not in self.context.recipient_domains | self.context.own_domains
        ):
            score += LABELLED_BONUS
        elif alone or not before.strip(BULLETS):
            score += (
                (1.0 if alone else 0.3)
                + head
                + (LISTED if alone and self.counts_lists(mention) and self.listed(index) else 0.0)
            )
        elif (
            head < 0
            and self.lines.lines[index - 1].text.rstrip().endswith(":")
            or head <= -3.0
            and self.listed_label(index)
        ):
            score += head
        elif near == 0 or (head < 0 and near < 2.0):
            score += 0.5 * head
        if alone and self.pointed_at(index):
            score += 1.5
        if mention.kind == "ip" and line.zone == BODY and not near and in_row(text, at, len(mention.raw)):
            score += 1.7 if not ADDRESS.search(text[max(at - REACH, 0) : at]) else 0.7
        if mention.kind == "domain" and _COMPANY.match(tail):
            score -= 4.0
        if mention.defanged:
            score += 1.5
        return score, f"{line.zone} near {near:+.1f} after {after:+.1f} head {head:+.1f}{' alone' if alone else ''}"

    def keyed(self, mention: Found, before: str, index: int) -> float | None:
        """Weight of the key of a JSON object that an indicator is the value of, and of the key that the object is the
        value of (`"sensor": {"ip": …}`); None if there is none that says something."""
        if before[-1:] not in ("'", '"'):
            return None
        key = KEY.search(before[-50:])
        known = column(key.group(1)) if key else None
        if known is None or known[0] == "known":
            return None
        outer = column(name) if (name := self.object_of(mention, index)) else None
        if outer is not None and outer[1] < 0:
            return outer[1]
        return KEY_NAME if known[0] == "name" else known[1]

    def object_of(self, mention: Found, index: int) -> str:
        """The key of the JSON object around an indicator, if it is near above."""
        lines = self.lines.lines
        above = [line.text[-OBJECT:] for line in lines[max(index - 8, 0) : index]]
        text = "\n".join([*above, lines[index].text[: max(mention.start - lines[index].start, 0)]])[-OBJECT:]
        depth = 0
        for at in range(len(text) - 1, -1, -1):
            depth += (text[at] == "}") - (text[at] == "{")
            if depth < 0:
                key = OBJECT_KEY.search(text[:at])
                return key.group(1) if key else ""
        return ""

    def pointed_at(self, index: int) -> bool:
        """True if a line soon after says "the above site": the item is what the text is about."""
        return any(ABOVE.search(line.text[:200]) for line in self.lines.lines[index + 1 : index + 5])

    def sectioned(self, index: int) -> bool:
        """True if the line is one of those under a `[section]`, as in INI files."""
        for line in self.lines.lines[max(index - 1, 0) : max(index - 8, 0) : -1]:
            if SECTION.match(text := line.text.strip()):
                return True
            if not text or "=" not in text:
                return False
        return False

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
        return any(0 <= i < len(lines) and bool(ITEM.match(lines[i].text.strip())) for i in (index - 1, index + 1))

    def context_before(self, index: int, before: str) -> str:
        """What stands before an indicator, with the end of the line above where the sentence runs on from there."""
        if len(before) < 40 and index > 0:
            line, above = self.lines.lines[index], self.lines.lines[index - 1]
            text = above.text.rstrip()
            if len(text) > 50 and above.quote == line.quote and text[-1] not in ".:!?;>)" and not is_item(text.strip()):
                return text[-60:] + " " + before
        return before

    def log(self, mention: Found, before: str, text: str, at: int) -> float:
        """The first address of a log line is its source, unless the line says otherwise."""
        if mention.kind != "ip":
            return -1.0
        extra = 1.0 if self.context.category in BEHAVIOUR else 0.0
        if HTTP_HOST.match(text) or text[max(at - 1, 0) : at] == "@":
            return -2.0  # the name of the host that was asked, or of an account on it
        if _LOG_SOURCE.search(before) or HOSTED.search(before):
            return 1.5 + extra
        if _LOG_TARGET.search(before):
            return -2.0
        lead = text[max(at - REACH, 0) : at]
        if ADDRESS.search(lead):
            return -0.5
        if not lead.strip(BULLETS) or in_row(text, at, len(mention.raw)):
            return 2.1 if extra or self.context.category is Category.MALWARE else 1.4
        return 0.7 + extra * 0.7

    def weight(self, section: str, text: str, kind: str = "") -> float:
        """Weight of the words in `text`: the one nearest to its end in full, what agrees with it a good part, the rest
        a third. A word for one kind of thing ("IP address") says little about another kind (a URL)."""
        if not text or text.isspace():
            return 0.0
        key = section + kind + text
        known = self.near_cache.get(key)
        if known is not None:
            return known
        text = fold(text)
        hits: list[tuple[int, float]] = []
        others = 0.0
        for start, end in spans(self.near.pattern, text):
            gap = len(text) - end
            word = text[start:end].lower()
            for found_section, weight in self.near.of(word):
                if found_section == section and abs(weight) > 0.05:  # tiny weights only stand in the way of others
                    if kind and weight > 0 and word in (OF_ADDRESS if kind in NAMES else OF_NAME):
                        others = max(others, 0.3 * weight)
                        continue
                    hits.append((gap, weight * (closeness(gap) if section == "near" else 1.0 if gap <= 120 else 0.5)))
        total = others
        if hits:
            hits.sort(key=lambda hit: (hit[0], -abs(hit[1])))
            total = hits[0][1]
            rest = [w for _, w in hits[1:]]
            plus, minus = max([0.0, *rest]), min([0.0, *rest])
            total += plus * (AGREE if total > 0 else REST) + minus * (AGREE if total < 0 else REST)
        self.near_cache[key] = total
        return total

    def heading(self, index: int) -> float:
        """Weight of the paragraph that introduces the line `index`: the nearest one above that is prose or a label."""
        visited: list[int] = []
        at = index - 1
        result = 0.0
        while at >= 0 and len(visited) < 60:
            known = self.headings.get(at + 1)
            if known is not None:
                result = known
                break
            visited.append(at + 1)
            text = self.lines.lines[at].text.strip()
            if text and not is_item(text):
                first = at
                while (
                    first > 0
                    and at - first < 2
                    and len(self.lines.lines[first - 1].text.strip()) > 50
                    and not outdented(self.lines.lines[first].text, self.lines.lines[first - 1].text)
                ):
                    first -= 1
                paragraph = " ".join(line.text.strip()[-200:] for line in self.lines.lines[first : at + 1])
                result = self.weight("heading", paragraph[-300:])
                break
            at -= 1
        for seen in visited:
            self.headings[seen] = result
        return result


def _decide(values: list[Value], lines: Layout, context: Context) -> list[Claimed]:
    candidates = [v for v in values if v.kind in ("url", "domain", "ip", "cidr")]
    targets = [v for v in candidates if v.score >= THRESHOLD]
    shown = context.category in together.SHOWN or context.category in together.MAYBE_SHOWN
    if shown and not any(v.kind in ("url", "domain") for v in targets):
        targets += together.passed_on(candidates, lines)
    if context.category in together.MAIL_BORNE and not any(v.kind in ("ip", "cidr") for v in targets):
        source = together.mail_source(candidates, lines)
        if context.category is Category.SPAM or not targets:
            targets += source
    if not targets:
        targets = together.best(candidates)
    if not targets and context.category in (Category.COMPROMISED, Category.ACCOUNT_TAKEOVER):
        targets = together.own_site(candidates, lines)
    if context.category in together.SHOWN and not any(v.kind in ("url", "domain") for v in targets):
        targets += together.best_page(targets, candidates, lines)
    elif context.category in together.MAYBE_SHOWN and not any(v.kind in ("url", "domain") for v in targets):
        targets += together.only_page(candidates, lines)
    if context.category in together.SHOWN_ON and not any(v.kind in ("ip", "cidr") for v in targets):
        targets += together.best_address(candidates, lines)
    targets += together.companions(targets, candidates, lines)
    hosts = {v.host for v in targets if v.kind == "url"}
    chosen = {id(v) for v in targets}
    targets += [v for v in candidates if v.kind == "ip" and v.value in hosts and id(v) not in chosen]
    chosen = {id(v) for v in targets}
    out: list[Claimed] = together.hosts(targets, values)
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
                confidence=confidence(value.score, role),
                source="body" if mention else "subject",
            )
        )
    return out

"""Words and values that every part of the desk shares.

The vocabulary is that of the field (docs/concepts.md). Everything here is a plain value: no behaviour that needs
a database, a clock or the network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Form(StrEnum):
    """Legal shape of a report."""

    NOTICE = "notice"
    DMCA = "dmca"
    COUNTER_NOTICE = "counter_notice"
    RETRACTION = "retraction"
    ORDER = "order"
    REFERRAL = "referral"
    ALERT = "alert"
    REPLY = "reply"
    UNPARSED = "unparsed"
    # What is not a report: kept and linked, never worked as a new case, never answered (RFC 3834, RFC 3464).
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    TICKET_ACK = "ticket_ack"
    NEWSLETTER = "newsletter"
    DELIVERY_TEST = "delivery_test"


#: Forms that never open a case and never get an answer, so that no mail loop can start.
NOT_REPORTS = frozenset({Form.BOUNCE, Form.AUTO_REPLY, Form.TICKET_ACK, Form.NEWSLETTER, Form.DELIVERY_TEST})


class Category(StrEnum):
    """Kind of abuse that a report claims and a case is about."""

    COPYRIGHT = "copyright"
    TRADEMARK = "trademark"
    PHISHING = "phishing"
    MALWARE = "malware"
    BOTNET = "botnet"
    SPAM = "spam"
    FRAUD = "fraud"
    NETWORK_ATTACK = "network_attack"
    VULNERABLE_SERVICE = "vulnerable_service"
    COMPROMISED = "compromised"
    CHILD_SAFETY = "child_safety"
    NCII = "ncii"
    VIOLENT_THREAT = "violent_threat"
    TERRORISM = "terrorism"
    HARASSMENT = "harassment"
    DOXING = "doxing"
    ILLEGAL_GOODS = "illegal_goods"
    REGISTRATION_DATA = "registration_data"
    DOMAIN_DISPUTE = "domain_dispute"
    ACCOUNT_TAKEOVER = "account_takeover"
    GOVERNMENT_ORDER = "government_order"
    DATA_REQUEST = "data_request"
    OTHER = "other"


class Role(StrEnum):
    """What an indicator is in the report that names it."""

    TARGET = "target"  # complained about
    REFERENCE = "reference"  # the original work, the brand's own site, a link in a signature
    REPORTER = "reporter"  # the sender's own hosts and addresses


class Channel(StrEnum):
    """The door by which a report came in."""

    MAIL = "mail"
    FORM = "form"
    API = "api"
    IMPORT = "import"
    FEED = "feed"
    PORTAL = "portal"
    DETECTOR = "detector"
    HISTORY = "history"  # old mail, brought in for the record


#: Nobody is written to on account of what came in here: old mail was answered, or not, long ago, and behind a list of
#: findings that we subscribed to nobody waits for a letter about each.
NEVER_WRITTEN_TO = frozenset({Channel.HISTORY, Channel.FEED})


class ServiceRole(StrEnum):
    """What the provider does for the asset; duties bind per service, not per company."""

    HOSTING = "hosting"
    CACHING = "caching"
    PASS_THROUGH = "pass_through"  # noqa: S105 (a role, no password)
    REGISTRAR = "registrar"
    REGISTRY = "registry"
    DNS = "dns_resolver"
    ACCESS = "access"
    ONLINE_PLATFORM = "online_platform"
    SEARCH = "search"
    USER_TO_USER = "user_to_user"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input, as a value: `code` for machines, `message` for people, `where` in the input."""

    code: str
    message: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason why something may not be done (or, with `blocks` false, should be looked at first)."""

    code: str
    message: str
    field: str = ""
    blocks: bool = True


class Refused(Exception):
    """A typed "no": the desk understood the wish and will not do it. Carries every finding, not just the first."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{f.code}: {f.message}" for f in findings))


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters [start, end) in `Reading.text`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """One indicator as a report claims it.

    `value` is canonical (WHATWG URL, lower-case A-label domain, compressed IP); `raw` is what stood in the text at
    [start, end) of `Reading.text`; both offsets are -1 where the indicator does not come from that text (an attached
    table, a header). `confidence` (0..1) is in the role.
    """

    kind: str  # url | domain | ip | cidr | email | hash | account | asn
    value: str
    role: Role = Role.TARGET
    raw: str = ""
    start: int = -1
    end: int = -1
    confidence: float = 1.0
    source: str = ""  # part of the message it was found in: body, arf, xarf, csv:<name> …


@dataclass(frozen=True, slots=True)
class ClaimedParty:
    """A person or body as the message names it; nothing here is verified."""

    name: str = ""
    email: str = ""
    organisation: str = ""
    phone: str = ""
    address: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """One legal element of a notice, with the spans of text that show it (17 USC 512(c)(3)(A)(i)–(vi) and others)."""

    id: str
    present: bool
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message claims. Values only; made without database, clock or network.

    `text` is the decoded text the offsets point into. `parser` names the reader that understood the message.
    `incident_at` is aware (UTC) or None. `references` are Message-IDs from In-Reply-To and References.
    """

    form: Form = Form.UNPARSED
    category: Category | None = None
    confidence: float = 0.0
    language: str = ""
    reporter: ClaimedParty = field(default_factory=ClaimedParty)
    principal: ClaimedParty | None = None
    indicators: tuple[Claimed, ...] = ()
    incident_at: datetime | None = None
    subject: str = ""
    text: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    original_recipient: str = ""
    sent_at: datetime | None = None
    elements: tuple[Element, ...] = ()
    tags: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    parser: str = ""

    @property
    def targets(self) -> tuple[Claimed, ...]:
        """The indicators that are complained about."""
        return tuple(i for i in self.indicators if i.role == Role.TARGET)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a person of the desk, a party outside, or the desk itself. Written `kind:id`."""

    kind: str  # person | system | reporter | customer | plugin | token
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def parse(cls, text: str) -> Actor:
        """Read back what `str(actor)` wrote."""
        kind, _, ident = text.partition(":")
        return cls(kind, ident)


SYSTEM = Actor("system")

# ruff: noqa: E501, SIM102  (a pattern reads best in one line, a condition one a line)
"""The lines of a document and what each is: body, log, header of a quoted mail, signature, disclaimer, evidence.

A person sees at a glance that a link under "Kind regards" is not complained about. This module sees it by the marks
that all senders share: separators, closing formulas, header blocks, timestamps, quoting.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from trustdesk.reading.document import Document
from trustdesk.reading.lexicon import fold, words
from trustdesk.reading.patterns import found, linear, spans

BODY, LOG, MAIL_HEADER, EVIDENCE, SIGNATURE, DISCLAIMER, FORWARD_HEADER, PGP, WHOIS = (
    "body",
    "log",
    "mail_header",
    "evidence",
    "signature",
    "disclaimer",
    "forward_header",
    "pgp",
    "whois",
)

_QUOTE = re.compile(r"^(?:[ \t]{0,3}[>|][ \t]?){1,20}")
_SEPARATOR = re.compile(r"^[\s\-=_*#+~.<>]{5,}$")
_SIGNATURE_MARKS = ("--", "-- ")
_CLOSING = re.compile(
    r"(?i)^\W{0,3}(?:(?:with |most )?(?:kind|best|warm|many|my|yours|our)?\s?(?:regards|wishes)|(?:yours )?(?:sincerely|truly|faithfully|respectfully)"
    r"|thanks|thank you|many thanks|thanks and regards|thank you and (?:best |kind )?regards|regards|cheers|cordially|respectfully(?: submitted)?"
    rf"|{'|'.join(re.escape(phrase) for phrase in sorted(words('layout', 'closing'), key=len, reverse=True))})"
    r"(?:[\s,.!;:\-–—]|$)"
)
#: Languages that set no spaces: their formulas are followed by anything.
_CLOSING_UNSPACED = tuple(phrase for phrase in words("layout", "closing") if phrase[0] >= "\u2e80")
_CLOSING_WORDS = frozenset(
    ["with", "most", "kind", "best", "warm", "many", "my", "yours", "our", "regards", "sincerely", "truly", "faithfully", "respectfully",
     "thanks", "thank", "cheers", "cordially", "wishes", *(phrase.split()[0].rstrip(",.!;:-") for phrase in words("layout", "closing"))]
)  # fmt: skip
_FORWARD_STARTS = frozenset(
    [
        "begin f",
        "origina",
        "forward",
        "weiterg",
        "ursprün",
        "mensaje",
        "message",
        "messagg",
        "mensage",
        "doorges",
        "reenvia",
    ]
)
_FORWARD = re.compile(
    r"(?i)^[\s\-=_*]*(?:begin )?(?:(?:original|forwarded|weitergeleitete|ursprüngliche|mensaje|message|messaggio|mensagem|doorgestuurd|reenviado)[ \w]{0,20}(?:message|nachricht|mail|original|transféré|inoltrato|reenviado|encaminhada|bericht)?)[:\s\-=_*]*$"
)
_FORWARD_FIELDS = frozenset(
    ["from", "sent", "to", "date", "subject", "cc", "reply-to", "von", "gesendet", "an", "betreff", "datum", "de", "envoyé", "à", "objet",
     "para", "asunto", "fecha", "enviado", "enviado el", "da", "inviato", "a", "oggetto", "assunto", *words("layout", "forward_fields")]
)  # fmt: skip
_MAIL_FIELDS = frozenset(
    ["received", "return-path", "delivered-to", "message-id", "dkim-signature", "authentication-results", "received-spf", "mime-version",
     "content-type", "content-transfer-encoding", "envelope-to", "reply-to", "user-agent", "sender", "precedence", "errors-to", "from", "to",
     "cc", "date", "subject", "references", "in-reply-to", "importance", "feedback-id", "domainkey-signature"]
)  # fmt: skip
_MAIL_PREFIXES = ("x-", "arc-", "list-", "thread-")
_MAIL_ONLY = frozenset(
    {"received", "return-path", "message-id", "dkim-signature", "delivered-to", "mime-version", "received-spf"}
)
# One match a line: each pattern takes the rest of its line with it.
_REST_OF_LINE = r"[^\n]*"
_TIME = linear(
    r"(?:(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.](?:\d{1,2}|[a-z]{3})[-/.]\d{2,4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6} +\d{1,2}),?[ T:/]{1,3}(?:\d{4} )?\d{1,2}:\d{2}"
    r"|(?m:^)[^\w\n]{0,2}\d{2}:\d{2}:\d{2}[.,]\d)" + _REST_OF_LINE
)
_LOGGY = linear(
    r"(?:\" \d{3} \d|\b(?:get|post|head|put|connect|options|propfind) [/h*][^\n ]* http/|sshd\[\d|\bsrc=|\bdst=|proto[= ]|\bpostfix/|\bdovecot|\brhost=|failed password|invalid user|"
    r"\b(?:tcp|udp|icmp)\b[^\n]*(?:->|=>| > )|\d\.\d{1,5} > \d|authentication failure|authentication failed|\bauth\b[^\n]*failed|\bdpt?=|user-agent|mozilla/5\.0|\[client |\blogin:|ban \d)"
    + _REST_OF_LINE
)
_DISCLAIMER = linear(
    r"(?:confidential(?:ity)?\b|intended (?:only )?(?:for|recipient)|unsubscribe|privacy (?:policy|statement|notice)|legally privileged|disclaimer|received this (?:e-?mail|message) in error|opt[- ]out|"
    r"before printing|virus[- ]free|terms (?:of (?:use|service)|and conditions) (?:of|apply)|vertraulich|confidencial|confidentiel|riservat[oe]|abmelden|darse de baja|manage (?:your )?(?:preferences|subscription)|"
    r"all rights reserved|copyright ©|© ?\d{4}|you are receiving this|you received this (?:e-?mail|message)|sent from my|this (?:e-?mail|message) (?:was|has been) (?:sent|scanned)|add(?:ress)? book|follow us|registered (?:office|in england)|mailing list|external (?:e-?mail|sender)|"
    + "|".join(re.escape(phrase) for phrase in words("layout", "disclaimer"))
    + ")"
    + _REST_OF_LINE
)
_WHOIS = linear(
    r"(?m:^)[> |\t]*(?:[#%]\s|[#%]$|(?:inetnum|inet6num|netrange|netname|nethandle|netrange|cidr|originas|orgname|orgid|orgabuse\w*|orgtech\w*|orgnoc\w*|mnt-\w+|admin-c|tech-c|nic-hdl|source|"
    r"org|organi[sz]ation|descr|remarks|country|status|role|person|route6?|origin|abuse-c|abuse-mailbox|created|last-modified|changed|regdate|updated|parent|nettype|ref|stateprov|postalcode)\s*:\s{2,}|"
    r"(?:inetnum|inet6num|netrange|netname|cidr|route6?|abuse-mailbox)\s*:)" + _REST_OF_LINE
)
_LINK = re.compile(r"\S{0,10}://\S*")


@dataclass(slots=True)
class Line:
    """One line: characters [start, end) of the document without the line break; `quote` levels of quoting."""

    start: int
    end: int
    text: str
    zone: str
    section: int
    quote: int = 0
    depth: int = 0
    shown: bool = False  # a header field of an attached message, shown above it


class Layout:
    """The lines of a document in order; finds the line of an offset."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._starts = [line.start for line in lines]

    def index_at(self, offset: int) -> int:
        """Index of the line that holds the character at `offset`."""
        return max(bisect_right(self._starts, offset) - 1, 0)


def layout(doc: Document) -> Layout:
    """Split `doc` into lines and give each its zone. Linear."""
    lines: list[Line] = []
    flags = _Marks(doc.text).flags
    substance = False  # has anything been said before a nested message?
    for number, section in enumerate(doc.sections):
        text = doc.text[section.start : section.end]
        nested = section.depth > 0
        state = _State(evidence=nested and substance)
        at, first = section.start, len(lines)
        is_header, is_file = section.source == "message-header", section.source.startswith("file:")
        for raw in text.split("\n"):
            end = at + len(raw)
            line = Line(at, end, raw, BODY, number, 0, section.depth)
            if ">" in raw[:8] or "|" in raw[:4]:
                quoted = _QUOTE.match(raw)
                if quoted:
                    line.quote = quoted.group().count(">")
                    line.text = raw[quoted.end() :]
                    line.start = at + quoted.end()
            line.zone = state.zone(line.text, flags.get(at, 0))
            if is_header:
                line.shown = True
                line.zone = MAIL_HEADER if substance else FORWARD_HEADER
            elif is_file and line.zone in (BODY, SIGNATURE):
                line.zone = LOG if not nested else EVIDENCE
            lines.append(line)
            at = end + 1
        if not nested and not substance and section.source in ("body", "html"):
            substance = _says_something("\n".join(line.text for line in lines[first:] if line.zone == BODY))
    return Layout(lines)


_REPORTS = linear(
    r"abuse|spam|phish|attack|infring|malicious|malware|complain|report|incident|unauthori[sz]ed|fraud|copyright|offending|misbrauch|missbrauch|violat|scan|hack|intrusion|compromis|infect|botnet|takedown"
)


def _says_something(text: str) -> bool:
    """True if a body makes a claim of its own, so that what is attached to it is evidence and not the complaint."""
    solid = text[:20_000]
    return len(solid.strip()) > 25 and found(_REPORTS, solid)


_IS_TIMED, _IS_LOGGY, _IS_DISCLAIMER, _IS_WHOIS = 1, 2, 4, 8
#: How far into its line a mark must stand to make the line what it is.
_REACH = {_IS_TIMED: 300, _IS_LOGGY: 600, _IS_DISCLAIMER: 400, _IS_WHOIS: 40}


class _Marks:
    """Which lines (by where they begin) carry a time, log vocabulary, a disclaimer or registry data: found in one pass
    each over the text."""

    def __init__(self, text: str) -> None:
        text = fold(text)
        self.flags: dict[int, int] = {}
        starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        for pattern, flag in (
            (_TIME, _IS_TIMED),
            (_LOGGY, _IS_LOGGY),
            (_DISCLAIMER, _IS_DISCLAIMER),
            (_WHOIS, _IS_WHOIS),
        ):
            reach = _REACH[flag]
            for where, _ in spans(pattern, text):
                start = starts[bisect_right(starts, where) - 1]
                if where - start <= reach:
                    self.flags[start] = self.flags.get(start, 0) | flag


def _disclaims(text: str) -> bool:
    return "://" not in text or found(_DISCLAIMER, _LINK.sub("", text))


def _is_confidential(text: str) -> bool:
    """True for the notice of a law department in one long line: it speaks of secrets and of the wrong recipient."""
    lower = text[:3000].lower()
    return "confidential" in lower and ("intended" in lower or "in error" in lower) and "://" not in lower


def _first_word(text: str) -> str:
    return text.strip("*_> \t").partition(" ")[0].lower().rstrip(",.!;:-")


def _closes(text: str) -> bool:
    """True for a closing formula (`Mit freundlichen Grüßen`) at the beginning of a line."""
    plain = fold(text)
    if plain >= "\u2e80":
        return plain.startswith(_CLOSING_UNSPACED)
    return _first_word(plain) in _CLOSING_WORDS and bool(_CLOSING.match(plain))


class _State:
    """Walks the lines of one section and remembers which part of the mail it is in."""

    def __init__(self, *, evidence: bool) -> None:
        self.base = EVIDENCE if evidence else BODY
        self.current = self.base
        self.header_run = 0
        self.since_closing = 0
        self.seen = 0

    def zone(self, text: str, marks: int) -> str:
        stripped = text.strip()
        if not stripped:
            self.header_run = 0
            if self.current == FORWARD_HEADER:
                self.current = self.base
            elif self.current == MAIL_HEADER:
                self.current = EVIDENCE
            elif self.current == SIGNATURE:
                self.since_closing += 1
            return self.current
        self.seen += 1
        if stripped.startswith("-----"):
            if "PGP SIGNATURE-----" in stripped or "PGP PUBLIC KEY BLOCK-----" in stripped:
                self.current = PGP if "BEGIN" in stripped else self.base
                return PGP
        if self.current == PGP:
            return PGP
        first = stripped[:1]
        # Header block of a mail shown in the text: from here on it is evidence.
        if self.current == MAIL_HEADER and text[:1].isspace():
            return MAIL_HEADER
        if ":" in stripped[:42]:
            name = fold(stripped.partition(":")[0].strip("*>| \t").lower())
            field = name in _MAIL_FIELDS or (name.startswith(_MAIL_PREFIXES) and " " not in name)
            if field:
                self.header_run += 1
                if name in _MAIL_ONLY or (self.header_run >= 3 and self.current == MAIL_HEADER):
                    self.current = MAIL_HEADER
                    return MAIL_HEADER
            if name in _FORWARD_FIELDS:
                if self.current == MAIL_HEADER:
                    return MAIL_HEADER
                if self.header_run >= 2 or self.current == FORWARD_HEADER:
                    self.current = FORWARD_HEADER
                    return FORWARD_HEADER
                if not field:
                    self.header_run += 1
            elif not field:
                self.header_run = 0
        elif self.current == MAIL_HEADER and not stripped.startswith(("by ", "for ", "from ", "id ", "with ", ";")):
            self.current = EVIDENCE
        else:
            self.header_run = 0
        if self.current == FORWARD_HEADER:
            self.current = self.base
        if text in _SIGNATURE_MARKS:
            self.current, self.since_closing = SIGNATURE, 0
            return SIGNATURE
        if first in "-=_*#+~.<>" and _SEPARATOR.match(stripped):
            if self.current == SIGNATURE and self.since_closing >= 1:
                self.current = self.base
            self.since_closing += 1
            return self.current
        if len(stripped) < 60 and _closes(stripped):
            if self.current in (BODY, SIGNATURE) and (len(stripped) < 34 or stripped.endswith((",", ".", "!"))):
                self.current, self.since_closing = SIGNATURE, 0
                return SIGNATURE
        if (
            len(stripped) < 90
            and (first in "-=_*" or stripped[:7].lower() in _FORWARD_STARTS)
            and _FORWARD.match(stripped)
        ):
            self.current = self.base
            return FORWARD_HEADER
        if marks & _IS_WHOIS and self.current != EVIDENCE:
            return WHOIS
        if marks & (_IS_LOGGY | _IS_TIMED) and self.current in (BODY, SIGNATURE, EVIDENCE):
            if marks & _IS_LOGGY or len(stripped) > 40:
                return LOG
        if (
            self.current == SIGNATURE
            and self.since_closing >= 1
            and (stripped.startswith(("===", "***", "---")) or len(stripped) > 400)
        ):
            self.current = self.base
        if marks & _IS_DISCLAIMER and self.current != EVIDENCE:
            if (len(stripped) < 400 and _disclaims(stripped)) or _is_confidential(stripped):
                return DISCLAIMER
        return self.current

"""The lines of a document and what each is: body, log, header of a quoted mail, signature, disclaimer, evidence.

A person sees at a glance that a link under "Kind regards" is not complained about. This module sees it by the marks
that all senders share: separators, closing formulas, header blocks, timestamps, quoting.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from trustdesk.reading.document import Document

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
_SIGNATURE_MARK = re.compile(r"^-- ?$")
_CLOSING = re.compile(
    r"(?i)^\W{0,3}(?:(?:with |most )?(?:kind|best|warm|many|my|yours|our)?\s?(?:regards|wishes)|(?:yours )?(?:sincerely|truly|faithfully|respectfully)"
    r"|thanks|thank you|many thanks|thanks and regards|thank you and (?:best |kind )?regards|regards|cheers|cordially|respectfully(?: submitted)?"
    r"|mit freundlichen gr(?:ü|ue?)(?:ß|ss)en|freundliche gr(?:ü|ue?)(?:ß|ss)e|viele gr(?:ü|ue?)(?:ß|ss)e|mfg|cordialement|bien (?:à vous|cordialement)|salutations|sincères salutations"
    r"|atentamente|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|cordiali saluti|distinti saluti|saluti|atenciosamente|cumprimentos|com os melhores cumprimentos"
    r"|met vriendelijke groet(?:en)?|s pozdravem|z poważaniem|pozdrawiam|с уважением|cu stim[ăa]|med v[äa]nlig(?:a)? h[äa]lsning(?:ar)?|yst[äa]v[äa]llisin terveisin|saygılarımla|敬具|よろしくお願い|谢谢|此致)"
    r"(?:[\s,.!;:\-–—]|$)"
)
_FORWARD = re.compile(
    r"(?i)^[\s\-=_*]*(?:begin )?(?:(?:original|forwarded|weitergeleitete|ursprüngliche|mensaje|message|messaggio|mensagem|doorgestuurd|reenviado)[ \w]{0,20}(?:message|nachricht|mail|original|transféré|inoltrato|reenviado|encaminhada|bericht)?)[:\s\-=_*]*$"
)
_FORWARD_FIELD = re.compile(
    r"(?i)^\W{0,3}(from|sent|to|date|subject|cc|reply-to|von|gesendet|an|betreff|datum|de|envoyé|à|objet|para|asunto|fecha|enviado(?: el)?|da|inviato|a|oggetto|assunto|от|кому|тема|дата)\W{0,3}:\W?"
)
_MAIL_FIELD = re.compile(
    r"(?i)^(received|return-path|delivered-to|message-id|dkim-signature|authentication-results|received-spf|mime-version|content-type|"
    r"content-transfer-encoding|x-[\w-]{2,40}|arc-[\w-]{2,40}|list-[\w-]{2,20}|envelope-to|reply-to|thread-\w+|user-agent|sender|precedence|errors-to|"
    r"from|to|cc|date|subject|references|in-reply-to|importance|feedback-id|domainkey-signature)\s?:"
)
_MAIL_ONLY = frozenset(
    {"received", "return-path", "message-id", "dkim-signature", "delivered-to", "mime-version", "received-spf"}
)
_TIME = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.](?:\d{1,2}|[A-Za-z]{3})[-/.]\d{2,4}|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} +\d{1,2}),?[ T:/]{1,3}(?:\d{4} )?\d{1,2}:\d{2}(?::\d{2})?"
    r"|^\W{0,2}\d{2}:\d{2}:\d{2}[.,]\d"
)
_LOGGY = re.compile(
    r"\" \d{3} \d|\b(?:GET|POST|HEAD|PUT|CONNECT|OPTIONS|PROPFIND) [/h*]\S{0,300} HTTP/|sshd\[\d|\bSRC=|\bDST=|proto[= ]|PROTO=|\bpostfix/|\bdovecot|\brhost=|Failed password|Invalid user|"
    r"\b(?:tcp|udp|icmp)\b.{1,80}(?:->|=>|>)|\d\.\d{1,5} > \d|authentication failure|authentication failed|\bAUTH\b.{0,80}failed|\bdpt?=|user-agent|Mozilla/5\.0|\[client |\blogin:|Ban \d",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"(?i)confidential(?:ity)?\b|intended (?:only )?(?:for|recipient)|unsubscribe|privacy (?:policy|statement|notice)|legally privileged|disclaimer|received this (?:e-?mail|message) in error|opt[- ]out|"
    r"before printing|virus[- ]free|terms (?:of (?:use|service)|and conditions) (?:of|apply)|vertraulich|confidencial|confidentiel|riservat[oe]|abmelden|darse de baja|manage (?:your )?(?:preferences|subscription)|"
    r"all rights reserved|copyright ©|© ?\d{4}|you are receiving this|you received this (?:e-?mail|message)|sent from my|this (?:e-?mail|message) (?:was|has been) (?:sent|scanned)|add(?:ress)? book|follow us|registered (?:office|in england)|mailing list|external (?:e-?mail|sender)"
)
_WHOIS = re.compile(
    r"(?i)^(?:[#%]\s|[#%]$|(?:inetnum|inet6num|netrange|netname|nethandle|netrange|cidr|originas|orgname|orgid|orgabuse\w*|orgtech\w*|orgnoc\w*|mnt-\w+|admin-c|tech-c|nic-hdl|source|"
    r"org|organi[sz]ation|descr|remarks|country|status|role|person|route6?|origin|abuse-c|abuse-mailbox|created|last-modified|changed|regdate|updated|parent|nettype|ref|stateprov|postalcode)\s*:\s{2,}|"
    r"(?:inetnum|inet6num|netrange|netname|cidr|route6?|abuse-mailbox)\s*:)"
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
    substance = False  # has anything been said before a nested message?
    for number, section in enumerate(doc.sections):
        text = doc.text[section.start : section.end]
        nested = section.depth > 0
        state = _State(evidence=nested and substance)
        at = section.start
        for raw in text.split("\n"):
            line = Line(at, at + len(raw), raw, BODY, number, depth=section.depth)
            if ">" in raw[:8] or "|" in raw[:4]:
                quoted = _QUOTE.match(raw)
                if quoted:
                    line.quote = quoted.group().count(">")
                    line.text = raw[quoted.end() :]
                    line.start = at + quoted.end()
            line.zone = state.zone(line.text)
            if section.source == "message-header":
                line.zone = MAIL_HEADER if substance else FORWARD_HEADER
            elif section.source.startswith("file:") and line.zone in (BODY, SIGNATURE):
                line.zone = LOG if not nested else EVIDENCE
            lines.append(line)
            at += len(raw) + 1
        if not nested and section.source in ("body", "html"):
            own = "\n".join(line.text for line in lines if line.section == number and line.zone == BODY)
            substance = substance or _says_something(own)
    return Layout(lines)


_REPORTS = re.compile(
    r"(?i)abuse|spam|phish|attack|infring|malicious|malware|complain|report|incident|unauthori[sz]ed|fraud|copyright|offending|misbrauch|missbrauch|violat|scan|hack|intrusion|compromis|infect|botnet|takedown"
)


def _says_something(text: str) -> bool:
    """True if a body makes a claim of its own, so that what is attached to it is evidence and not the complaint."""
    solid = text[:20_000]
    return len(solid.strip()) > 80 and bool(_REPORTS.search(solid))


class _State:
    """Walks the lines of one section and remembers which part of the mail it is in."""

    def __init__(self, *, evidence: bool) -> None:
        self.base = EVIDENCE if evidence else BODY
        self.current = self.base
        self.header_run = 0
        self.since_closing = 0
        self.seen = 0

    def zone(self, text: str) -> str:
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
            field = _MAIL_FIELD.match(stripped)
            if field:
                self.header_run += 1
                if field.group(1).lower() in _MAIL_ONLY or (self.header_run >= 3 and self.current == MAIL_HEADER):
                    self.current = MAIL_HEADER
                    return MAIL_HEADER
            if _FORWARD_FIELD.match(stripped):
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
        if _SIGNATURE_MARK.match(text):
            self.current, self.since_closing = SIGNATURE, 0
            return SIGNATURE
        if first in "-=_*#+~.<>" and _SEPARATOR.match(stripped):
            if self.current == SIGNATURE and self.since_closing >= 1:
                self.current = self.base
            self.since_closing += 1
            return self.current
        if len(stripped) < 60 and _CLOSING.match(stripped):
            if self.current in (BODY, SIGNATURE) and (len(stripped) < 34 or stripped.endswith((",", ".", "!"))):
                self.current, self.since_closing = SIGNATURE, 0
                return SIGNATURE
        if len(stripped) < 90 and _FORWARD.match(stripped):
            self.current = self.base
            return FORWARD_HEADER
        if self.current in (BODY, SIGNATURE, EVIDENCE) and (
            _TIME.search(stripped[:300]) or _LOGGY.search(stripped[:600])
        ):
            if _LOGGY.search(stripped[:600]) or len(stripped) > 40:
                return LOG
        if (
            self.current == SIGNATURE
            and self.since_closing >= 1
            and (stripped.startswith(("===", "***", "---")) or len(stripped) > 400)
        ):
            self.current = self.base
        if self.current != EVIDENCE and len(stripped) < 400 and _DISCLAIMER.search(_LINK.sub("", stripped[:400])):
            return DISCLAIMER
        return self.current

# ruff: noqa: E501  (a pattern reads best in one line)
"""The general reader: any message whose format nothing more special knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trustdesk.core.types import Category, Claimed, ClaimedParty, Element, Form, Problem, Reading, Role
from trustdesk.reading import canonical, dmca, forms, orders, parties, questions, roles, times
from trustdesk.reading.category import category, shown, shows_mail
from trustdesk.reading.document import Document, document, has_pdf
from trustdesk.reading.extract import extract
from trustdesk.reading.language import language
from trustdesk.reading.layout import EVIDENCE, FORWARD_HEADER, LOG, MAIL_HEADER, PGP, WHOIS, Layout, layout
from trustdesk.reading.lexicon import fold, phrases
from trustdesk.reading.message import Message
from trustdesk.reading.patterns import found, linear
from trustdesk.reading.tables import tables

_FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "hotmail.com",
        "outlook.com",
        "live.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "icloud.com",
        "mail.ru",
        "yandex.ru",
        "protonmail.com",
        "proton.me",
        "qq.com",
        "163.com",
        "msn.com",
    ]  # fmt: skip
)
_CATEGORY_TEXT = 12_000
#: What advertisements offer: words of these without a word of complaint are an advertisement.
_ADVERTISED = frozenset({Category.ILLEGAL_GOODS, Category.FRAUD})
_OFFER = linear(
    r"unsubscribe|opt.?out|\bbuy\b|\border now|\bcheap|\bprices?\b|discount|% off|\b(?:special|our|best|exclusive|great) offers?\b|free shipping|pharmacy|viagra|cialis|casino|\bbonus|\bloans?\b|click here|\bseo\b|"
    r"promo(?:tion|ci|ç)|oferta|angebot|gratis|gutschein|rabatt|abbestellen|darse de baja|d[ée]sabonner|d[ée]sinscri|winner|\bwon\b|lottery|million|inheritance|dear friend|"
    r"business proposal|investment|crypto|bitcoin|\bdating\b|\bsexy\b|replica|follow this link|view in browser|act now|limited (?:time|period)|new offers|medication|sconto|offerta|скидк|купить|акци|рассылк|отписаться|"
    # and the lures of mail that fishes for passwords
    r"geld verdienen|klicken|cliquez|haga clic|clicca qui|clique aqui|verify your|confirm your (?:account|identity|password)|verifi(?:que|car|ca) |best[äa]tigen sie|mailbox (?:is|has)|"
    r"storage (?:limit|quota)|account (?:has been|will be|was) (?:blocked|suspended|closed|limited|deactivated)|password (?:has expired|expires|will expire)"
)
_INFECTED = frozenset({Category.MALWARE, Category.COMPROMISED, Category.BOTNET})
#: Weight of words below which a text that complains of nothing is not taken for a complaint.
_SILENT = 7.0
#: What such a text may be about by chance: the foot of a newsletter has a copyright, an advertisement speaks of spam.
_BY_CHANCE = frozenset(
    {Category.COPYRIGHT, Category.SPAM, Category.FRAUD, Category.ILLEGAL_GOODS, Category.GOVERNMENT_ORDER, None}
)
_SILENT_OTHERWISE = 4.5
_COMPLAINT = linear(
    r"\babus|\breports?\b|\bspam|phish|infring|attack|malware|malicious|complain|unauthori[sz]ed|illegal|fraud|violat|incident|vulnerab|compromis|infected|"
    r"intrusion|brute.?force|port.?scan|hack|botnet|blacklist|block ?list|takedown|take down|copyright|piracy|trademark|counterfeit|"
    r"\bscam|\bscan(?:s|ned|ning)?\b|firewall|denied|\bfake\b|stolen|suspicious|hijack|unlicen[cs]ed|prohibited|without (?:my |our |any )?(?:consent|permission|authori)|took my money|infected|banned|sinkhole|exploit|ddos|"
    r"missbrauch|angriff|angegriffen|urheber|betrug|betrüg|gefälscht|schad(?:software|programm)|verwundbar|kompromittiert|beschwerde|verletzung|sicherheitsvorfall|sperr(?:en|ung)|"
    r"misbruik|kwetsba|klacht|inbreuk|aanval|oplicht|nepwebs|hameçon|signale|illicite|frauduleu|contrefa|droits? d.auteur|plainte|malveillan|piratage|attaque|retirer|"
    r"fraude|denuncia|infracci|ataque|suplanta|malicios|retirada|estafa|ilícit|remoção|vulnera|violação|golpe|segnalazion|violazion|truffa|fraudolent|malevol|rimozione|compromess|"
    r"naruszen|incydent|złośliw|wyłudz|oszust|zgłosz|podatn|bezpečnost|útok|podvod|škodliv|stížnost|bedräg|nätfiske|skadlig|intrång|sårbar|oltalama|zararlı|saldırı|şikayet|kötüye|"
    r"жалоб|наруш|шахрай|фишинг|мошен|вредонос|атак|взлом|уязвим|незаконн|投诉|侵权|钓鱼|恶意|攻击|违法|漏洞|違反|通報|フィッシング|不正|攻撃|侵害|脆弱|マルウェア|피싱|침해|악성|공격|신고|해킹|haittaohjel|tietojenkalastel|hyökkäy|huijaus|rikkomu|svindel|angrep|skadevare|adathalász|támadás|kártev|jogsért|κακόβουλ|απάτη|επίθεση|phát tán|lừa đảo|احتيال|تصيد|פישינג|हमला"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the general reader found before a verdict: shared with the parsers of special formats."""

    document: Document
    layout: Layout
    subject: str
    sender: ClaimedParty
    own_domains: frozenset[str]
    headed: bool = True  # came as a mail; a bare text has no header to judge by


def prepare(message: Message, *, pdf: bool = False) -> Parsed:
    """Read text, lines and sender of `message`; attached PDF files only if asked for."""
    doc = document(message, pdf=pdf)
    lines = layout(doc)
    headers = message.headers
    subject = headers.get("Subject")
    sender, own = _sender(message, doc)
    return Parsed(doc, lines, subject, sender, own, message.kind == "mail")


def read(message: Message) -> Reading:
    """The claims of `message` as a person would read them. Never raises for any message."""
    parsed = prepare(message)
    if document_has_little(parsed) and has_pdf(message):
        parsed = prepare(message, pdf=True)
    headers = message.headers
    text = prose(parsed)
    base = envelope(message, parsed, text)
    other = forms.not_a_report(message, parsed.document.text)
    if other is not None:
        return replace(base, form=other, confidence=0.9, problems=message.problems)
    kind, confidence, weights = category(parsed.subject, text, shown(parsed.layout))
    silent = not complains(parsed.subject, text) and (
        kind in _ADVERTISED
        or max(weights.values(), default=0.0) < (_SILENT if kind in _BY_CHANCE else _SILENT_OTHERWISE)
    )
    if silent or kind is None:
        kind, confidence = _unsaid(message, parsed, text, kind, confidence, silent=silent)
    indicators = claims(message, parsed, kind)
    form, elements, tags = _legal(parsed, text, kind, indicators)
    if form is Form.ORDER and kind in (None, Category.SPAM, Category.OTHER):
        kind, confidence = Category.GOVERNMENT_ORDER, 0.7
    if (
        form in _DMCA_FORMS
        and kind is not Category.COPYRIGHT
        and (kind is None or confidence < 0.4 or kind is Category.SPAM)
    ):
        kind, confidence = Category.COPYRIGHT, 0.6
    if form is Form.NOTICE and forms.is_reply(message) and not _complains_anew(indicators, parsed):
        form = Form.REPLY
    if form is Form.NOTICE and not indicators and kind is None:
        form = Form.REPLY if "In-Reply-To" in headers else Form.UNPARSED
    return replace(
        base,
        form=form,
        category=kind,
        confidence=confidence,
        indicators=tuple(indicators),
        elements=elements,
        tags=tags,
        incident_at=times.incident(parsed.layout),
        principal=parties.principal(parsed.layout),
        problems=message.problems,
    )


def _unsaid(
    message: Message, parsed: Parsed, text: str, kind: Category | None, confidence: float, *, silent: bool
) -> tuple[Category | None, float]:
    """(category, confidence) of a mail that does not say what it complains of.

    A mail passed on to an abuse desk without a word, or an advertisement sent to it, is spam that it shows; any other
    mail that complains of nothing is `other`.
    """
    if message.nested or _FORWARDED.match(parsed.subject) or shows_mail(parsed.layout):
        return (Category.SPAM, 0.35) if silent or kind is None else (kind, confidence)
    if silent and _LETTERS.search(text):
        offered = found(_OFFER, parsed.subject[:300] + "\n" + text[:6000]) or "List-Unsubscribe" in message.headers
        return (Category.SPAM, 0.35) if offered else (Category.OTHER, 0.2)
    return kind, confidence


def _complains_anew(indicators: list[Claimed], parsed: Parsed) -> bool:
    """True if a reply complains of something that stands neither in the lines it quotes nor only in the subject."""
    lines, own = parsed.layout, forms.own_length(parsed.document.text)
    return any(
        i.role is Role.TARGET and 0 <= i.start < own and not lines.lines[lines.index_at(i.start)].quote
        for i in indicators
    )


_DMCA_FORMS = frozenset({Form.DMCA, Form.COUNTER_NOTICE, Form.RETRACTION})
_MAYBE_DMCA = frozenset({Category.COPYRIGHT, Category.TRADEMARK, Category.SPAM, Category.OTHER, None})


def _legal(
    parsed: Parsed, text: str, kind: Category | None, indicators: list[Claimed]
) -> tuple[Form, tuple[Element, ...], tuple[str, ...]]:
    """Form, elements and tags of a complaint, by what law it speaks."""
    full = parsed.document.text
    may_be = kind in _MAYBE_DMCA or not parsed.headed or dmca.answers(full)
    letter = dmca.form(parsed.subject, full) if may_be else dmca.taken_back(parsed.subject, full)
    if letter is Form.DMCA:
        elements = dmca.notice_elements(full, has_target=any(i.role is Role.TARGET for i in indicators))
        return letter, elements, (f"dmca:{dmca.verdict(elements)}",)
    if letter is Form.COUNTER_NOTICE:
        elements = dmca.counter_elements(full)
        return letter, elements, (f"dmca:{dmca.verdict(elements)}",)
    if letter is Form.RETRACTION:
        return letter, (), ()
    return orders.form(parsed.subject, text, parsed.sender.name) or Form.NOTICE, (), ()


_LETTERS = re.compile(r"(?:[^\W\d_]{3,}\W+){4}")
#: A body shorter than this that names no host says "see attachment".
_LITTLE = 1_200
_NAMES_SOMETHING = re.compile(r"://|www\.|\d\.\d{1,3}\.\d|\w\[?\.\]?\w{2,}/")


def document_has_little(parsed: Parsed) -> bool:
    """True if what a message says without its PDF files names nothing that could be complained about."""
    text = parsed.document.text
    return len(text) < _LITTLE and not _NAMES_SOMETHING.search(text)


def complains(subject: str, text: str) -> bool:
    """True if the words of a mail complain of something, whatever it is."""
    said = subject[:300] + "\n" + text[:6000]
    return found(_COMPLAINT, said) or found(phrases("complaint", stems=True), fold(said))


def envelope(message: Message, parsed: Parsed, text: str | None = None) -> Reading:
    """A Reading with what the header and the text as a whole say; `text` is its prose, if that is known."""
    headers = message.headers
    references = dict.fromkeys((*headers.message_ids("In-Reply-To"), *headers.message_ids("References")))
    ids = headers.message_ids("Message-ID")
    return Reading(
        language=language(prose(parsed, 4000) if text is None else text),
        reporter=parsed.sender,
        subject=parsed.subject,
        text=parsed.document.text,
        message_id=ids[0] if ids else "",
        references=tuple(references),
        original_recipient=recipient(message),
        sent_at=headers.date(),
    )


_NOT_PROSE = frozenset({LOG, EVIDENCE, MAIL_HEADER, PGP, WHOIS})
_TRACE = re.compile(r"(?i)^\W{0,3}(?:authentication-results|received|received-spf|from|to|date|sent|cc|x-[\w-]+):")
_FORWARDED = re.compile(r"(?i)^\s*(?:fwd?|tr|rv|wg|i|enc|vs|doorst)\s*:")


def prose(parsed: Parsed, limit: int = _CATEGORY_TEXT) -> str:
    """The text that makes the claim: without logs, evidence, header blocks and signatures of keys."""
    pieces: list[str] = []
    size = 0
    for line in parsed.layout.lines:
        if line.zone in _NOT_PROSE or not line.text:
            continue
        if line.zone == FORWARD_HEADER and _TRACE.match(line.text):
            continue
        piece = line.text[:1000]
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
    if size < 40:
        return parsed.document.text[:limit]
    return "\n".join(pieces)


def claims(message: Message, parsed: Parsed, kind: Category | None) -> list[Claimed]:
    """Every indicator of the message with its role."""
    limit = message.budget.limits.indicators
    text = parsed.document.text
    table = tables(text, parsed.layout, rows=message.budget.limits.rows, limit=limit, infected=kind in _INFECTED)
    if table.ranges:
        text = blank(text, table.ranges)
    items = sorted([*extract(text, limit=limit), *table.found], key=lambda f: f.start)[:limit]
    if len(items) >= limit:
        message.budget.note("too_many_indicators", f"only the first {limit} indicators were taken")
    items = questions.answers(items, parsed.layout) or items
    recipients = frozenset(
        canonical.registrable(a.rpartition("@")[2])
        for n in ("To", "Cc", "Delivered-To")
        for _, a in message.headers.addresses(n)
    )
    context = roles.Context(
        subject=parsed.subject, category=kind, own_domains=parsed.own_domains, recipient_domains=recipients - _FREE_MAIL
    )
    return roles.assign(items, parsed.layout, extract(parsed.subject[:2000], limit=50), context)


def blank(text: str, ranges: list[tuple[int, int]]) -> str:
    """`text` with the given stretches replaced by spaces, so that offsets stay."""
    pieces: list[str] = []
    at = 0
    for start, end in ranges:
        pieces += [text[at:start], " " * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def _sender(message: Message, doc: Document) -> tuple[ClaimedParty, frozenset[str]]:
    headers = message.headers
    people = headers.addresses("From") or headers.addresses("Sender") or headers.addresses("Reply-To")
    name, email = people[0] if people else ("", "")
    own = set()
    for field in ("From", "Reply-To", "Sender", "X-Original-From", "X-Original-Sender", "Return-Path"):
        for _, address in headers.addresses(field):
            domain = canonical.registrable(address.rpartition("@")[2])
            if domain and domain not in _FREE_MAIL:
                own.add(domain)
    recipients = {canonical.registrable(a.rpartition("@")[2]) for _, a in headers.addresses("To")}
    # A mailing list rewrites From to its own address; then the recipient's domain is not the sender's.
    if len(own - recipients) >= 1:
        own -= recipients
    return ClaimedParty(name=_clean_name(name), email=email), frozenset(own)


_VIA = re.compile(r"^'(.{1,100})' via .{1,60}$")


def _clean_name(name: str) -> str:
    match = _VIA.match(name)
    return (match.group(1) if match else name)[:200]


def recipient(message: Message) -> str:
    for field in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        people = message.headers.addresses(field)
        if people:
            return people[0][1]
    return ""


def problem(code: str, message: str, where: str = "") -> Problem:
    """A problem as a value (short form for parsers)."""
    return Problem(code, message, where)

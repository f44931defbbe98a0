# ruff: noqa: E501  (a pattern reads best in one line)
"""The legal shape of a message, and whether it is a report at all."""

from __future__ import annotations

import re

from trustdesk.core.types import Form
from trustdesk.reading.message import Message
from trustdesk.reading.patterns import found, linear

_ACK = re.compile(
    r"(?i)(?:your (?:request|ticket|message|e-?mail|report|case|inquiry|enquiry) (?:has been|was|is) (?:received|created|opened|logged|registered)|"
    r"(?:a|your) (?:new )?(?:support )?(?:ticket|case|request) (?:number|id|#)?\s?\S{0,20} ?(?:has been|was) (?:created|opened|logged|received)|"
    r"we (?:have )?received your (?:e-?mail|message|request|report|complaint|inquiry)|thank you for (?:contacting|your (?:e-?mail|message|report))|"
    r"this is an automat(?:ed|ic) (?:response|reply|confirmation)|ihre (?:anfrage|nachricht) (?:ist|wurde)|hemos recibido (?:su|tu)|nous avons bien reçu|ticket received|auto-?acknowledg)"
)
_ACK_SUBJECT = re.compile(
    r"(?i)^(?:\[[^\]]{1,60}\]\s*)?(?:ticket (?:received|created|opened)|request received|case (?:created|received)|auto(?:matic|mated)?[- ]?(?:reply|response|acknowledg\w+)|(?:your )?(?:ticket|case|request) .{0,40}(?:received|created)|we (?:have )?received your)"
)
_AUTO_SUBJECT = re.compile(
    r"(?i)^(?:out of (?:the )?office|automatic reply|auto(?:-|matic )?(?:reply|response)|automatische antwort|abwesenheit\w*|absence du bureau|réponse automatique|respuesta automática|fuera de (?:la )?oficina|risposta automatica|resposta automática|autosvar|自動応答)\b"
)
_BOUNCE_SUBJECT = re.compile(
    r"(?i)^(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|system)|returned mail|failure notice|unzustellbar|warning: (?:message|could not send)|non remis|message .{0,60} delayed|undelivered mail)"
)
_MAILER = re.compile(r"(?i)^(?:mailer-daemon|postmaster|mail-daemon)@")
_TEST = re.compile(
    r"(?i)^\W{0,3}(?:test|testing|test (?:e-?mail|message|mail)|ping|delivery test|this is (?:only )?a test)\W{0,3}\d{0,6}\W{0,3}$"
)
_REPLY_SUBJECT = re.compile(r"(?i)^\s*(?:re|aw|antw|sv|r|res|odp|ynt|回复|答复)\s*(?:\[\d\])?:")
_COMPLAINS = linear(
    r"infring|phish|malware|spam(?:ming|vertised| report| complaint)|attack|abuse (?:report|complaint|notice)|unauthori[sz]ed|brute.?force|port.?scan|illegal|fraud|copyright|dmca|trademark|botnet|vulnerab"
)


#: From here on a reply shows what it answers.
_ANSWERED = re.compile(
    r"(?im)^[ \t]*(?:-{2,} ?(?:original message|ursprüngliche nachricht|message d.origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht)|"
    r"(?:on|am|le|el|il|em|op|w dniu|dne)\b.{5,200}\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|pisze|napsal).{0,60}:[ \t]*$)"
)


def _unquoted(text: str) -> str:
    """What a message says itself, without the lines it quotes and the message it answers."""
    start = _ANSWERED.search(text)
    own = text[: start.start()] if start else text
    return "\n".join(line for line in own.split("\n") if not line.lstrip().startswith(">"))


def not_a_report(message: Message, text: str) -> Form | None:
    """The form of a message that is no report (bounce, auto-reply, ticket acknowledgement, …), or None.

    Bounces by RFC 3464 structure or their null sender and subject; auto-replies by RFC 3834 fields or subject.
    An automatic message that carries a complaint is a complaint: most complaints are sent by machines.
    """
    headers = message.headers
    subject = headers.get("Subject")
    content_type, params = headers.parameters("Content-Type")
    senders = headers.addresses("From")
    sender = senders[0][1] if senders else ""
    if content_type == "multipart/report" and params.get("report-type", "").lower() in (
        "delivery-status",
        "disposition-notification",
    ):
        return Form.BOUNCE
    if message.find("message/delivery-status") is not None:
        return Form.BOUNCE
    if (_MAILER.match(sender) or headers.raw("Return-Path").strip() == "<>") and _BOUNCE_SUBJECT.match(subject):
        return Form.BOUNCE
    head = _unquoted(text[:6000])[:3000]
    auto = headers.raw("Auto-Submitted").lower()
    replied = auto.startswith("auto-replied") or "x-autoreply" in headers or headers.raw("X-Autorespond") or headers.raw(
        "X-Auto-Response-Suppress"
    ).lower() == "all" and "In-Reply-To" in headers and _AUTO_SUBJECT.match(subject)  # fmt: skip
    if _AUTO_SUBJECT.match(subject):
        return Form.TICKET_ACK if _ACK.search(head) else Form.AUTO_REPLY
    if replied or _ACK_SUBJECT.match(subject):
        if _ACK.search(head) or _ACK_SUBJECT.match(subject):
            return Form.TICKET_ACK
        return Form.AUTO_REPLY if replied and not found(_COMPLAINS, subject + head) else None
    if (
        (auto.startswith("auto-") or _REPLY_SUBJECT.match(subject))
        and _ACK.search(head[:600])
        and "In-Reply-To" in headers
    ):
        return Form.TICKET_ACK
    if _TEST.match(subject) and len(text.strip()) < 400 and not found(_COMPLAINS, text):
        return Form.DELIVERY_TEST
    if ("List-Unsubscribe" in headers or headers.raw("Precedence").lower() in ("bulk", "list")) and _newsletter(
        headers, subject, text
    ):
        return Form.NEWSLETTER
    return None


_NEWS = re.compile(
    r"(?i)newsletter|weekly (?:digest|update|news)|webinar|% off|view (?:this )?(?:e-?mail )?in (?:your )?browser|black friday|special offer|subscribe now|read more|limited time"
)


def _newsletter(headers: object, subject: str, text: str) -> bool:
    return (
        not found(_COMPLAINS, subject + " " + text[:20_000]) and len(_NEWS.findall(subject + " " + text[:20_000])) >= 2
    )


def is_reply(message: Message) -> bool:
    """True for an answer to a message of ours: it refers to one and its subject says so."""
    headers = message.headers
    return bool(_REPLY_SUBJECT.match(headers.get("Subject")) and ("In-Reply-To" in headers or "References" in headers))

# ruff: noqa: E501  (a pattern reads best in one line)
"""The legal shape of a message, and whether it is a report at all."""

from __future__ import annotations

import re

from trustdesk.core.types import Form
from trustdesk.reading.lexicon import fold, phrases
from trustdesk.reading.message import Message
from trustdesk.reading.patterns import different, found, linear, spans

_ACK = re.compile(
    r"(?i)(?:your (?:request|ticket|message|e-?mail|report|case|inquiry|enquiry) (?:has been|was|is) (?:received|created|opened|logged|registered)|"
    r"(?:a|your) (?:new )?(?:support )?(?:ticket|case|request) (?:number|id|#)?\s?\S{0,20} ?(?:has been|was) (?:created|opened|logged|received)|"
    r"we (?:have )?received your (?:e-?mail|message|request|report|complaint|inquiry)|thank you for (?:contacting|your (?:e-?mail|message|report))|"
    r"this is an automat(?:ed|ic) (?:response|reply|confirmation)|ticket received|auto-?acknowledg)"
)
_ACK_SUBJECT = re.compile(
    r"(?i)^(?:\[[^\]]{1,60}\]\s*)?(?:ticket (?:received|created|opened)|request received|case (?:created|received)|auto(?:matic|mated)?[- ]?(?:reply|response|acknowledg\w+)|(?:your )?(?:ticket|case|request) .{0,40}(?:received|created)|we (?:have )?received your)"
)
_AUTO_SUBJECT = re.compile(r"(?i)^(?:out of (?:the )?office|automatic reply|auto(?:-|matic )?(?:reply|response))\b")
_AWAY = re.compile(
    r"(?i)out of (?:the )?office|on (?:annual |sick |parental |maternity )?leave\b|on (?:vacation|holiday)"
)
_BOUNCE_SUBJECT = re.compile(
    r"(?i)^(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|system)|returned mail|failure notice|unzustellbar|warning: (?:message|could not send)|non remis|message .{0,60} delayed|undelivered mail)"
)
_MAILER = re.compile(r"(?i)^(?:mailer-daemon|postmaster|mail-daemon)@")
_TEST = re.compile(
    r"(?i)^\W{0,3}(?:test|testing|test (?:e-?mail|message|mail)|ping|delivery test|this is (?:only )?a test)(?:\W{1,3}(?:please |pls )?(?:ignore|disregard))?\W{0,3}\d{0,6}\W{0,3}$"
)
_TESTS = re.compile(
    r"(?i)\b(?:automated |automatic )?test (?:message|e-?mail|mail)\b.{0,60}\b(?:deliver|ignore|disregard)|delivery (?:test|probe)|mail ?flow (?:test|probe)|testnachricht|mensaje de prueba|message de test|тестовое письмо"
)
_UNDELIVERED = re.compile(
    r"(?i)delivery (?:to|has failed)|could not be delivered|couldn't be delivered|wasn't able to deliver|unable to deliver|diagnostic information for administrators|mailbox (?:is )?full|user unknown|no such user|550[ -]5\.1\.1|undeliverable"
)
_REPLY_SUBJECT = re.compile(r"(?i)^\s*(?:re|aw|antw|sv|r|res|odp|ynt|回复|答复)\s*(?:\[\d\])?:")
_COMPLAINS = linear(
    r"infring|phish|malware|spam(?:ming|vertised| report| complaint)|attack|abuse (?:report|complaint|notice)|unauthori[sz]ed|brute.?force|port.?scan|illegal|fraud|copyright|dmca|trademark|botnet|vulnerab"
)


#: From here on a reply shows what it answers.
_ANSWERED = re.compile(
    r"(?im)^[ \t>]*(?:-{2,} ?(?:original message|ursprüngliche nachricht|message d.origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht)|"
    r"(?:on|am|le|el|il|em|op|w dniu|dne)\b.{5,200}\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|pisze|napsal).{0,60}:[ \t]*$|"
    # the header that some mail programs put above it
    r"_{8,}[ \t]*$|(?:from|von|de|da|van|od|från|fra|от|差出人|发件人)[ \t]*[:：][^\n]{3,200}\n(?:[^\n]{0,200}\n){0,2}?[ \t]*(?:sent|gesendet|envoyé|enviado|inviato|verzonden|wysłano|skickat|sendt|date|datum|отправлено|送信日時|发送时间)[^\n:：]{0,12}[:：])"
)


def own_length(text: str) -> int:
    """How many characters of a reply come before the message that it shows as the one it answers."""
    start = _ANSWERED.search(text[:20_000])
    return start.start() if start else len(text)


def _unquoted(text: str) -> str:
    """What a message says itself, without the lines it quotes and the message it answers."""
    return "\n".join(line for line in text[: own_length(text)].split("\n") if not line.lstrip().startswith(">"))


def _begins(subject: str, section: str) -> bool:
    """True if a subject line begins with a phrase of [forms] `section` in any language."""
    return next((start <= 3 for start, _ in spans(phrases(section), fold(subject[:80]))), False)


def _acknowledges(text: str) -> bool:
    return bool(_ACK.search(text)) or found(phrases("acknowledgement"), fold(text))


def _absent(text: str) -> bool:
    """True if a text says that its writer is not there."""
    return bool(_AWAY.search(text)) or found(phrases("away"), fold(text))


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
    if (_MAILER.match(sender) or headers.raw("Return-Path").strip() == "<>") and (
        _BOUNCE_SUBJECT.match(subject) or _begins(subject, "bounce")
    ):
        return Form.BOUNCE
    if (_BOUNCE_SUBJECT.match(subject) or _begins(subject, "bounce")) and _UNDELIVERED.search(text[:1500]):
        return Form.BOUNCE
    head = _unquoted(text[:6000])[:3000]
    away = bool(_AUTO_SUBJECT.match(subject) or _begins(subject, "away"))
    auto = headers.raw("Auto-Submitted").lower()
    replied = auto.startswith("auto-replied") or "x-autoreply" in headers or headers.raw("X-Autorespond") or headers.raw(
        "X-Auto-Response-Suppress"
    ).lower() == "all" and "In-Reply-To" in headers and away  # fmt: skip
    if away:
        return Form.TICKET_ACK if _acknowledges(head) and not _absent(head) else Form.AUTO_REPLY
    titled = bool(_ACK_SUBJECT.match(subject)) or (
        not _REPLY_SUBJECT.match(subject) and found(phrases("acknowledgement"), fold(subject))
    )
    if replied or titled:
        if titled or _acknowledges(head):
            return Form.TICKET_ACK
        return Form.AUTO_REPLY if replied and not found(_COMPLAINS, subject + head) else None
    if (
        (auto.startswith("auto-") or _REPLY_SUBJECT.match(subject))
        and _acknowledges(head[:600])
        and "In-Reply-To" in headers
    ):
        return Form.TICKET_ACK
    if len(text.strip()) < 400 and not found(_COMPLAINS, text) and (_TEST.match(subject) or _TESTS.search(text)):
        return Form.DELIVERY_TEST
    if ("List-Unsubscribe" in headers or headers.raw("Precedence").lower() in ("bulk", "list")) and _newsletter(
        headers, subject, text
    ):
        return Form.NEWSLETTER
    return None


_NEWS = linear(
    r"newsletter|bulletin|register here|mailing list|general meeting|weekly (?:digest|update|news)|this week|webinar|% off|view (?:this )?(?:e-?mail )?in (?:your )?browser|black friday|special offer|subscribe now|you subscribed|read more|limited time|"
    r"product update|release notes|what's new|unsubscribe|see you at|join us|register now|save the date|conference|our blog|new features?|bolet[íi]n|nieuwsbrief|nyhetsbrev|nyhedsbrev|rundbrief|lettre d.information|infolettre|notiziario|boletim|biuletyn|hírlevél|uutiskirje|zpravodaj|ニュースレター|뉴스레터|ver en el navegador|im browser (?:an)?sehen|voir dans (?:le|votre) navigateur|ver no navegador|nel browser|abbestellen|abmelden|se désabonner|darse de baja|cancelar (?:a )?inscrição|annulla l'iscrizione|uitschrijven|wypisz się|отписаться|配信停止|退订"
)
_ADDRESSED = linear(
    r"\byour (?:network|server|customer|client|infrastructure|ip|host|abuse|platform|service|user)|hosted (?:by|with) you|please (?:remove|suspend|take|disable|investigate|stop|block)|take ?down (?:request|notice)|abuse (?:report|team|department)|"
    r"ihre[mrns]? (?:server|netz|kunde)|(?:votre|vos|su|sus|seu|seus|vostro|uw) (?:serveur|client|réseau|servidor|red|cliente|rede|rete|server|netwerk|klant)"
)


def _newsletter(headers: object, subject: str, text: str) -> bool:
    """True for what is sent to many and asks nothing of us; news about abuse speak of it as complaints do."""
    said = subject + " " + text[:20_000]
    marks = different(_NEWS, said)
    return marks >= 2 and not found(_ADDRESSED, said) and (marks >= 3 or not found(_COMPLAINS, said))


def is_reply(message: Message) -> bool:
    """True for an answer to a message of ours: it refers to one and its subject says so."""
    headers = message.headers
    return bool(_REPLY_SUBJECT.match(headers.get("Subject")) and ("In-Reply-To" in headers or "References" in headers))

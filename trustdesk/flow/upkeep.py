"""Standing duties: a person says that one was done, takes that back, or is reminded before its last day.

They belong to no case, so their entries are on the desk's own chain. The desk meets none of them by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from trustdesk import rules, upkeep
from trustdesk.core import upkeep as engine
from trustdesk.core.regime_rules import UpkeepRule
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.core.upkeep import Standing
from trustdesk.flow.plugins import channel
from trustdesk.flow.record import Todo, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.interfaces.channel import Letter
from trustdesk.models import DeskChain, Entry, Task, Upkeep
from trustdesk.settings.secrets import secret

#: What a reminder says; the desk's first language.
TEXTS = {
    "en": {
        "near": "{title}: due on {due}",
        "late": "{title}: was due on {due}",
        "body": "{title}{about}\n\nLast day: {due}\nWhere it is written: {source} ({regime})\n\nNobody has said yet that it was "
        "done. When it is, write it down on the desk under Law, Standing duties: this mail can do nothing.",
        "about": " (for {period})",
    },
    "es": {
        "near": "{title}: vence el {due}",
        "late": "{title}: venció el {due}",
        "body": "{title}{about}\n\nÚltimo día: {due}\nDónde está escrito: {source} ({regime})\n\nNadie ha dicho aún que se haya "
        "hecho. Cuando se haga, anótelo en la mesa, en Derecho, Deberes permanentes: este correo no puede hacerlo.",
        "about": " (sobre {period})",
    },
}


def done(
    regime: str, rule: str, *, on: date, note: str, actor: Actor, now: datetime, period: str = "", shows: str = ""
) -> Upkeep:
    """Write down that a standing duty was done `on` that day. `period` names the time that a report was about, `note` says
    what was done, `shows` where it can be seen (an address, a number of a file).

    Raises Refused for an unknown duty or period, a day in the future, and a note that says nothing.
    """
    note, shows = (text.replace("\0", "").strip() for text in (note, shows))
    found = _rule(regime, rule)
    findings = []
    if actor.kind != "person":
        findings.append(Finding("upkeep.person", "Only a person of the desk says that it was done.", "actor"))
    if not date(2000, 1, 1) <= on <= now.date() + timedelta(days=1):  # it may be tomorrow already where they are
        findings.append(Finding("upkeep.on", "It was done on a day that is not in the future.", "on"))
    if not 3 <= len(note) <= 500 or len(shows) > 300:
        text = "Say in 3 to 500 characters what was done; where it can be seen has at most 300."
        findings.append(Finding("upkeep.note", text, "note"))
    if found.every:
        known = engine.named(found.every, period)
        if known is None or known[2] >= on:
            text = "Name the period that it is about, one that was over on that day: 2026, 2026-H1 or 2026-05."
            findings.append(Finding("upkeep.period", text, "period"))
    elif period:
        findings.append(Finding("upkeep.period", "This duty is about no period.", "period"))
    if findings:
        raise Refused(*findings)
    made = Upkeep(
        regime=regime, rule=rule, period=period, done_on=on, note=note, shows=shows, by=str(actor), at=now
    )  # fmt: skip
    body = {"upkeep": made, "regime": regime, "rule": rule, "period": period, "on": on.isoformat()}
    with transaction.atomic():
        record(None, "upkeep.done", body, actor=actor, now=now, rows=[made])
    return made


def _rule(regime: str, rule: str) -> UpkeepRule:
    found = rules.current().regimes.get(regime)
    for one in found.upkeeps if found else ():
        if one.id == rule:
            return one
    raise Refused(Finding("upkeep.unknown", "The rulebook knows no such standing duty.", "rule"))


def take_back(number: int, *, actor: Actor, now: datetime) -> Upkeep:
    """What was said to be done was not: the row stays and counts no more. Twice changes nothing."""
    with transaction.atomic():
        row = Upkeep.objects.select_for_update().get(pk=number)
        if row.withdrawn_at is None:
            row.withdrawn_at = now
            body = {"upkeep": row, "regime": row.regime, "rule": row.rule, "period": row.period}
            record(None, "upkeep.withdrawn", body, actor=actor, now=now, rows=[row])
    return row


def remind(now: datetime) -> int:
    """Remind of every duty whose last day comes near, once for each of `core.upkeep.REMIND`. Returns how many.

    Safe to call at any time and from several processes; what was missed while the desk was off is said once, late.
    """
    today = now.date()
    come = [(one, days) for one in upkeep.standing(today) if (days := engine.reminder(one, today)) is not None]
    if not come:
        return 0
    with transaction.atomic():
        DeskChain.objects.select_for_update().get_or_create(pk=1)  # whoever comes second sees what the first one wrote
        told = [
            json.loads(body)
            for body in Entry.objects.filter(kind="upkeep.reminded", chain=0).values_list("body", flat=True)
        ]
        fresh = [(one, days) for one, days in come if not any(_said(body, one, days) for body in told)]
        for one, days in fresh:
            about = _about(one) | {"days": days}
            to = tuple(dict.fromkeys(settings.DESK.reminders))
            tasks = [Todo("mail_upkeep", {**about, "to": address}) for address in to]
            record(None, "upkeep.reminded", about | {"letters": len(tasks)}, actor=SYSTEM, now=now, tasks=tasks)
    return len(fresh)


def _about(one: Standing) -> dict[str, str]:
    return {
        "regime": one.regime.id,
        "rule": one.rule.id,
        "period": one.period,
        "due": one.due.isoformat() if one.due else "",
    }


def _said(body: dict[str, object], one: Standing, days: int) -> bool:
    return _about(one).items() <= body.items() and body["days"] == days


@handler("mail_upkeep")
def run_mail_upkeep(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Mail the reminders that the tasks name."""
    for task in tasks:
        _mail(dict(task.arguments), now=clock())


def _mail(about: dict[str, str], *, now: datetime) -> None:
    desk = settings.DESK
    try:
        rule = _rule(about["regime"], about["rule"])
    except Refused:
        return  # the rulebook has changed since: there is nothing to remind of
    language = desk.languages[0] if desk.languages and desk.languages[0] in TEXTS else "en"
    texts = TEXTS[language]
    words = about | {"title": rule.title, "source": rule.source}
    words["about"] = texts["about"].format(**words) if about["period"] else ""
    unique = " ".join(str(about[name]) for name in ("regime", "rule", "period", "due", "days", "to")).lower()
    tag = hmac.new(secret(settings.KEYS_DIR / "links.key").encode(), unique.encode(), hashlib.sha256).hexdigest()[:24]
    letter = Letter(
        message_id=f"<duty.{tag}@{desk.address.rpartition('@')[2]}>".lower(),
        sender=f"{desk.name} <{desk.address}>",
        to=about["to"],
        subject=texts["late" if int(about["days"]) < 0 else "near"].format(**words),
        text=texts["body"].format(**words),
        language=language,
        sent_at=now,
    )
    delivery = channel().deliver(letter)
    if delivery.status == "retry":
        raise TryLater(f"{delivery.code} {delivery.detail}")

"""Records as they would leave for a public register: built from the case, and stripped of what says who somebody is."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, QuerySet

from trustdesk import rules
from trustdesk.core.types import Problem, Role
from trustdesk.models import Case, Decision, Entry, Indicator, Notice, Party, Report, Submission, Task
from trustdesk.queries import access, statements
from trustdesk.reading.redaction import redact

#: Free texts of a statement of reasons (Art. 24(5): no personal data may be submitted).
TEXTS = ("decision_facts", "illegal_content_explanation", "incompatible_content_explanation",
         "illegal_content_legal_ground", "incompatible_content_ground", "source_identity")  # fmt: skip
URLS = 200  # addresses of one work; Lumen keeps more, a reader reads fewer


@dataclass(frozen=True, slots=True)
class Record:
    """One record, what was taken out of it (field, kind), and why it cannot leave."""

    key: str
    case_id: int
    decision_id: int | None
    payload: dict[str, Any]
    redacted: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


#: What such a record became stands: it is not built again.
DONE = ("queued", "sent", "left_out")


def dsa(since: datetime) -> Iterator[Record]:
    """The statements of reasons that were sent since then and of which the DSA Transparency Database has no record yet."""
    letters = Notice.objects.filter(
        kind="statement_of_reasons", state="sent", sent_at__gte=since, decision__isnull=False
    ).exclude(decision__in=_done("dsa_tdb"))
    seen: set[int | None] = set()
    for letter in letters.select_related("decision__case__subject").order_by("id").iterator(chunk_size=200):
        if letter.decision_id not in seen:
            seen.add(letter.decision_id)
            yield _statement(letter)


def _done(exchange: str) -> QuerySet[Submission, Any]:
    """Decisions that nothing is left to be done about."""
    rows = Submission.objects.filter(exchange=exchange, state__in=DONE, decision__isnull=False)
    return rows.values("decision_id")


def _statement(letter: Notice) -> Record:
    decision = letter.decision
    assert decision is not None
    payload, findings = statements.dsa_record(letter)
    names = _names(decision.case)
    taken: list[tuple[str, str]] = []
    for name in TEXTS:
        if isinstance(text := payload.get(name), str):
            payload[name], kinds = redact(text, names)
            taken += [(name, kind) for kind in kinds]
    left = [f for f in findings if "mail address" not in f.message]  # that is what was taken out
    return Record(
        key=str(payload["puid"]),
        case_id=decision.case_id,
        decision_id=decision.pk,
        payload=payload,
        redacted=tuple(taken),
        problems=tuple(Problem(f.code, f.message, f.field) for f in left),
    )


def _names(case: Case) -> list[str]:
    """Names of everybody whom the case knows."""
    reports = Report.objects.filter(joinings__case=case)
    people = Party.objects.filter(reports__in=reports) | Party.objects.filter(principal_of__in=reports)
    names = [n for row in people.distinct().values_list("name", "organisation", "email")[:200] for n in row]
    if case.subject is not None:
        names += [case.subject.name, case.subject.email]
    return [name for name in names if name and name.strip().lower() != settings.DESK.name.lower()]


def policy() -> Mapping[str, Any]:
    """The operator's rules for Lumen, from the rulebook. Raises OSError or ValueError where they cannot be read."""
    return tomllib.loads((rules.root() / "registers" / "lumen.toml").read_text("utf-8"))


def lumen(since: datetime) -> Iterator[Record]:
    """Notices about which was decided since then and that Lumen has not got, as records. What the rules never let out is
    not even built."""
    said = policy()
    decisions = _for_lumen(said).filter(made_at__gte=since).exclude(pk__in=_done("lumen"))
    for decision in decisions.select_related("case__subject").order_by("id").iterator(chunk_size=200):
        if (record := _of_lumen(decision, said)) is not None:
            yield record


def _for_lumen(said: Mapping[str, Any]) -> QuerySet[Decision]:
    decisions = Decision.objects.filter(state="final", case__form__in=said["forms"])
    return decisions.filter(case__category__in=set(said["categories"]) - set(said["never_categories"]))


def _of_lumen(decision: Decision, said: Mapping[str, Any]) -> Record | None:
    case = decision.case
    if set(said["never_regimes"]) & {row["id"] for row in case.regimes}:
        return None
    report = Report.objects.filter(joinings__case=case).order_by("received_at").first()
    if report is None:
        return None
    payload, taken = _notice(decision, report, said["fields"])
    return Record(f"{case.code}-{decision.pk}", case.pk, decision.pk, payload, tuple(taken), ())


#: Register → what it has not got, since a time.
BUILT: Mapping[str, Callable[[datetime], Iterator[Record]]] = {"dsa_tdb": dsa, "lumen": lumen}


def rebuilt(row: Submission) -> Record | None:
    """The record of a submission as it would be built now; None where it would not be built any more."""
    if row.exchange == "dsa_tdb":
        letters = Notice.objects.filter(kind="statement_of_reasons", state="sent", decision=row.decision_id)
        letter = letters.select_related("decision__case__subject").order_by("id").first()
        return _statement(letter) if letter is not None else None
    said = policy()
    decision = _for_lumen(said).filter(pk=row.decision_id or 0).select_related("case__subject").first()
    return _of_lumen(decision, said) if decision is not None else None


def _notice(
    decision: Decision, report: Report, fields: Mapping[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    case = decision.case
    names, taken = _names(case), list[tuple[str, str]]()

    def rule(name: str, text: str) -> str:
        """The text as the rule of its field leaves it. A field without a rule never leaves."""
        how = fields.get(name, "drop")
        if not text or how == "keep":
            return text
        if how == "redact":
            clean, kinds = redact(text, names, keep=frozenset({"url"}))
            taken.extend((name, kind) for kind in kinds)
            return clean
        taken.append((name, "dropped"))
        return ""

    rows = Indicator.objects.filter(report=report, kind="url").order_by("position")
    urls = [i.value for i in rows.filter(role=Role.TARGET)[:URLS]]
    originals = [i.value for i in rows.filter(role=Role.REFERENCE)[:URLS]]
    parties = [
        ("recipient", rule("recipient.name", settings.DESK.name), rule("recipient.country", settings.DESK.country))
    ]
    for role, party in (("sender", report.reporter), ("principal", report.principal)):
        if party is None and role == "principal":
            continue
        organisation = rule(f"{role}.organisation", party.organisation if party else "")
        person = rule(f"{role}.person", party.name if party else "")
        parties.append(
            (role, organisation or person or "REDACTED", rule(f"{role}.country", party.country if party else ""))
        )
    work: dict[str, Any] = {"description": rule("works.description", report.title or case.category)}
    if fields.get("works.infringing_urls") == "keep":
        work["infringing_urls_attributes"] = [{"url": url} for url in urls]
    if fields.get("works.copyrighted_urls") == "keep" and originals:
        work["copyrighted_urls_attributes"] = [{"url": url} for url in originals]
    payload = {
        "type": _type(case),
        "title": rule("title", f"{_type(case)} notice to {settings.DESK.name}"),
        "subject": rule("subject", report.title),
        "body": rule("body", decision.reasons),
        "date_received": rule("date_received", report.received_at.date().isoformat()),
        "action_taken": rule("action_taken", "Yes" if decision.plan else "No"),
        "jurisdiction_list": rule("jurisdiction_list", (report.reporter.country if report.reporter else "")),
        "works_attributes": [work],
        "entity_notice_roles_attributes": [
            {
                "name": role,
                "entity_attributes": {"name": name, "kind": "organization"} | ({"country_code": c} if c else {}),
            }
            for role, name, c in parties
            if name
        ],
    }
    return {name: value for name, value in payload.items() if value != ""}, taken


def _type(case: Case) -> str:
    if case.form == "counter_notice":
        return "Counternotice"
    if case.form == "order":
        return "GovernmentRequest"
    return {"copyright": "DMCA", "trademark": "Trademark"}.get(case.category, "Other")


def waiting(exchange: str) -> list[Submission]:
    """Records that wait for a person, oldest first."""
    return list(Submission.objects.filter(exchange=exchange, state="needs_person").order_by("id"))


def tally(exchange: str) -> dict[str, int]:
    """How many records of each state there are."""
    rows = Submission.objects.filter(exchange=exchange).values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def refused() -> int:
    """How many records of all registers wait for a person, for the sidebar."""
    return Submission.objects.filter(state="needs_person").count()


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one register. `next_at`: the next look, or None; `stuck`: why handing over waits or was given up."""

    counts: dict[str, int]
    last_sent: datetime | None
    next_at: datetime | None
    stuck: str
    rehearsed_at: datetime | None
    rehearsed: dict[str, Any]


def standing(exchange: str, *, look_key: str, send_key: str) -> Standing:
    """For the page of registers."""
    tasks = {task.key: task for task in Task.objects.filter(key__in=(look_key, send_key)).order_by("id")}
    wrong = next((t for t in tasks.values() if t.attempts), None)
    last = _rehearsal(exchange)
    sent = Submission.objects.filter(exchange=exchange, state="sent").aggregate(at=Max("sent_at"))["at"]
    looks = tasks.get(look_key)
    lines = wrong.error.strip().splitlines() if wrong is not None else []
    return Standing(
        counts=tally(exchange),
        last_sent=sent,
        next_at=looks.due_at if looks is not None and looks.state == "queued" else None,
        stuck=lines[-1] if lines else "",
        rehearsed_at=last.at if last is not None else None,
        rehearsed=json.loads(last.body) if last is not None else {},
    )


def _rehearsal(exchange: str) -> Entry | None:
    rows = Entry.objects.filter(chain=0, kind="register.rehearsed", body__contains=f'"exchange":"{exchange}"')
    return rows.order_by("-seq").first()


def rows(user: Any, exchange: str) -> QuerySet[Submission]:
    """Records that this person may see: none of a case that they may not."""
    access.require(user, "see_letters")
    found = Submission.objects.filter(access.visible(user, "case__"), exchange=exchange)
    return found.select_related("case")


def row(user: Any, number: int) -> Submission:
    """One of them. Raises Submission.DoesNotExist."""
    access.require(user, "see_letters")
    found = Submission.objects.filter(access.visible(user, "case__")).select_related("case").get(pk=number)
    access.seen(user, found.case)
    return found


def events(row: Submission) -> list[tuple[datetime, str, str]]:
    """(at, kind, actor) of everything that happened to a record, oldest first."""
    lines = Entry.objects.filter(
        chain=row.case_id, kind__startswith="submission.", body__contains=f'"submission":{row.pk}'
    )
    return [(e.at, e.kind, e.actor) for e in lines.order_by("seq") if json.loads(e.body)["submission"] == row.pk]

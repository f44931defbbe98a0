"""Triage: a new case or one to join, which laws apply, which clocks start, which queue it waits in.

Many reports are placed in one transaction. Two workers may place reports about the same thing at once: the unique
`Case.open_key` lets one of them open the case, and the other tries again and finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from trustdesk.core import journal, misuse, routing, states
from trustdesk.core.types import NEVER_WRITTEN_TO, NOT_REPORTS, Actor, Category, Claimed, ClaimedParty, Form, Reading
from trustdesk.flow import answering, authenticate, duties, waiting
from trustdesk.flow.answering import ANSWERS
from trustdesk.flow.locate import host_of, hosts_of, locate
from trustdesk.flow.record import Draft, Group, Todo, record_all
from trustdesk.flow.waiting import reprioritise as reprioritise
from trustdesk.models import Asset, Case, Indicator, Joining, Notice, Party, Report, Suspension

#: Complaints about the same work or person are one case only if they name the same targets.
PER_TARGET = frozenset({"copyright", "trademark", "ncii", "harassment", "doxing", "child_safety", "domain_dispute"})
#: Every one of these is a case of its own.
NEVER_MERGED = frozenset({Form.ORDER, Form.UNPARSED})


@dataclass
class Placing:
    """One group of a report's targets that share an accountable subject, and the case it goes to."""

    merge_key: str
    targets: list[Claimed]
    asset: Asset | None = None
    subject_id: int | None = None
    case: Case | None = None
    is_new: bool = False


@dataclass
class Job:
    """One report with its reading on the way to its cases."""

    report: Report
    reading: Reading
    placings: list[Placing] = field(default_factory=list)
    answered: Notice | None = None
    linked: str = ""  # by what the case was found of an answer that names no letter of ours (flow.answering)
    assets: dict[str, Asset] = field(default_factory=dict)  # host → whose it is, for all the hosts of a batch
    suspension: Suspension | None = None  # of its sender, as claimed


def open_or_join(pairs: Sequence[tuple[Report, Reading]], *, actor: Actor, now: datetime) -> None:
    """Place each report in a new or an open case, or set it aside if it is no report at all.

    Safe against another worker doing the same: the loser of a race tries again. Raises IntegrityError only if that
    goes on and on.
    """
    for attempt in range(5):
        try:
            with transaction.atomic():
                _place(pairs, actor=actor, now=now)
            return
        except IntegrityError:
            if attempt == 4:
                raise
            for report, _ in pairs:
                report.refresh_from_db()


def _place(pairs: Sequence[tuple[Report, Reading]], *, actor: Actor, now: datetime) -> None:
    held = set(
        Report.objects.select_for_update()
        .filter(pk__in=[r.pk for r, _ in pairs], state="received")
        .order_by("id")
        .values_list("pk", flat=True)
    )
    jobs = [Job(report, reading) for report, reading in pairs if report.pk in held]
    assets = locate(hosts_of(i for job in jobs for i in job.reading.targets), on=now.date())
    answered = answered_by(jobs)
    for job in jobs:
        job.answered = next((answered[m] for m in job.reading.references if m in answered), None)
        job.assets = assets
        job.placings = [] if job.reading.form in NOT_REPORTS else groups(job)
    find_cases(jobs)
    waiting.mark(jobs, now=now)
    drafts: list[Draft] = []
    opened: dict[str, Case] = {}
    for job in jobs:
        drafts += _drafts(job, opened, actor=actor, now=now)
    duties.keep({row["digest"] for case in opened.values() for row in case.regimes}, now=now)
    record_all(drafts)


def answered_by(jobs: Sequence[Job]) -> dict[str, Notice]:
    """Message-ID → the letter of ours that one of the reports answers."""
    references = {f"<{m}>" for job in jobs for m in job.reading.references}  # a reading names them without brackets
    if not references:
        return {}
    found = Notice.objects.filter(message_id__in=references).select_related("case__asset", "case__subject")
    return {notice.message_id.strip("<>"): notice for notice in found}


def category_of(reading: Reading) -> str:
    """The category a case is opened under. A DMCA notice is about copyright whatever its words suggest."""
    if reading.form in (Form.DMCA, Form.COUNTER_NOTICE, Form.RETRACTION):
        return Category.COPYRIGHT
    if reading.form == Form.ORDER and reading.category not in (Category.DATA_REQUEST, Category.TERRORISM):
        return Category.GOVERNMENT_ORDER
    return reading.category or Category.OTHER


def groups(job: Job) -> list[Placing]:
    """One placing per accountable subject; what is not ours goes along with ours, or forms one placing alone."""
    category, reading = category_of(job.reading), job.reading
    ours: dict[int, Placing] = {}
    foreign: list[Claimed] = []
    for target in reading.targets:
        asset = job.assets.get(host_of(target.kind, target.value))
        if asset is None:
            foreign.append(target)
            continue
        placing = ours.setdefault(asset.subject_id, Placing("", [], asset, asset.subject_id))
        placing.targets.append(target)
        if placing.asset is not None and placing.asset.pk != asset.pk:
            placing.asset = None  # several assets of one customer
    placings = list(ours.values()) or [Placing("", [])]
    placings[0].targets += foreign
    for placing in placings:
        placing.merge_key = _merge_key(job.report, category, reading.form, placing)
    return placings


def _merge_key(report: Report, category: str, form: str, placing: Placing) -> str:
    """What makes two reports one case: same category, same accountable asset and, for content, the same targets."""
    targets = sorted({t.value for t in placing.targets})
    if form in NEVER_MERGED or not targets:
        about = ["report", report.identity]
    elif placing.asset is not None:
        about = [
            "asset",
            placing.asset.kind,
            placing.asset.ref,
            placing.asset.value if placing.asset.kind != "prefix" else targets[0],
        ]
    elif placing.subject_id is not None:
        about = ["subject", str(placing.subject_id), *targets]
    else:
        about = ["host", host_of(placing.targets[0].kind, placing.targets[0].value)]
    if category in PER_TARGET:
        about += targets
    return hashlib.sha256(journal.canonical([category, *about]).encode()).hexdigest()


def find_cases(jobs: Sequence[Job]) -> None:
    """Lock the cases that are there already, in the order of their numbers so that no two workers wait in a ring."""
    wanted = {p.merge_key for job in jobs for p in job.placings}
    numbers = {job.answered.case_id for job in jobs if job.answered is not None}
    if numbers:
        list(Case.objects.select_for_update().filter(pk__in=numbers).order_by("id"))
    cases = Case.objects.select_for_update(of=("self",)).select_related("asset", "subject").order_by("id")
    found = {case.open_key: case for case in cases.filter(open_key__in=wanted)}
    by_number: dict[int, Case] = {case.pk: case for case in found.values()}
    for job in jobs:
        if job.answered is not None and job.reading.form in ANSWERS | NOT_REPORTS:
            number = job.answered.case_id
            case = by_number.setdefault(number, Case.objects.select_related("asset", "subject").get(pk=number))
            job.placings = [Placing(case.merge_key, list(job.reading.targets), case.asset, case.subject_id, case)]
            continue
        if job.reading.form in ANSWERS and _linked(job, by_number):
            continue
        for placing in job.placings:
            placing.case = found.get(placing.merge_key)
            if placing.case is None and job.reading.form in ANSWERS:
                placing.case = _last_about(placing)


def _linked(job: Job, by_number: dict[int, Case]) -> bool:
    """Put an answer that names no letter of ours where it belongs; False if nothing says where."""
    cases, job.linked = answering.cases_of(job.reading)
    targets = {p.subject_id: p.targets for p in job.placings}
    placings = []
    for case in (by_number.setdefault(c.pk, c) for c in cases):
        named = targets.pop(case.subject_id, [])
        placings.append(Placing(case.merge_key, named, case.asset, case.subject_id, case))
    if placings:
        placings[0].targets += [target for rest in targets.values() for target in rest]
        job.placings = placings
    if job.reading.form == Form.REPLY and cases:
        letters = Notice.objects.filter(case=cases[0], to_address__iexact=job.reading.reporter.email)
        job.answered = letters.select_related("case").order_by("-id").first()
    return bool(placings)


def _last_about(placing: Placing) -> Case | None:
    """The latest copyright case on the asset that a counter-notice or retraction without a reference speaks of."""
    if placing.subject_id is None:
        return None
    values = [t.value for t in placing.targets]
    about = Case.objects.select_for_update(of=("self",)).select_related("asset", "subject")
    about = about.filter(subject_id=placing.subject_id, category="copyright", indicators__value__in=values)
    return about.order_by("-id").first()


def _drafts(job: Job, opened: dict[str, Case], *, actor: Actor, now: datetime) -> list[Draft]:
    fill(job.report, job.reading)
    if not job.placings:
        states.check("report", job.report.state, "set_aside")
        job.report.state = "set_aside"
        parties = _parties(job.report, job.reading)
        body = _report_body(job.report, job.reading)
        return [Draft(None, "report.set_aside", body, actor, now, rows=[*parties, job.report.evidence, job.report])]
    drafts: list[Draft] = []
    indicators = [indicator(job.report, n, claimed) for n, claimed in enumerate(job.reading.indicators)]
    by_claim = {id(c): row for c, row in zip(job.reading.indicators, indicators, strict=True)}
    for number, placing in enumerate(job.placings):
        case = placing.case or opened.get(placing.merge_key)
        if case is None:
            case = opened[placing.merge_key] = new_case(job, placing, now=now)
            drafts.append(opening(job, case, actor=actor, now=now))
        for target in placing.targets:
            if id(target) in by_claim:
                by_claim[id(target)].case = case
                # Its own, not the case's: one case may be about several assets, and name what is not ours as well.
                by_claim[id(target)].asset = job.assets.get(host_of(target.kind, target.value))
        drafts.append(joining(job, case, indicators, first=number == 0, actor=actor, now=now))
    return drafts


def fill(report: Report, reading: Reading) -> None:
    """Write what the reading says into the report's own columns."""
    report.form = reading.form
    report.category = reading.category or ""
    report.confidence = round(reading.confidence, 4)
    report.language = reading.language[:12]
    report.title = _plain(reading.subject, 300)
    report.message_id = _plain(reading.message_id, 300)
    report.incident_at = reading.incident_at
    report.reader = reading.parser[:60]
    report.elements = {element.id: element.present for element in reading.elements}
    report.problems = [
        {"code": p.code, "message": _plain(p.message, 500), "where": _plain(p.where, 200)}
        for p in reading.problems[:100]
    ]


def _plain(text: str, limit: int) -> str:
    """PostgreSQL holds neither NUL nor lone surrogates, and a column has an end."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:limit]


def party(kind: str, claimed: ClaimedParty, reading: Reading) -> Party:
    """A party as it is claimed."""
    return Party(
        kind=kind,
        name=_plain(claimed.name, 200),
        email=_plain(claimed.email, 254),
        organisation=_plain(claimed.organisation, 200),
        phone=_plain(claimed.phone, 60),
        address=_plain(claimed.address, 1000),
        country=claimed.country[:2],
        language=reading.language[:12],
    )


def _parties(report: Report, reading: Reading) -> list[Party]:
    report.reporter = party("reporter", reading.reporter, reading)
    parties = [report.reporter]
    if reading.principal is not None:
        report.principal = party("principal", reading.principal, reading)
        parties.append(report.principal)
    return parties


def indicator(report: Report, position: int, claimed: Claimed) -> Indicator:
    """An indicator as it is claimed."""
    return Indicator(
        report=report,
        position=position,
        kind=claimed.kind[:12],
        value=_plain(claimed.value, 8000),
        host=_plain(host_of(claimed.kind, claimed.value), 255),
        raw=_plain(claimed.raw, 8000),
        role=claimed.role,
        start=claimed.start,
        end=claimed.end,
    )


def new_case(job: Job, placing: Placing, *, now: datetime) -> Case:
    """The case of a placing that has none."""
    category, reading = category_of(job.reading), job.reading
    policy, kind = duties.policy(), duties.kind_of(category)
    role = placing.asset.role if placing.asset else ""
    facts = duties.facts_of(category=category, form=reading.form, channel=job.report.channel, role=role,
                            reporter_country=reading.reporter.country,
                            customer_country=placing.asset.subject.country if placing.asset else "")  # fmt: skip
    applied = duties.regimes_for(facts, now=now)
    first = placing.targets[0].value if placing.targets else ""
    waits = waiting.waits(job.suspension, category=category, form=reading.form)
    return Case(
        category=category,
        form=reading.form,
        queue=misuse.QUEUE if waits else routing.queue(policy, category, reading.form),
        severity=kind.severity,
        language=reading.language[:12],
        title=_plain(first or reading.subject, 300),
        subject_id=placing.subject_id,
        asset=placing.asset,
        merge_key=placing.merge_key,
        open_key=placing.merge_key,
        regimes=duties.as_rows(applied),
        opened_at=now,
        last_report_at=job.report.received_at,
    )


def opening(job: Job, case: Case, *, actor: Actor, now: datetime) -> Draft:
    """`case.opened`, with the clocks that start."""
    # Clocks run from when the report reached us, not from when a worker got round to reading it.
    clocks = duties.start(case, "report.received", at=job.report.received_at)
    if case.form == Form.ORDER:
        clocks += duties.start(case, "order.received", at=job.report.received_at)
    case.next_due_at = duties.next_due(case, clocks)
    reprioritise(case, now=now)
    body = {
        "case_state": case.state,
        "category": case.category,
        "form": case.form,
        "role": case.asset.role if case.asset else "",
        "queue": case.queue,
        "severity": case.severity,
        "subject": case.subject_id,
        "asset": case.asset_id,
        "regimes": [[r["id"], r["version"], r["digest"]] for r in case.regimes],
        "clocks": duties.described(clocks),
    }
    if case.queue == misuse.QUEUE and job.suspension is not None:
        body["suspension"] = job.suspension.pk
    todo = Todo("enrich", {"case": case})
    return Draft(case, "case.opened", body, actor, now, rows=clocks, tasks=[todo])


def _report_body(report: Report, reading: Reading) -> dict[str, Any]:
    return {
        "report": report,
        "evidence": report.evidence_id,
        "channel": report.channel,
        "form": report.form,
        "category": report.category,
        "received_at": report.received_at,
        "reader": report.reader,
        "indicators": len(reading.indicators),
        "targets": len(reading.targets),
        "problems": sorted({p.code for p in reading.problems}),
        # The country of an authority is no personal data, and orders are counted by it (DSA Article 15(1)(a)).
        **({"country": reading.reporter.country[:2]} if report.form == Form.ORDER and reading.reporter.country else {}),
    }


def _brings_back(job: Job, case: Case, *, now: datetime) -> dict[str, str]:
    """A case that waits because its sender is suspended waits no longer when somebody else reports the same."""
    form = job.reading.form
    if case.queue != misuse.QUEUE or form in NOT_REPORTS | waiting.QUIET:
        return {}
    if waiting.waits(job.suspension, category=case.category, form=form):
        return {}
    waiting.put_back(case, now=now)
    return {"queue": case.queue}


def joining(job: Job, case: Case, indicators: list[Indicator], *, first: bool, actor: Actor, now: datetime) -> Draft:
    """`report.received` on the first of a report's cases, `report.joined` on the others."""
    report, reading = job.report, job.reading
    case.report_count += reading.form not in NOT_REPORTS
    case.last_report_at = max(case.last_report_at, report.received_at)
    rows: list[Any] = [Joining(report=report, case=case, at=now)]
    tasks: list[Todo] = []
    back = _brings_back(job, case, now=now)
    if duties.judges(case, report.form):
        tasks.append(Todo("judge", {"report": report, "case": case}))
    unread = reading.form in ANSWERS and case.pk is not None and job.answered is None
    if unread:
        case.unread += 1  # it names no letter of ours: a person looks whether it belongs here
    # Done after it was checked who sent it, which is queued before these.
    after: list[Todo] = []
    if reading.form == Form.RETRACTION and case.pk is not None:
        after.append(Todo("withdraw", {"report": report, "case": case}))
    elif reading.form == Form.COUNTER_NOTICE and unread:
        after.append(Todo("counter", {"report": report, "case": case}))
    if not first:
        body = {"report": report, "form": report.form, "indicators": len(indicators), **back}
        if unread:
            body |= {"unread": case.unread, "linked": job.linked}
        rows.append(Group("indicators/report", indicators))
        return Draft(case, "report.joined", body, actor, now, rows=rows, tasks=[*tasks, *after])
    linked = reading.form in NOT_REPORTS
    states.check("report", report.state, "linked" if linked else "joined")
    report.state = "linked" if linked else "joined"
    report.case = case
    rows = [*_parties(report, reading), report.evidence, *rows, report]
    if indicators:
        rows.append(Group("indicators/report", indicators))
    body = _report_body(report, reading) | back
    if authenticate.wanted(report):
        tasks.append(Todo("authenticate", {"report": report}))
    if job.answered is not None:
        case.unread += 1
        body["answers"] = job.answered.pk
        body["unread"] = case.unread
        body["cites"] = job.answered.kind
        tasks.append(Todo("answered", {"report": report, "notice": job.answered.pk}))
    elif not linked and report.channel not in NEVER_WRITTEN_TO:
        tasks.append(Todo("acknowledge", {"report": report}))
    if unread:
        body |= {"unread": case.unread, "linked": job.linked}
    return Draft(case, "report.received", body, actor, now, rows=rows, tasks=[*tasks, *after])

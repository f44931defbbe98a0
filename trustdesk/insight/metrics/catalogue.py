"""Every metric of the house. What is not here is not a number that a report may show."""

from __future__ import annotations

from typing import Any

from trustdesk.insight.metrics.definition import Metric

CASE_DIMENSIONS = ("category", "queue", "form")
REPORT: dict[str, Any] = {"fact": "fact_report", "time": "received_at", "grain": "one report",
          "by": ("form", "category", "channel", "queue", "reporter_key", "day")}  # fmt: skip
STEP: dict[str, Any] = {"fact": "fact_step", "time": "happened_at", "grain": "one change of a case's state",
                        "by": (*CASE_DIMENSIONS, "day")}  # fmt: skip
DECISION: dict[str, Any] = {"fact": "fact_decision", "time": "happened_at", "grain": "one decision that became final",
                            "by": (*CASE_DIMENSIONS, "outcome", "ground")}  # fmt: skip
CLOCK: dict[str, Any] = {"fact": "fact_clock", "time": "counted_at", "grain": "one duty of ours",
                         "by": ("regime", "name", "kind", *CASE_DIMENSIONS)}  # fmt: skip
ENTRY: dict[str, Any] = {"fact": "fact_entry", "time": "recorded_at", "by": CASE_DIMENSIONS}
SURVEY: dict[str, Any] = {"fact": "fact_survey", "time": "answered_at", "grain": "one answer"}
REVIEW: dict[str, Any] = {"fact": "fact_review", "time": "happened_at", "grain": "one review",
                          "by": (*CASE_DIMENSIONS, "outcome", "reason")}  # fmt: skip
WRITTEN = "Counts on the day the desk wrote it down."


def _clock(result: str) -> Any:
    return lambda t: (t.actor == "provider") & (t.result == result)


def _entry(kind: str) -> Any:
    return lambda t: t.kind == kind


_ALL = (
    Metric("received", "Reports received",
           "Reports by the time they were received: an imported history counts where it belongs. Answers of customers and "
           "reporters (form `reply`) are reports and count.",
           where=lambda t: t.is_report, **REPORT,
           caveats="A report whose category nobody could tell is `other`. One that concerns several customers is one report."),
    Metric("set_aside", "Messages set aside",
           "Messages that are no reports: bounces, automatic replies, acknowledgements by other ticket systems, "
           "newsletters, delivery tests.", where=lambda t: ~t.is_report, **REPORT, caveats="Never in `received`."),
    Metric("opened", "Cases opened", "Cases by the moment the desk opened them.", where=lambda t: t.step == "opened", **STEP),
    Metric("closed", "Cases closed", "Times that a case was closed.", where=lambda t: t.step == "closed", **STEP,
           caveats="A case that is closed, reopened and closed again counts twice."),
    Metric("reopened", "Cases reopened", "Times that a closed case was opened again.",
           where=lambda t: t.step == "reopened", **STEP),
    Metric("open", "Open cases", "Cases that are not closed at a moment: those opened or reopened before it, less those closed.",
           counts="balance", column="opens", **STEP,
           caveats="open at the start + opened + reopened - closed = open at the end, always."),
    Metric("decided", "Decisions", "Decisions that became final; a held one when it was approved.",
           where=lambda t: t.final, **DECISION, caveats="A decision that replaces another one counts as well."),
    Metric("automated", "Automated decisions", "Final decisions that a rule made without a person.",
           where=lambda t: t.final & t.automated, **DECISION),
    Metric("time_to_first_decision", "Time to first decision",
           "From the first report of the case being received to its first final decision; median and 95th percentile are "
           "continuous (SQL's `percentile_cont`).", where=lambda t: t.final & t.is_first, counts="waits",
           column="waited_seconds", **DECISION, caveats="Automated decisions take seconds and pull the median down."),
    Metric("time_to_first_decision_by_people", "Time to first decision, by people",
           "The same for decisions that people made.", where=lambda t: t.final & t.is_first & ~t.automated,
           counts="waits", column="waited_seconds", **DECISION),
    Metric("met", "Time limits kept", "Duties of ours with a due time that were done in time.", where=_clock("met"), **CLOCK,
           caveats="Duties of customers are not counted."),
    Metric("breached", "Time limits missed", "Duties of ours that were not done in time, on the day they were due.",
           where=_clock("breached"), **CLOCK, caveats="What was done late is missed, never kept."),
    Metric("met_without_due_time", "Duties done that have no due time",
           "Duties such as `without undue delay`, done.", where=_clock("met_without_due_time"), **CLOCK,
           caveats="No number exists for them, so they prove nothing."),
    Metric("held", "Decisions held", "Decisions that were held for a second person.", grain="one decision",
           where=_entry("decision.held"), **ENTRY, caveats=WRITTEN),
    Metric("approved", "Held decisions approved", "Held decisions that the second person confirmed.", grain="one decision",
           where=_entry("decision.approved"), **ENTRY, caveats=WRITTEN),
    Metric("sent_back", "Decisions sent back", "Held decisions that the second person sent back.", grain="one decision",
           where=_entry("decision.rejected"), **ENTRY, caveats=WRITTEN),
    Metric("appeals_lodged", "Appeals lodged", "Appeals, counter-notices and disputes that came in.", grain="one appeal",
           where=_entry("appeal.lodged"), **ENTRY, caveats=WRITTEN),
    Metric("appeals_resolved", "Appeals resolved", "Appeals that another person decided.", grain="one appeal",
           where=_entry("appeal.resolved"), **ENTRY, caveats=WRITTEN),
    Metric("overturned", "Decisions overturned", "Appeals upheld in full or in part.", fact="fact_appeal", time="resolved_at",
           grain="one appeal", where=lambda t: t.overturned, by=(*CASE_DIMENSIONS, "kind", "by_role"),
           caveats="Counts in the period in which the appeal was decided, not that of the decision."),
    Metric("measures_confirmed", "Measures confirmed", "Measures seen to work from outside.", grain="one measure",
           where=_entry("measure.confirmed"), **ENTRY, caveats=WRITTEN),
    Metric("measures_lifted", "Measures lifted", "Measures undone.", grain="one measure", where=_entry("measure.lifted"),
           **ENTRY, caveats=WRITTEN),
    Metric("measures_failed", "Failures of measures", "Times that an enforcer said it will not happen.",
           grain="one failure", where=_entry("measure.failed"), **ENTRY, caveats="One that is tried again may fail again."),
    Metric("notices_sent", "Letters sent", "Letters that the next hop took.", grain="one letter",
           where=_entry("notice.sent"), **ENTRY, caveats=WRITTEN),
    Metric("notices_bounced", "Letters come back", "Letters that came back.", grain="one letter",
           where=_entry("notice.bounced"), **ENTRY, caveats=WRITTEN),
    Metric("asked", "Asked how satisfied", "Letters that asked their reader whether the desk helped, and were sent.",
           fact="fact_notice", time="sent_at", grain="one letter", where=lambda t: t.asks, by=("to_role", "category", "form")),
    Metric("answered", "Answers on satisfaction", "Readers who answered that question; each letter counts once.",
           by=("by_role", *CASE_DIMENSIONS), **SURVEY, caveats="Who answers chooses to: not a sample of those who were asked."),
    Metric("satisfied", "Satisfied", "Those of them who said yes.", where=lambda t: t.answer == "yes",
           by=("by_role", *CASE_DIMENSIONS), **SURVEY),
    Metric("partly_satisfied", "Partly satisfied", "Those of them who said partly.", where=lambda t: t.answer == "partly",
           by=("by_role", *CASE_DIMENSIONS), **SURVEY),
    Metric("drawn", "Reviews drawn", "Settled decisions that were drawn for a second look.", grain="one decision",
           where=_entry("review.sampled"), **ENTRY, caveats="What is drawn now is looked at later."),
    Metric("reviews", "Reviews", "Settled decisions that a second person looked at for quality.", **REVIEW,
           caveats="Drawn by the shares of the policy, which are higher for what is grave: not a plain sample of all decisions."),
    Metric("disagreed", "Reviews that disagreed", "Reviews in which the second person would have decided otherwise.",
           where=lambda t: ~t.agreed, **REVIEW),
    Metric("reviews_of_automated", "Reviews of automation", "Reviews of decisions that automation made.",
           where=lambda t: t.automated, **REVIEW),
    Metric("disagreed_with_automated", "Reviews that disagreed with automation", "Those of them that disagreed.",
           where=lambda t: t.automated & ~t.agreed, **REVIEW),
    Metric("repeat", "Steps against repeat offenders", "Final decisions that order the policy's step against a customer who was "
           "warned and went on (DSA Article 23(1)).", where=lambda t: t.final & t.repeat, **DECISION),
    Metric("suspensions", "Suspensions of senders", "Suspensions of reporters and complainants that began (DSA Article 23(2)).",
           fact="fact_suspension", time="began_at", grain="one suspension", by=("who", *CASE_DIMENSIONS)),
)  # fmt: skip

METRICS: dict[str, Metric] = {m.name: m for m in _ALL}

"""The facts of the lake: what happened, table by table. How to read them stands in `schema`."""

from __future__ import annotations

from trustdesk.insight.lake.columns import CASE, CATEGORY, FORM, QUEUE, RECORDED, ROLE, SEQ, SUBJECT, Table
from trustdesk.insight.lake.columns import column as _c

REPORT = Table(
    "fact_report", "Reports", "One report that came in, counted when it was received. Messages that are no reports "
    "(bounces, newsletters …) have `is_report` false and are never counted as received.",
    key=("report_id",), time="received_at",
    columns=(
        _c("report_id", "int64", "number of the report", must=True),
        CASE, SEQ,
        _c("received_at", "time", "when it reached the provider; an imported report counts where it belongs", must=True),
        RECORDED,
        _c("is_report", "bool", "false for what is no report", must=True),
        _c("form", "string", "legal shape: notice, dmca, counter_notice, retraction, order, referral, alert, reply …", must=True),
        _c("category", "string", "kind of abuse it claims; `other` when nobody could tell", to="dim_category", must=True),
        _c("channel", "string", "door it came in by: mail, form, api, feed, history …", must=True),
        _c("reader", "string", "parser that understood it"),
        _c("indicators", "int32", "indicators it names", must=True),
        _c("targets", "int32", "indicators that it complains about (the DSA's specific items of information)", must=True),
        _c("problems", "int32", "kinds of problems the reader had with it", must=True),
        _c("answers", "bool", "whether it answers a letter of ours", must=True),
        _c("cases", "int32", "cases it led to or joined, as far as the same export saw them", origin="row"),
        QUEUE,
        _c("reporter_key", "string", "pseudonym of who sent it", origin="row", to="dim_reporter"),
        _c("trusted_flagger", "bool", "sent by a trusted flagger of DSA Article 22 whose address was verified", must=True),
        SUBJECT, ROLE,
        _c("language", "string", "language of the message", origin="row"),
        _c("first_decision_at", "time", "first final decision on its case after it was received", origin="rule"),
        _c("first_outcome", "string", "outcome of that decision", origin="rule"),
        _c("first_ground", "string", "ground of that decision: law, policy or none", origin="rule"),
        _c("first_automated", "bool", "whether automation made that decision", origin="rule"),
    ),
)  # fmt: skip

INDICATOR = Table(
    "fact_indicator", "Indicators", "One observable string that a report names: a URL, domain, address … Only its host is "
    "kept, and only for what is complained about and is a domain.",
    key=("indicator_id",), time="received_at", source="rows of the desk, for reports that the journal names",
    columns=(
        _c("indicator_id", "int64", "number of the indicator", origin="row", must=True),
        _c("report_id", "int64", "report that names it", origin="row", must=True),
        CASE, SEQ,
        _c("received_at", "time", "when the report was received", must=True),
        RECORDED,
        _c("kind", "string", "url, domain, ip, cidr, email, hash, account or asn", origin="row", must=True),
        _c("role", "string", "target, reference or reporter", origin="row", must=True),
        CATEGORY,
        _c("ours", "bool", "whether it is an asset of a customer of ours", origin="row", must=True),
        _c("domain", "string", "host name of a target; empty for addresses, accounts and everything else", origin="row"),
    ),
)  # fmt: skip

CASE_TABLE = Table(
    "fact_case", "Cases", "One case and how far it came.",
    key=("case_id",), time="opened_at",
    columns=(
        CASE, SEQ,
        _c("opened_at", "time", "when the desk opened it", must=True),
        RECORDED,
        _c("first_report_at", "time", "when the first report about it was received; waiting is counted from here", must=True),
        CATEGORY, FORM, QUEUE,
        _c("severity", "int32", "severity when it was opened", must=True),
        SUBJECT, ROLE,
        _c("regimes", "string", "laws and promises that applied when it was opened: ids with a comma between"),
        _c("state", "string", "state now", must=True),
        _c("reports", "int32", "reports in it", must=True),
        _c("decisions", "int32", "final decisions on it", must=True),
        _c("first_decision_at", "time", "first final decision"),
        _c("last_closed_at", "time", "when it was last closed; empty while it is open"),
        _c("closings", "int32", "how often it was closed", must=True),
        _c("reopenings", "int32", "how often it was opened again", must=True),
        _c("assigned_key", "string", "pseudonym of the person who has it", origin="rule", to="dim_person"),
        _c("country", "string", "country of the customer", origin="row"),
    ),
)  # fmt: skip

STEP = Table(
    "fact_step", "Steps", "One change of the state of a case. The sum of `opens` up to a moment is the number of open cases.",
    key=("case_id", "seq"), time="happened_at",
    columns=(
        CASE, SEQ,
        _c("happened_at", "time", "when the desk wrote it down", must=True),
        _c("old", "string", "state before; empty when the case was opened", must=True),
        _c("new", "string", "state after", must=True),
        _c("step", "string", "opened, closed, reopened, or moved for everything between", must=True),
        _c("opens", "int32", "1 when the case is open from here on and was not, -1 when it is closed, else 0", must=True),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

DECISION = Table(
    "fact_decision", "Decisions", "One decision. It counts as made when it became final, a held one when it was approved.",
    key=("decision_id",), time="happened_at",
    columns=(
        _c("decision_id", "int64", "number of the decision", must=True),
        CASE, SEQ,
        _c("happened_at", "time", "when it became final; when it was made, while it is held or if it was sent back", must=True),
        RECORDED,
        _c("made_at", "time", "when it was made", must=True),
        _c("final", "bool", "whether it became final", must=True),
        _c("state", "string", "held, final, rejected or overridden", must=True),
        _c("outcome", "string", "measures, no_violation …", must=True),
        _c("ground", "string", "law, policy or none", must=True),
        _c("clause", "string", "clause of the policy"),
        _c("policy", "string", "policy id@version", to="dim_policy"),
        _c("automated", "bool", "whether automation made it", must=True),
        _c("repeat", "bool", "whether it orders the step of the policy against a customer who was warned and went on (DSA "
           "Article 23(1))", must=True),
        _c("was_held", "bool", "whether it waited for a second person", must=True),
        _c("overrides", "int64", "decision that it replaces"),
        _c("is_first", "bool", "first final decision on its case", must=True),
        _c("waited_seconds", "double", "from the first report being received to it, if it is the first", origin="rule"),
        _c("measures", "int32", "measures that it ordered", must=True),
        _c("made_by_key", "string", "pseudonym of the person who made it; empty for automation", origin="rule", to="dim_person"),
        _c("settled_by_key", "string", "pseudonym of the second person", origin="rule", to="dim_person"),
        CATEGORY, FORM, QUEUE, SUBJECT, ROLE,
    ),
)  # fmt: skip

MEASURE = Table(
    "fact_measure", "Measures", "One enforcement and its life. What failed and was tried again is one row; each failure is in "
    "`fact_entry`.",
    key=("measure_id",), time="ordered_at",
    columns=(
        _c("measure_id", "int64", "number of the measure", must=True),
        CASE, SEQ,
        _c("ordered_at", "time", "when it was ordered", must=True),
        RECORDED,
        _c("kind", "string", "kind of measure: site_disable, path_block, account_suspend …", must=True),
        _c("state", "string", "state now", must=True),
        _c("applied_at", "time", "when the enforcer said that it is done"),
        _c("confirmed_at", "time", "when it was seen from outside"),
        _c("lifted_at", "time", "when it was undone"),
        _c("failures", "int32", "how often it failed", must=True),
        _c("decision_id", "int64", "decision that ordered it", must=True),
        _c("outcome", "string", "outcome of that decision", must=True),
        _c("ground", "string", "ground of that decision", must=True),
        _c("clause", "string", "clause of the policy"),
        _c("automated", "bool", "whether automation decided it", must=True),
        _c("own_initiative", "bool", "whether the first report of the case was an alert of our own", must=True),
        CATEGORY, FORM, QUEUE, SUBJECT, ROLE,
    ),
)  # fmt: skip

NOTICE = Table(
    "fact_notice", "Notices", "One letter of ours.",
    key=("notice_id",), time="queued_at",
    columns=(
        _c("notice_id", "int64", "number of the letter", must=True),
        CASE, SEQ,
        _c("queued_at", "time", "when it was written", must=True),
        RECORDED,
        _c("kind", "string", "acknowledgement, outcome, statement_of_reasons …", must=True),
        _c("to_role", "string", "reporter, customer …", must=True),
        _c("language", "string", "language it is written in"),
        _c("state", "string", "queued, sent, failed, withheld or bounced", must=True),
        _c("sent_at", "time", "when the next hop had it"),
        _c("report_id", "int64", "report that it answers"),
        _c("decision_id", "int64", "decision that it tells"),
        _c("asks", "bool", "whether it asked its reader how satisfied they are", must=True),
        CATEGORY, FORM,
    ),
)  # fmt: skip

APPEAL = Table(
    "fact_appeal", "Appeals", "One request to look again: appeal, counter-notice or dispute.",
    key=("appeal_id",), time="lodged_at",
    columns=(
        _c("appeal_id", "int64", "number of the appeal", must=True),
        CASE, SEQ,
        _c("lodged_at", "time", "when it was lodged", must=True),
        RECORDED,
        _c("kind", "string", "appeal, counter_notice or dispute", must=True),
        _c("by_role", "string", "customer or reporter", must=True),
        _c("decision_id", "int64", "decision that it is about", must=True),
        _c("state", "string", "lodged, upheld, partly_upheld, dismissed, withdrawn or put_back", must=True),
        _c("resolved_at", "time", "when it was decided"),
        _c("overturned", "bool", "upheld in full or in part", must=True),
        _c("replacement", "int64", "decision that replaces the one appealed"),
        _c("ground", "string", "ground of the decision appealed", origin="rule"),
        _c("automated", "bool", "whether automation made the decision appealed", origin="rule"),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

CLOCK = Table(
    "fact_clock", "Clocks", "One duty with a due time. `result` counts each of them once: what was done late is breached.",
    key=("clock_id",), time="counted_at",
    columns=(
        _c("clock_id", "int64", "number of the clock", must=True),
        CASE, SEQ,
        _c("counted_at", "time", "when it was met or, if breached, when it was due; else when it began", must=True),
        RECORDED,
        _c("regime", "string", "law or promise it comes from", to="dim_regime", must=True),
        _c("name", "string", "name within the regime", must=True),
        _c("kind", "string", "statutory, contract or target", must=True),
        _c("actor", "string", "whose duty it is; only `provider` is ours", must=True),
        _c("due_at", "time", "when it is due; empty for duties such as `without undue delay`"),
        _c("state", "string", "state now", must=True),
        _c("result", "string", "met, breached, met_without_due_time, running, or ended (no longer needed)", must=True),
        _c("met_at", "time", "when it was done, also late"),
        _c("breached_at", "time", "when it was due and not done"),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

LEGAL_REQUEST = Table(
    "fact_legal_request", "Legal requests", "One demand by an authority.",
    key=("request_id",), time="received_at",
    source="reports of the form `order`; a register of legal requests of its own does not exist in the product yet",
    columns=(
        _c("request_id", "int64", "number of the report that brought it", must=True),
        CASE, SEQ,
        _c("received_at", "time", "when it reached the provider", must=True),
        RECORDED,
        _c("kind", "string", "`information` (data is asked for) or `act` (something is to be done)", must=True),
        CATEGORY,
        _c("country", "string", "country that the sender claims", origin="row"),
        _c("items", "int32", "specific items of information that it names", must=True),
        _c("acknowledged_at", "time", "when its receipt was confirmed to the sender"),
        _c("effect_at", "time", "when the last measure of the first decision on it was confirmed"),
        _c("outcome", "string", "outcome of the first final decision on it"),
        _c("decided_at", "time", "when that was made"),
    ),
)  # fmt: skip

REVIEW = Table(
    "fact_review", "Reviews", "One second look at a settled decision, for quality. Which decisions get one is drawn; what was "
    "drawn and not looked at yet is in `fact_entry` alone.",
    key=("review_id",), time="happened_at",
    columns=(
        _c("review_id", "int64", "number of the review", must=True),
        CASE, SEQ,
        _c("happened_at", "time", "when somebody looked", must=True),
        RECORDED,
        _c("decision_id", "int64", "decision looked at", must=True),
        _c("automated", "bool", "whether automation made that decision", must=True),
        _c("outcome", "string", "outcome of that decision", origin="rule"),
        _c("sampled_at", "time", "when it was drawn"),
        _c("share", "int32", "how many of a hundred decisions like it are drawn; weighted by 1/share the drawn stand for all"),
        _c("agreed", "bool", "whether the second person would have decided the same", must=True),
        _c("reason", "string", "why not, as a code: wrong clause, wrong measure, reasons not clear …"),
        _c("result", "string", "what came of a disagreement: reopened, stood or replaced; empty when nothing did"),
        _c("by_key", "string", "pseudonym of the second person", origin="rule", to="dim_person"),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

SUSPENSION = Table(
    "fact_suspension", "Suspensions", "One suspension of the handling of what a sender hands in (DSA Article 23(2)), from when "
    "it began. One that a second person never confirmed did not begin and is not here.",
    key=("suspension_id",), time="began_at",
    columns=(
        _c("suspension_id", "int64", "number of the suspension", must=True),
        CASE, SEQ,
        _c("began_at", "time", "when it began", must=True),
        RECORDED,
        _c("who", "string", "reporter (unfounded notices) or complainant (unfounded complaints)", must=True),
        _c("days", "int32", "for how many days it was ordered"),
        _c("grounds", "int32", "unfounded notices or complaints that it rests on"),
        _c("state", "string", "running, ended or lifted", must=True),
        _c("until", "time", "when it ends by itself"),
        _c("ended_at", "time", "when it ended, by itself or because a person lifted it"),
        _c("contested", "string", "the objection against it: lodged, upheld or dismissed; empty without one"),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

SURVEY = Table(
    "fact_survey", "Answers on satisfaction", "One answer to the question in a closing letter. Each letter counts once.",
    key=("case_id", "seq"), time="answered_at",
    columns=(
        CASE, SEQ,
        _c("answered_at", "time", "when it was answered", must=True),
        RECORDED,
        _c("notice_id", "int64", "letter that asked", must=True),
        _c("by_role", "string", "reporter or customer", must=True),
        _c("answer", "string", "yes, partly or no", must=True),
        _c("with_words", "bool", "whether words came with it", must=True),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

TASK = Table(
    "fact_task", "Tasks", "One piece of work that waits, runs or cannot be done, at the moment of the export. What is done is "
    "deleted by the desk, so this is a snapshot of debts and no history.",
    key=("task_id",), source="rows of the desk",
    columns=(
        _c("task_id", "int64", "number of the task", origin="row", must=True),
        _c("name", "string", "what is to be done", origin="row", must=True),
        _c("state", "string", "queued, leased or dead", origin="row", must=True),
        _c("created_at", "time", "since when it is owed", origin="row", must=True),
        _c("due_at", "time", "when it is tried next", origin="row", must=True),
        _c("attempts", "int32", "how often it was tried", origin="row", must=True),
    ),
)  # fmt: skip

ENTRY = Table(
    "fact_entry", "Entries", "Every line of the journal, without its body.",
    key=("case_id", "seq"), time="recorded_at",
    columns=(
        CASE, SEQ, RECORDED,
        _c("kind", "string", "kind of entry (docs/develop/entries.md)", must=True),
        _c("actor", "string", "kind of actor: person, system, plugin, customer, reporter or token", must=True),
        _c("actor_key", "string", "pseudonym, if it is a person of the desk", origin="rule", to="dim_person"),
        CATEGORY, FORM, QUEUE,
    ),
)  # fmt: skip

FACTS: tuple[Table, ...] = (
    REPORT, INDICATOR, CASE_TABLE, STEP, DECISION, MEASURE, NOTICE, APPEAL, CLOCK, LEGAL_REQUEST, REVIEW, SUSPENSION, SURVEY,
    TASK, ENTRY,
)  # fmt: skip

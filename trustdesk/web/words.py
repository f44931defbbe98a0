"""Words that screens show for the values of the model, translated. An unknown value is shown as it is, readable."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, str | Promise]

CATEGORY: Words = {
    "copyright": _("copyright"),
    "trademark": _("trademark"),
    "phishing": _("phishing"),
    "malware": _("malware"),
    "botnet": _("botnet"),
    "spam": _("spam"),
    "fraud": _("fraud"),
    "network_attack": _("network attack"),
    "vulnerable_service": _("vulnerable service"),
    "compromised": _("compromised"),
    "child_safety": _("child safety"),
    "ncii": _("intimate images"),
    "violent_threat": _("violent threat"),
    "terrorism": _("terrorism"),
    "harassment": _("harassment"),
    "doxing": _("doxing"),
    "illegal_goods": _("illegal goods"),
    "registration_data": _("registration data"),
    "domain_dispute": _("domain dispute"),
    "account_takeover": _("account takeover"),
    "government_order": _("government order"),
    "data_request": _("data request"),
    "other": _("other"),
}

#: How loud the chip of a category is. Severity proper is the rulebook's; this is only a colour.
CATEGORY_TONE: Mapping[str, str] = {
    "phishing": "danger",
    "malware": "danger",
    "botnet": "danger",
    "terrorism": "danger",
    "child_safety": "danger",
    "violent_threat": "danger",
    "ncii": "warn",
    "fraud": "warn",
    "account_takeover": "warn",
    "doxing": "warn",
    "government_order": "info",
    "data_request": "info",
}

FORM: Words = {
    "notice": _("notice"),
    "dmca": _("DMCA notice"),
    "counter_notice": _("counter-notice"),
    "retraction": _("retraction"),
    "order": _("order"),
    "referral": _("referral"),
    "alert": _("alert"),
    "reply": _("reply"),
    "unparsed": _("not understood"),
    "bounce": _("bounce"),
    "auto_reply": _("automatic reply"),
    "ticket_ack": _("ticket acknowledgement"),
    "newsletter": _("newsletter"),
    "delivery_test": _("delivery test"),
}

CHANNEL: Words = {
    "mail": _("mail"),
    "form": _("form"),
    "api": _("API"),
    "import": _("import"),
    "feed": _("feed"),
    "portal": _("portal"),
    "detector": _("detector"),
    "history": _("history"),
    "smtp": _("mail"),
    "mailbox": _("local mailbox"),
}

CASE_STATE: Words = {
    "new": _("new"),
    "open": _("open"),
    "waiting": _("waiting for answer"),
    "held": _("held"),
    "enforcing": _("enforcing"),
    "closed": _("closed"),
}

REPORT_STATE: Words = {
    "received": _("received"),
    "joined": _("in a case"),
    "linked": _("linked to a case"),
    "set_aside": _("set aside"),
}

#: What came of a signature over a message (reading/keys.py).
SIGNATURE: Words = {
    "good": _("good"),
    "bad": _("not good"),
    "unknown_key": _("with an unknown key"),
    "partial": _("good, over a part of the message only"),
    "unsupported": _("not checked"),
}

OUTCOME: Words = {
    "measures": _("measures taken"),
    "no_violation": _("no violation"),
    "insufficient": _("not enough information"),
    "not_ours": _("not ours"),
    "forwarded": _("customer asked"),
    "duplicate": _("duplicate"),
}

OUTCOME_TONE: Mapping[str, str] = {"measures": "danger", "no_violation": "ok", "forwarded": "warn"}

GROUND: Words = {"law": _("illegal content"), "policy": _("house policy"), "none": _("no violation")}

DECISION_STATE: Words = {
    "held": _("held for a second person"),
    "final": _("final"),
    "rejected": _("rejected by the second person"),
    "overridden": _("replaced by a later decision"),
    "resting": _("just made"),
    "taken_back": _("taken back"),
}

MEASURE: Words = {
    "warn": _("warn the customer"),
    "warning_page": _("show a warning page"),
    "path_block": _("disable one address"),
    "mail_block": _("stop outgoing mail"),
    "null_route": _("cut off the address"),
    "site_disable": _("take the site offline"),
    "domain_hold": _("suspend the domain"),
    "account_suspend": _("suspend the account"),
    "account_terminate": _("close the account for good"),
    "forward_to_host": _("pass it on to the host"),
    "cache_purge": _("empty the cache"),
    "proxy_stop": _("stop passing traffic through"),
    "transfer_lock": _("lock the domain against transfer"),
    "verification_ask": _("ask the holder to confirm the data"),
    "domain_sinkhole": _("lead the domain to a sinkhole"),
}

MEASURE_STATE: Words = {
    "ordered": _("ordered"),
    "attempted": _("attempted"),
    "applied": _("applied, not yet confirmed"),
    "confirmed": _("confirmed from outside"),
    "failed": _("failed"),
    "lifting": _("being lifted"),
    "lifted": _("lifted"),
    "cancelled": _("cancelled"),
}

MEASURE_TONE: Mapping[str, str] = {"confirmed": "ok", "failed": "danger", "applied": "warn", "attempted": "warn"}

NOTICE: Words = {
    "acknowledgement": _("acknowledgement"),
    "outcome": _("outcome to the reporter"),
    "statement_of_reasons": _("statement of reasons"),
    "forward": _("question to the customer"),
    "ask": _("question to the customer"),
    "not_ours": _("not ours: where to turn"),
    "missing_elements": _("what is missing in the report"),
    "restored": _("service restored"),
    "strike_warning": _("warning about repetition"),
    "misuse_warning": _("warning about unfounded reports or complaints"),
    "suspension": _("suspension of the sender"),
    "suspension_answer": _("end of the suspension, or answer to an objection"),
    "counter_notice_copy": _("copy of the counter-notice"),
    "appeal_received": _("appeal received"),
    "appeal_outcome": _("appeal decided"),
}

NOTICE_STATE: Words = {
    "queued": _("waiting to go out"),
    "sent": _("sent"),
    "failed": _("failed"),
    "bounced": _("came back"),
    "withheld": _("withheld"),
}

NOTICE_TONE: Mapping[str, str] = {"sent": "ok", "failed": "danger", "bounced": "danger", "queued": "warn"}

APPEAL_KIND: Words = {"appeal": _("appeal"), "counter_notice": _("counter-notice"), "dispute": _("dispute")}

APPEAL_STATE: Words = {
    "lodged": _("waiting for a decision"),
    "upheld": _("upheld"),
    "partly_upheld": _("partly upheld"),
    "dismissed": _("dismissed"),
    "withdrawn": _("withdrawn"),
    "put_back": _("access came back by law"),
}

#: How sure a rule's text is, and whether a regime runs.
CONFIDENCE: Words = {"high": _("high"), "medium": _("medium"), "low": _("low")}
SWITCH: Words = {
    "on": _("on"),
    "off": _("off"),
    "opt_in": _("off until the operator opts in"),
    "scheduled": _("off until it is in force"),
}

#: What makes a decided case a precedent.
ALIKE: Words = {
    "asset": _("same asset"),
    "subject": _("same customer"),
    "reporter": _("same reporter"),
    "words": _("similar target"),
}
REGISTER: Words = {"dsa_tdb": _("DSA Transparency Database"), "lumen": _("Lumen")}
SUBMISSION: Words = {
    "queued": _("waits to be handed over"),
    "needs_person": _("waits for a person"),
    "sent": _("handed over"),
    "left_out": _("left out"),
}
SUBMISSION_TONE: Mapping[str, str] = {"needs_person": "warn", "sent": "ok"}
SUBMISSION_EVENT: Words = {
    "submission.queued": _("Record for a public register built"),
    "submission.put_off": _("The register asked to wait with its record"),
    "submission.sent": _("Record handed to a public register"),
    "submission.refused": _("A public register refused the record"),
    "submission.left_out": _("Record for a public register left out"),
}
SUBMISSION_MODE: Words = {"off": _("off"), "dry_run": _("dry run"), "send": _("sends by itself")}
CLOCK_KIND: Words = {"statutory": _("law"), "contract": _("contract"), "target": _("house target")}

CLOCK_STATE: Words = {
    "running": _("running"),
    "paused": _("paused"),
    "met": _("met"),
    "breached": _("missed"),
    "expired": _("expired"),
    "cancelled": _("cancelled"),
}

INDICATOR_ROLE: Words = {
    "target": _("complained about"),
    "reference": _("only mentioned"),
    "reporter": _("the sender's own"),
}

ASSET_KIND: Words = {
    "domain": _("domain"),
    "prefix": _("address range"),
    "site": _("site"),
    "account": _("account"),
}

SERVICE_ROLE: Words = {
    "hosting": _("hosting"),
    "caching": _("caching"),
    "pass_through": _("pass-through"),
    "registrar": _("registrar"),
    "registry": _("registry"),
    "dns_resolver": _("DNS"),
    "access": _("access"),
    "online_platform": _("online platform"),
    "search": _("search"),
    "user_to_user": _("user to user"),
}

QUEUE: Words = {
    "general": _("General"),
    "security": _("Phishing & security"),
    "rights": _("Copyright & marks"),
    "safety": _("Safety of people"),
    "fraud": _("Fraud & goods"),
    "legal": _("Legal requests"),
    "suspended": _("Suspended senders"),
}

#: Lives of the suspension of a sender, and as what they are suspended.
SUSPENSION: Words = {
    "held": _("waits for a second person"),
    "running": _("suspended"),
    "rejected": _("sent back"),
    "ended": _("ended by itself"),
    "lifted": _("ended before its time"),
}
#: What the journal of a case says of the suspension of a sender.
SUSPENSION_EVENT: Words = {
    "suspension.ordered": _("The sender is suspended: what they hand in waits"),
    "suspension.held": _("A suspension of the sender waits for a second person"),
    "suspension.approved": _("The suspension of the sender was confirmed: what they hand in waits"),
    "suspension.rejected": _("The suspension of the sender was sent back"),
    "suspension.ended": _("The suspension of the sender has ended by itself"),
    "suspension.lifted": _("The suspension of the sender was ended before its time"),
    "suspension.contested": _("The sender objects to the suspension"),
    "suspension.answered": _("The objection to the suspension was answered"),
}
SENDER: Words = {"reporter": _("reporter"), "complainant": _("complains about decisions")}

#: Circumstances that are weighed before anybody is suspended (DSA Art. 23(3)).
CIRCUMSTANCE: Words = {
    "number": _("How many, within the time"),
    "share": _("Their share of everything the sender handed in"),
    "gravity": _("How grave the misuse and its consequences are"),
    "intent": _("What was meant, where it can be seen"),
}

#: What a regime makes of a notice.
VERDICT: Words = {
    "valid": _("complete"),
    "open": _("complete as far as can be seen"),
    "curable": _("can be completed"),
    "incomplete": _("not complete"),
    "no_effect": _("without effect"),
}

#: Events that people record most; the rest is shown as the rulebook names it.
EVENT: Words = {
    "account.closed": _("the account was closed"),
    "duty.done": _("done"),
    "evidence.confirmed": _("we have evidence of it"),
    "filing.submitted": _("filed"),
    "knowledge.gained": _("we know of it"),
    "order.received": _("an order came in"),
    "preservation_request.received": _("a request to preserve came in"),
    "preservation.released": _("the preservation was released"),
    "request.answered": _("the request was answered"),
}

#: What links the cases of a campaign.
CAMPAIGN: Words = {"path": _("same path"), "file": _("same file")}

#: Why a reviewer would have decided otherwise.
REVIEW_REASON: Words = {
    "wrong_clause": _("wrong clause"),
    "wrong_measure": _("wrong measure"),
    "unclear_reasons": _("reasons not clear"),
    "missing_facts": _("facts missing"),
    "missed_law": _("law missed"),
    "other": _("something else"),
}

SATISFACTION: Words = {"yes": _("yes"), "partly": _("partly"), "no": _("no")}

TABLES: Mapping[str, Words] = {
    "satisfaction": SATISFACTION,
    "review_reason": REVIEW_REASON,
    "campaign": CAMPAIGN,
    "verdict": VERDICT,
    "category": CATEGORY,
    "form": FORM,
    "channel": CHANNEL,
    "case_state": CASE_STATE,
    "report_state": REPORT_STATE,
    "signature": SIGNATURE,
    "outcome": OUTCOME,
    "ground": GROUND,
    "decision_state": DECISION_STATE,
    "measure": MEASURE,
    "measure_state": MEASURE_STATE,
    "notice": NOTICE,
    "notice_state": NOTICE_STATE,
    "appeal_kind": APPEAL_KIND,
    "appeal_state": APPEAL_STATE,
    "alike": ALIKE,
    "clock_kind": CLOCK_KIND,
    "register": REGISTER,
    "submission": SUBMISSION,
    "submission_mode": SUBMISSION_MODE,
    "submission_event": SUBMISSION_EVENT,
    "confidence": CONFIDENCE,
    "switch": SWITCH,
    "clock_state": CLOCK_STATE,
    "indicator_role": INDICATOR_ROLE,
    "asset_kind": ASSET_KIND,
    "service_role": SERVICE_ROLE,
    "queue": QUEUE,
    "suspension": SUSPENSION,
    "sender": SENDER,
    "circumstance": CIRCUMSTANCE,
}

VERDICT_TONE: Mapping[str, str] = {"valid": "ok", "curable": "warn", "incomplete": "warn"}

TONES: Mapping[str, Mapping[str, str]] = {
    "verdict": VERDICT_TONE,
    "category": CATEGORY_TONE,
    "outcome": OUTCOME_TONE,
    "measure_state": MEASURE_TONE,
    "notice_state": NOTICE_TONE,
    "submission": SUBMISSION_TONE,
}


def word(table: str, value: str) -> str:
    """The word shown for `value` of `table`; a value without one is shown with its underscores opened up."""
    return _said(table, get_language()).get(value) or str(value).replace("_", " ")


@cache
def _said(table: str, _language: str | None) -> dict[str, str]:
    """The words of a table in the language that is spoken now: a page says hundreds of them."""
    return {value: str(said) for value, said in TABLES[table].items()}


def event(name: str) -> str:
    """An event of the rulebook, such as `filing.submitted:ncmec`, as people say it."""
    base, _sep, detail = name.partition(":")
    said = str(EVENT.get(base, "")) or base.replace("_", " ").replace(".", " ")
    return f"{said}: {detail.replace('_', ' ').replace('-', ' ')}" if detail else said


def tone(table: str, value: str) -> str:
    """Tone of the chip for `value`: danger, warn, ok, info or "" (plain)."""
    return TONES.get(table, {}).get(value, "")


#: Findings of the engine by their code, for readers of other languages than the engine's own English.
FINDING: Words = {
    "look.paused": _("You paused from graphic material. It goes on when you say so."),
    "look.limit": _("You have reached the day's limit of graphic files. Let a colleague look."),
    "seal.no_reason": _("Say in 1 to 300 characters why."),
    "seal.again": _("This case is sealed already."),
    "upkeep.on": _("It was done on a day that is not in the future."),
    "upkeep.note": _("Say in 3 to 500 characters what was done; where it can be seen has at most 300."),
    "upkeep.period": _("Name the period that it is about, one that was over on that day: 2026, 2026-H1 or 2026-05."),
    "upkeep.unknown": _("The rulebook knows no such standing duty."),
    "offer.unknown": _("No certain regime of this case offers that letter."),
    "offer.done": _("That was written already."),
    "offer.address": _("The customer has no address that can be written to."),
    "extend.ended": _("Only a period that runs can be extended; one without an end needs the day that a paper names."),
    "extend.not_later": _("The new end must lie after the old one."),
    "seal.none": _("This case is not sealed."),
    "decision.stale": _("The case has moved on since you opened it. Look at what changed, then decide."),
    "decision.outcome": _("Choose what to do."),
    "withdraw.no_reason": _("Say in 3 to 500 characters how you made sure."),
    "withdraw.report": _("That is no retraction on this case."),
    "withdraw.done": _("This retraction has had its effect already."),
    "withdraw.state": _("Not while the case is being looked up or is held."),
    "withdraw.nothing": _("It takes back no complaint of this case."),
    "decision.ground": _("Choose a ground."),
    "decision.reasons_short": _("The public reasons are too short to explain anything."),
    "decision.no_measures": _("Choose at least one measure."),
    "decision.measures_unwanted": _("This outcome orders no measures."),
    "decision.no_ground": _("Measures need a ground: the law or a clause of the policy."),
    "decision.no_clause": _("A decision under the policy names its clause."),
    "decision.unknown_clause": _("The policy has no such clause."),
    "decision.other_category": _("This clause speaks of another category than the case has."),
    "decision.no_law": _("A decision on the law names the law."),
    "decision.no_maker": _("A decision is made by somebody."),
    "decision.case_closed": _("The case is closed; it has to be opened again first."),
    "decision.too_long": _("Reasons and notes are too long."),
    "decision.resting": _("This case was decided a moment ago; take that back first, or let it go out."),
    "decision.held_already": _("A decision on this case waits for a second person."),
    "decision.too_early": _("The desk is still at work on this case; try again in a moment."),
    "approval.same_person": _("The second person cannot be the one who made the decision."),
    "approval.not_held": _("This decision is not waiting for anybody any more."),
    "approval.no_reason": _("Say why, so that the first person can do better."),
    "appeal.same_person": _("You made or confirmed this decision; somebody else has to look at the appeal."),
    "appeal.outcome": _("Choose: upheld, partly upheld or dismissed."),
    "appeal.reasons_short": _("The reasons are too short; they are sent to whoever appealed."),
    "appeal.no_replacement": _("An upheld appeal needs the decision that replaces the old one."),
    "appeal.resolved": _("This appeal was resolved already."),
    "appeal.not_final": _("This decision has been replaced or is not final yet."),
    "appeal.late": _("The time to appeal has ended."),
    "appeal.open": _("Your appeal is with us already; you will hear from us."),
    "appeal.again": _("This decision was looked at again already."),
    "appeal.often": _("This case was looked at again as often as we do."),
    "appeal.no_reason": _("Say in a sentence or two why the decision is wrong."),
    "appeal.too_long": _("This is too long; please shorten it."),
    "review.same_person": _("You made or confirmed this decision; somebody else looks at it."),
    "review.person": _("Only a person reviews a decision."),
    "review.reason": _("Say what was wrong; who agrees says nothing was."),
    "review.words": _("Say in a sentence what was wrong."),
    "review.too_long": _("A review ends at 2,000 characters."),
    "review.done": _("Somebody has reviewed this decision already."),
    "review.not_yours": _("This review is not of a decision of yours."),
    "review.no_disagreement": _("Nobody disagrees with this decision."),
    "review.replaced": _("This decision has been replaced already."),
    "review.not_closed": _("The case is open or is being looked at again already; decide there."),
    "review.not_reopened": _("This decision is not being looked at again."),
    "review.not_now": _("A decision or an appeal on this case waits; settle it first."),
    "answer.length": _("Write something, and not more than 20,000 characters."),
    "case.taken": _("Somebody else has this case. Ask them, or take it over."),
    "case.closed": _("This case is closed."),
    "note.empty": _("An empty note says nothing."),
    "note.too_long": _("A note ends at 5,000 characters."),
    "note.not_yours": _("Only who wrote a note takes it back."),
    "snooze.no_reason": _("Say why, so that others need not wonder."),
    "snooze.past": _("That time has passed."),
    "snooze.too_long": _("At most 30 days at once."),
    "snooze.state": _("Only a case that is open can be put away."),
    "undo.not_possible": _("This cannot be taken back."),
    "undo.too_late": _("The time to take this back has passed."),
    "undo.moved_on": _("Somebody has taken or given this case since."),
    "view.name": _("A name has 1 to 60 characters."),
    "view.query": _("This filter is too long to be kept."),
    "view.too_many": _("You have as many views as there can be; remove one first."),
    "validity.no_reason": _("Say in 3 to 500 characters what shows it."),
    "validity.report": _("That report is not of this case."),
    "validity.element": _("No regime of this case asks for this."),
    "confirm.no_reason": _("Say in 3 to 500 characters what shows it."),
    "confirm.unknown": _("No rule speaks of this."),
    "court_action.which": _("Name the court and the number of the action."),
    "court_action.no_reason": _("Say in 3 to 500 characters what shows it."),
    "court_action.late": _("Access has come back already. What a court orders now is an order of its own."),
    "court_action.none": _("No court action is on this case."),
    "appeal.effective": _(
        "This counter-notice is effective and is not dismissed: correct it or record a court action."
    ),
    "strike.count": _("This would count as a strike against the customer."),
    "strike.limit": _("The customer was warned and has reached the limit of strikes; the policy names a step."),
    "strike.step": _(
        "The customer was warned and has reached the limit: it counts as a suspension under DSA Article 23(1)."
    ),
    "strike.not_warned": _(
        "The customer has not been warned since the last strike: warn first, unless it is that grave."
    ),
    "submission.state": _("This record does not wait for a person (any more)."),
    "submission.gone": _(
        "Such a record would not be built any more: the rules or the case have changed. Leave it out instead."
    ),
    "submission.reason": _("Say in 3 to 500 characters why it stays out."),
    "strike.report": _("That report is not of this case."),
    "strike.nothing": _("Nothing of theirs was found to be unfounded so far."),
    "misuse.off": _("The house policy suspends nobody for misuse."),
    "misuse.flagger": _("A trusted flagger is not suspended here: tell the coordinator that awarded the status."),
    "misuse.unverified": _("It is not verified that these came from them; nobody is suspended for it."),
    "misuse.again": _("A suspension of this sender runs already, or waits for a second person."),
    "misuse.not_theirs": _("One of them was not decided to be unfounded within the time, or is not theirs."),
    "misuse.not_frequent": _("So few that are plainly unfounded are not frequent; the policy's limit is higher."),
    "misuse.not_warned": _("No warning has gone out to them: warn first."),
    "misuse.nothing_since": _("Nothing plainly unfounded came in since the warning."),
    "misuse.days": _("The policy allows a reasonable number of days, not for good."),
    "misuse.not_weighed": _("Say what you found of each circumstance that the policy names."),
    "misuse.reasons_short": _("Give longer reasons; they are sent."),
    "misuse.too_long": _("This is too long."),
    "misuse.same_person": _("You had a part in it; somebody else has to look."),
    "misuse.nobody": _("No customer of ours is on this case."),
    "misuse.over": _("This suspension does not stand (any more)."),
    "misuse.contested": _("We have your objection already."),
    "misuse.answered": _("There is no objection that waits for an answer."),
    "state.not_allowed": _("This step is not possible from here."),
}


def finding(item: Any) -> str:
    """A finding in the reader's language. English readers get the engine's own words, which carry the numbers."""
    if (get_language() or "en").startswith("en"):
        return str(item.message)
    return str(FINDING.get(item.code, "")) or str(item.message)

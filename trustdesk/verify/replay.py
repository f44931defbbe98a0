"""One case, told again from its journal alone.

`Story.tell` takes the entries of a chain in order and keeps what state they lead to; `compare` holds that against the
rows. What an entry says is believed only as far as the life of the thing allows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from trustdesk.core.types import NOT_REPORTS
from trustdesk.verify.hashing import text_of
from trustdesk.verify.lives import lawful

#: (table, row) → the columns that the journal settles, with their values.
Things = dict[tuple[str, int], dict[str, Any]]
#: What an entry of a case may change in the case's row by naming it.
CASE_COLUMNS = {
    "category": "category",
    "form": "form",
    "queue": "queue",
    "severity": "severity",
    "subject": "subject_id",
    "asset": "asset_id",
    "assigned_to": "assigned_to_id",
    "assigned_at": "assigned_at",
}
#: What an entry says of a decision, in the columns' own names.
DECIDED = ("outcome", "ground", "clause", "policy", "policy_digest", "automated")
#: The state to which an entry about a decision leads.
DECISION_STATES = {
    "decision.made": "final",
    "decision.approved": "final",
    "decision.held": "held",
    "decision.rejected": "rejected",
    "decision.rested": "resting",
    "decision.taken_back": "taken_back",
}
#: Digest of a letter without title and text.
NOTHING = hashlib.sha256(text_of(["", "", ""])).hexdigest()
ENDED = {"met", "expired", "cancelled"}
#: Measures that bite no more; what stands keeps its reasons.
GONE = ("lifted", "cancelled")
#: What an entry makes of a suspension.
SUSPENDED = {"ordered": "running", "held": "held", "approved": "running", "rejected": "rejected", "ended": "ended",
             "lifted": "lifted"}  # fmt: skip


class Bad(Exception):
    """An entry that cannot be true: `code` and what is wrong."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


class Story:
    """The state that the entries of one case lead to. `case` and `things` hold expected column values; times are the
    journal's own text."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.case: dict[str, Any] = {}
        self.things: Things = {}

    def tell(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """Go one entry further. Raises Bad on what cannot be, KeyError and TypeError on a body that lacks something."""
        effect = EFFECTS.get(kind)
        if effect is None:
            raise Bad("entry.kind", f"the checker knows no entry of kind {kind}")
        if not self.case and kind != "case.opened":
            raise Bad("entry.order", f"a case begins with case.opened, not with {kind}")
        effect(self, kind, at, actor, body)
        for name in ("unread", "queue"):
            if name in body:
                self.case[name] = body[name]
        if "case_state" in body:
            self._move_case(body["case_state"], at, through_open=kind.startswith("decision."))
        for clock in body.get("clocks", ()):
            self._clock(clock, at)

    def _move_case(self, state: str, at: str, *, through_open: bool) -> None:
        old = self.case.get("state", "")
        if state == old:
            return
        if through_open and old == "closed" and lawful("case", "closed", "open"):
            old = "open"
        if state != old and not lawful("case", old, state):
            raise Bad("state.unlawful", f"case {old or '(none)'} → {state}")
        self.case["state"] = state
        self.case["closed_at"] = at if state == "closed" else None

    def _step(self, thing: str, key: int, state: str) -> dict[str, Any]:
        """The thing's columns after one step of its life."""
        columns = self.things.get((thing, key))
        old = columns["state"] if columns is not None else ""
        if not lawful(thing, old, state):
            raise Bad("state.unlawful", f"{thing} {key}: {old or '(none)'} → {state}")
        if columns is None:
            columns = self.things[thing, key] = {}
        columns["state"] = state
        return columns

    def _thing(self, thing: str, key: int) -> dict[str, Any]:
        try:
            return self.things[thing, key]
        except KeyError:
            raise Bad("entry.unknown_thing", f"{thing} {key} has no beginning in this chain") from None

    def _clock(self, said: dict[str, Any], at: str) -> None:
        known = self.things.get(("clock", said["id"]))
        if known is None or known["state"] != said["state"]:
            columns = self._step("clock", said["id"], said["state"])
            columns["ended_at"] = at if said["state"] in ENDED else None
        else:
            columns = known
        columns |= {"name": said["name"], "regime": said["regime"], "kind": said["kind"], "due_at": said["due"]}
        columns["breached_at"] = said["breached"]

    # What each kind of entry does.

    def opened(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        if self.case:
            raise Bad("entry.order", "a case is opened once")
        self.case = {"report_count": 0, "unread": 0, "outcome": "", "opened_at": at, "first_decision_at": None}
        self.changed(kind, at, actor, body)
        if "regimes" in body:
            self.case["regimes"] = [tuple(r) for r in body["regimes"]]

    def changed(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        for name, column in CASE_COLUMNS.items():
            if name in body:
                self.case[column] = body[name]

    def report(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        self.case["report_count"] += body["form"] not in NOT_REPORTS

    def decision(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        key = body["decision"]
        state = body["state"]
        if state != DECISION_STATES[kind]:
            raise Bad("state.unlawful", f"{kind} leads to {state}")
        known = self.things.get(("decision", key))
        fresh, rested = known is None, known is not None and known["state"] == "resting"
        if fresh != (kind in ("decision.held", "decision.rested") or (kind == "decision.made" and not rested)):
            raise Bad("state.unlawful", f"{kind} on a decision that is {'not there' if fresh else 'there already'}")
        columns = self._step("decision", key, state)
        if fresh:
            columns |= {"made_by": actor, "made_at": at, "settled_by": "", "settled_at": None}
        elif rested:
            # Who made it lets it go out, or takes it back.
            if actor != columns["made_by"]:
                raise Bad("decision.maker", f"{kind} by {actor}; the decision was made by {columns['made_by']}")
        else:
            # Who made it may take it back; only letting it stand needs somebody else.
            if kind == "decision.approved" and (actor == columns["made_by"] or not actor.startswith("person:")):
                raise Bad("decision.second_person", f"{kind} by {actor}; the decision was made by {columns['made_by']}")
            columns |= {"settled_by": actor, "settled_at": at}
        if kind in ("decision.rejected", "decision.taken_back"):
            return
        columns |= {
            name: body[name] for name in ("outcome", "ground", "clause", "policy", "policy_digest", "automated")
        }
        columns |= {"overrides_id": body["overrides"], "plan": [(p["kind"], p["asset"]) for p in body["plan"]]}
        if (body["made_by"], body["made_at"]) != (columns["made_by"], columns["made_at"]):
            raise Bad("decision.maker", f"made by {columns['made_by']} at {columns['made_at']}, says the chain")
        if state == "final":
            self._final(at, body, columns)

    def _final(self, at: str, body: dict[str, Any], columns: dict[str, Any]) -> None:
        self.case["outcome"] = body["outcome"]
        self.case["first_decision_at"] = self.case["first_decision_at"] or at
        for old in body["overridden"]:
            self._step("decision", old, "overridden")
        if "review" in body:
            self._ended(body["review"], "replaced", at)
        for said in body["measures"]:
            if (said["kind"], said["asset"]) not in columns["plan"]:
                raise Bad(
                    "measure.not_planned", f"{said['kind']} on asset {said['asset']} is not in the decision's plan"
                )
            measure = self._step("measure", said["id"], said["state"])
            measure |= {"kind": said["kind"], "asset_id": said["asset"], "decision_id": body["decision"], "attempts": 0}
            measure |= {"ordered_at": at, "applied_at": None, "confirmed_at": None, "lifted_at": None}

    def measure(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        state = body["state"]
        self._thing("measure", body["measure"])
        if kind != f"measure.{state}":
            raise Bad("state.unlawful", f"{kind} leads to {state}")
        columns = self._step("measure", body["measure"], state)
        attempts = columns["attempts"] + (state == "attempted")
        if body["attempts"] != attempts:
            raise Bad(
                "measure.attempts", f"attempt {attempts} of measure {body['measure']} calls itself {body['attempts']}"
            )
        columns["attempts"] = attempts
        if f"{state}_at" in columns:
            columns[f"{state}_at"] = at

    def retried(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        if self._thing("measure", body["measure"])["state"] not in ("failed", "applied"):
            raise Bad("state.unlawful", f"measure {body['measure']} is tried again but had not failed")

    def unconfirmed(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        if self._thing("measure", body["measure"])["state"] != "applied":
            raise Bad("state.unlawful", f"measure {body['measure']} was not applied, so nobody could look for it")

    def notice(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        state = body["state"]
        if kind != f"notice.{state}":
            raise Bad("state.unlawful", f"{kind} leads to {state}")
        fresh = ("notice", body["notice"]) not in self.things
        columns = self._step("notice", body["notice"], state)
        columns |= {"kind": body["kind"], "to_role": body["to_role"]}
        if fresh:
            columns |= {"created_at": at, "sent_at": None, "content": body["content"], "language": body["language"]}
            columns |= {f"{name}_id": body[name] for name in ("report", "decision", "appeal")}
        if state == "sent":
            columns["sent_at"] = at

    def lodged(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        if self._thing("decision", body["decision"])["state"] != "final":
            raise Bad("state.unlawful", f"an appeal against decision {body['decision']}, which is not final")
        columns = self._step("appeal", body["appeal"], body["state"])
        columns |= {"decision_id": body["decision"], "kind": body["kind"], "evidence_id": body["evidence"]}
        columns |= {
            "by_kind": body["by"],
            "lodged_at": at,
            "resolved_by": "",
            "resolved_at": None,
            "replacement_id": None,
        }

    def resolved(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        columns = self._thing("appeal", body["appeal"])
        against = self._thing("decision", columns["decision_id"])
        if actor in (against["made_by"], against["settled_by"]):
            raise Bad("appeal.same_person", f"{actor} resolved the appeal against a decision of their own")
        columns = self._step("appeal", body["appeal"], body["state"])
        columns |= {"resolved_by": actor, "resolved_at": at, "replacement_id": body["replacement"]}
        if body["state"] in ("upheld", "partly_upheld"):
            made = self._thing("decision", body["replacement"])
            if made["overrides_id"] != columns["decision_id"]:
                raise Bad(
                    "appeal.replacement", f"decision {body['replacement']} does not override {columns['decision_id']}"
                )

    def sampled(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """A settled decision was drawn for a second look."""
        made = self._thing("decision", body["decision"])
        if made["state"] not in ("final", "overridden"):
            raise Bad("review.not_settled", f"decision {body['decision']} is {made['state']}")
        if body["draw"] >= body["share"] * 100:
            raise Bad("review.not_drawn", f"drew {body['draw']}, {body['share']} of a hundred are looked at")
        columns = self._step("review", body["review"], "drawn")
        columns |= {"decision_id": body["decision"], "sampled_at": at, "reviewer": "", "done_at": None, "agreed": None}
        columns |= {name: body[name] for name in ("category", "automated", "draw", "share")}
        columns |= {"reason": "", "read_at": None, "reopened_by": "", "ended_at": None}

    def reviewed(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """Somebody who had no part in the decision said whether they would have decided the same."""
        self._thing("review", body["review"])
        columns = self._step("review", body["review"], "done")
        made = self._thing("decision", columns["decision_id"])
        if actor in (made["made_by"], made["settled_by"]) or not actor.startswith("person:"):
            raise Bad("review.same_person", f"{actor} reviewed a decision of {made['made_by']}")
        columns |= {"reviewer": actor, "done_at": at, "agreed": body["agreed"], "reason": body["reason"]}

    def review_read(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """Who decided has read what the reviewer said."""
        self._thing("review", body["review"])["read_at"] = at

    def reopened(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """A decision that a reviewer would not have made is looked at again; only another decision replaces it."""
        columns = self._thing("review", body["review"])
        if columns["agreed"] is not False:
            raise Bad("review.agreed", f"review {body['review']} did not disagree")
        self._step("review", body["review"], "reopened")["reopened_by"] = actor

    def stood(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        self._ended(body["review"], "stood", at)

    def _ended(self, number: int, state: str, at: str) -> None:
        self._thing("review", number)
        self._step("review", number, state)["ended_at"] = at

    def confirmed(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """A person says what the facts leave open; a regime that is confirmed stands in the case's list from then on."""
        if not actor.startswith("person:"):
            raise Bad("case.confirmed", f"only a person confirms, not {actor}")
        if "regimes" in body:
            self.case["regimes"] = [tuple(r) for r in body["regimes"]]

    def recorded(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """What the desk cannot see for itself, a person says."""
        if not actor.startswith("person:"):
            raise Bad("event.person", f"only a person records what happened, not {actor}")

    def forgotten(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """Letters were emptied: who they went to and what they said is gone, that they went is not."""
        for number in body["notices"]:
            columns = self._thing("notice", number)
            if columns["state"] in ("queued", "withheld"):
                raise Bad("notice.unsent", f"notice {number} was erased before it went")
            columns["content"] = NOTHING
        stands = {c["decision_id"] for (t, _), c in self.things.items() if t == "measure" and c["state"] not in GONE}
        for number in body.get("decisions", ()):
            if self._thing("decision", number)["state"] in ("held", "resting") or number in stands:
                raise Bad("decision.stands", f"the words of decision {number} were erased while it stands")

    def put_back(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """A counter-notice had its effect: its clock ran to its first day, and nobody had shown a court action."""
        columns = self._step("appeal", body["appeal"], "put_back")
        columns |= {"resolved_by": actor, "resolved_at": at}
        if columns["kind"] != "counter_notice":
            raise Bad("putback.kind", f"appeal {body['appeal']} is no counter-notice")
        if at < body["not_before"]:
            raise Bad("putback.early", f"ordered at {at}, not before {body['not_before']}")

    def suspension(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """A sender is suspended, by a person; it ends by itself no sooner than its last moment."""
        key, verb = body["suspension"], kind.partition(".")[2]
        if verb in ("contested", "answered"):
            self._contest(verb, at, actor, body, self._thing("suspension", key))
            return
        if body["state"] != SUSPENDED[verb] or (("suspension", key) in self.things) == (verb in ("ordered", "held")):
            raise Bad("state.unlawful", f"{kind} leads to {body['state']}")
        columns = self._step("suspension", key, body["state"])
        if verb in ("ordered", "held"):
            columns |= {"made_by": actor, "made_at": at, "settled_by": "", "settled_at": None, "began_at": None}
            columns |= {"ended_by": "", "ended_at": None, "until": None, "contest_state": "", "contested_at": None}
            columns |= {"answered_by": "", "answered_at": None, "warning_id": body["warning"]}
            columns |= {name: body[name] for name in ("who", "days", "grounds", "policy", "policy_digest")}
        if verb in ("approved", "rejected"):
            columns |= {"settled_by": actor, "settled_at": at}
        if verb != "ended" and not actor.startswith("person:"):
            raise Bad("suspension.person", f"{kind} by {actor}: only a person does that")
        if verb == "approved" and actor == columns["made_by"]:
            raise Bad("suspension.second_person", f"{kind} by {actor}, who ordered it")
        if body["state"] == "running":
            columns |= {"began_at": at, "until": body["until"]}
        if verb in ("ended", "lifted"):
            columns |= {"ended_at": at, "ended_by": actor}
            if verb == "ended" and at < columns["until"]:
                raise Bad("suspension.early", f"ended by itself at {at}, before {columns['until']}")

    def _contest(self, verb: str, at: str, actor: str, body: dict[str, Any], columns: dict[str, Any]) -> None:
        if verb == "contested":
            if columns["contest_state"]:
                raise Bad("state.unlawful", f"suspension {body['suspension']} is contested twice")
            columns |= {"contest_state": "lodged", "contested_at": at}
            return
        if columns["contest_state"] != "lodged" or body["contest_state"] not in ("upheld", "dismissed"):
            raise Bad("state.unlawful", f"suspension {body['suspension']} has no objection that could be answered so")
        if actor in (columns["made_by"], columns["settled_by"]) or not actor.startswith("person:"):
            raise Bad("suspension.same_person", f"{actor} answered an objection to a suspension of their own")
        columns |= {"contest_state": body["contest_state"], "answered_by": actor, "answered_at": at}
        if body["state"] != columns["state"]:
            self._step("suspension", body["suspension"], body["state"])
            columns |= {"ended_at": at, "ended_by": actor}

    def noted(self, kind: str, at: str, actor: str, body: dict[str, Any]) -> None:
        """Changes no more than what every entry may (unread, case_state, clocks)."""


Effect = Callable[[Story, str, str, str, dict[str, Any]], None]
#: Every kind of entry that a case's chain may hold.
EFFECTS: dict[str, Effect] = {
    "case.opened": Story.opened,
    "case.enriched": Story.noted,
    "case.assigned": Story.changed,
    "case.read": Story.noted,
    "case.sealed": Story.noted,
    "case.unsealed": Story.noted,
    "case.noted": Story.noted,
    "note.withdrawn": Story.noted,
    "case.snoozed": Story.noted,
    "case.woken": Story.noted,
    "report.received": Story.report,
    "report.joined": Story.report,
    "report.reread": Story.noted,
    "report.authenticated": Story.noted,
    "submission.queued": Story.noted,
    "submission.put_off": Story.noted,
    "submission.sent": Story.noted,
    "submission.refused": Story.noted,
    "submission.left_out": Story.noted,
    "report.withdrawn": Story.noted,
    **dict.fromkeys(DECISION_STATES, Story.decision),
    **{f"measure.{s}": Story.measure for s in ("attempted", "applied", "confirmed", "failed")},
    **{f"measure.{s}": Story.measure for s in ("lifting", "lifted", "cancelled")},
    "measure.retried": Story.retried,
    "measure.unconfirmed": Story.unconfirmed,
    **{f"notice.{s}": Story.notice for s in ("queued", "sent", "failed", "withheld", "bounced")},
    "notice.not_possible": Story.noted,
    "appeal.lodged": Story.lodged,
    "appeal.resolved": Story.resolved,
    "review.sampled": Story.sampled,
    "review.done": Story.reviewed,
    "review.read": Story.review_read,
    "review.reopened": Story.reopened,
    "review.stood": Story.stood,
    "answer.received": Story.noted,
    "survey.answered": Story.noted,
    "clock.breached": Story.noted,
    "clock.expired": Story.noted,
    "clock.extended": Story.noted,
    "words.erased": Story.forgotten,
    "event.recorded": Story.recorded,
    "event.withdrawn": Story.recorded,
    "clock.recomputed": Story.noted,
    "case.confirmed": Story.confirmed,
    "notice.judged": Story.noted,
    "counter_notice.judged": Story.noted,
    "court_action.accepted": Story.noted,
    "court_action.ended": Story.noted,
    "putback.ordered": Story.put_back,
    "case.resumed": Story.noted,
    **{f"suspension.{verb}": Story.suspension for verb in (*SUSPENDED, "contested", "answered")},
    "evidence.erased": Story.noted,
    "evidence.erasure_confirmed": Story.noted,
}

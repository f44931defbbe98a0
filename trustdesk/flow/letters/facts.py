"""What a letter may say: plain values, all of them as they are in the case. Making them safe is `compose`'s work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class LetterMeasure:
    """One measure as its subject should understand it.

    `title` is shown where the letters have no word of their own for `kind`. `target` is a canonical value (URL, domain,
    address, account). `scope` holds ISO 3166-1 alpha-2 codes of the countries where it applies; empty is everywhere.
    `until` None means that it lasts until it is lifted.
    """

    kind: str
    title: str = ""
    target: str = ""
    scope: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """Everything that some letter says. A letter uses what it needs; what is empty is left out.

    Times are aware. Free texts (`reasons`, `claim`, `claim_quote`, `question`, `counter_notice`, `appeal_reasons`, `weighed`),
    names and targets may come from anybody and are defanged. `law`, `clause_*`, `contact`, `address`, `out_of_court`,
    `where_to_turn` and `link` are the operator's own: their addresses stay as they are.
    """

    # who writes
    provider: str
    legal_name: str = ""
    address: str = ""  # mail address of the desk
    contact: str = ""  # URL of the provider's contact page
    # to whom
    recipient: Literal["reporter", "customer"] = "reporter"
    recipient_name: str = ""
    link: str = ""  # the recipient's private page (flow.links)
    survey: str = ""  # where they say whether we dealt with it well (flow.survey); empty: not asked
    # about what
    case_code: str = ""
    report_code: str = ""
    received_at: datetime | None = None  # of the report
    category: str = ""  # core.types.Category
    targets: tuple[str, ...] = ()
    not_ours: tuple[str, ...] = ()
    claim: str = ""  # what is claimed, in our words; else the sentence of `words.toml` for the category
    claim_quote: str = ""  # what the report says, as far as the customer may read it
    reporter_name: str = ""  # only where it may be told
    origin: Literal["notice", "own_initiative", "order"] = "notice"
    # what was decided
    outcome: str = ""  # core.deciding.OUTCOMES
    ground: str = ""  # law | policy | none
    law: str = ""
    clause_id: str = ""
    clause_title: str = ""
    clause_text: str = ""
    reasons: str = ""
    automated: bool = False
    detection_automated: bool = False
    measures: tuple[LetterMeasure, ...] = ()  # taken; in `restored` those that are lifted
    decided_at: datetime | None = None
    duplicate_of: str = ""  # code of the case that already covers it
    where_to_turn: tuple[str, ...] = ()  # one line each: who can help, how to reach them
    # what the recipient can do
    question: str = ""
    missing: tuple[str, ...] = ()  # `us-dmca-512c.el.signature: title of it`, or a sentence of one's own
    answer_by: datetime | None = None
    expected_by: datetime | None = None  # when we mean to have the next word
    appeal_until: datetime | None = None
    out_of_court: str = ""
    counter_notice_elements: tuple[str, ...] = ()  # as `missing`: what a counter-notice needs, where the law has one
    # appeals
    appeal_received_at: datetime | None = None
    appeal_outcome: str = ""  # upheld | partly_upheld | dismissed; of a suspension also lifted
    appeal_decided_at: datetime | None = None
    appeal_reasons: str = ""
    lifted: tuple[LetterMeasure, ...] = ()  # because of the appeal
    counter_notice: str = ""
    restore_after: datetime | None = None
    restore_by: datetime | None = None
    # strikes
    strikes: int = 0
    strike_limit: int = 0
    strike_expires_at: datetime | None = None
    consequence: str = ""  # kind of the measure that follows at the limit, or a sentence
    # misuse of reports and complaints: the suspension of who sent them
    warned_at: datetime | None = None
    waits_from: datetime | None = None
    waits_until: datetime | None = None  # also in an acknowledgement, where what it is about waits
    weighed: tuple[tuple[str, str], ...] = ()  # circumstance (core.policies.CIRCUMSTANCES), what was found of it

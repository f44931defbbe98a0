"""What each kind of letter has to say before it may go out.

Statements of reasons follow Article 17(3)(a)-(f) of Regulation (EU) 2022/2065 (DSA) for every customer, wherever they
are: it is the most complete catalogue, and a reason that is good enough there is good enough elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trustdesk.core.types import Finding


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a letter must say. `unless` names a part whose text makes this one unnecessary (either … or)."""

    id: str
    title: str
    source: str
    unless: str = ""
    choices: tuple[str, ...] = ()


def _parts(*parts: Part) -> tuple[Part, ...]:
    return parts


_HOUSE = "house rule"
_REFERENCE = Part("reference", "our reference of the case", _HOUSE)

#: Kind of letter → the parts it must contain.
LETTERS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "acknowledgement": _parts(
            _REFERENCE, Part("received_at", "when the report reached us", "DSA Art. 16(4); RAA 3.18.4")
        ),
        "outcome": _parts(
            _REFERENCE,
            Part("outcome", "what was decided", "DSA Art. 16(5)"),
            Part("automation", "whether automated means were used", "DSA Art. 16(6)"),
            Part("redress", "how the decision can be challenged", "DSA Art. 16(5)"),
        ),
        "statement_of_reasons": _parts(
            _REFERENCE,
            Part("measure", "the restriction", "DSA Art. 17(3)(a)"),
            Part("scope", "where it applies (territory)", "DSA Art. 17(3)(a)"),
            Part("duration", "how long it lasts", "DSA Art. 17(3)(a)"),
            Part("facts", "the facts and circumstances relied on", "DSA Art. 17(3)(b)"),
            Part("origin", "whether a notice or own investigation led to it", "DSA Art. 17(3)(b)"),
            Part("automation", "whether automated means were used to find or to decide", "DSA Art. 17(3)(c)"),
            Part("legal_ground", "the law, and why it is illegal", "DSA Art. 17(3)(d)", unless="contract_ground"),
            Part("contract_ground", "the clause, and why it is broken", "DSA Art. 17(3)(e)", unless="legal_ground"),
            Part("redress", "the ways to have it reviewed", "DSA Art. 17(3)(f)"),
        ),
        "forward": _parts(
            _REFERENCE,
            Part("claim", "what was reported", _HOUSE),
            Part("answer_by", "by when an answer helps", _HOUSE),
            Part("answer_link", "where to answer", _HOUSE),
        ),
        "ask": _parts(
            _REFERENCE,
            Part("question", "what we ask", _HOUSE),
            Part("answer_by", "by when an answer helps", _HOUSE),
            Part("answer_link", "where to answer", _HOUSE),
        ),
        "missing_elements": _parts(
            _REFERENCE,
            Part("missing", "what the notice lacks", "17 USC 512(c)(3)(B)(ii)"),
            Part("how", "how to complete it", _HOUSE),
        ),
        "not_ours": _parts(
            _REFERENCE, Part("outcome", "that it is not ours", _HOUSE), Part("where_to_turn", "who can help", _HOUSE)
        ),
        "counter_notice_copy": _parts(
            _REFERENCE,
            Part("counter_notice", "the counter-notice in full", "17 USC 512(g)(2)(B)"),
            Part("restore_after", "when access comes back unless an action is filed", "17 USC 512(g)(2)(B)-(C)"),
        ),
        "restored": _parts(_REFERENCE, Part("measure", "what was lifted", _HOUSE), Part("reasons", "why", _HOUSE)),
        "appeal_received": _parts(_REFERENCE, Part("received_at", "when the appeal reached us", _HOUSE)),
        "appeal_outcome": _parts(
            _REFERENCE,
            Part("outcome", "what was decided on the appeal", "DSA Art. 20(5)"),
            Part("reasons", "why", "DSA Art. 20(5)"),
            Part("redress", "out-of-court settlement and courts", "DSA Art. 20(5)"),
        ),
        "strike_warning": _parts(
            _REFERENCE,
            Part("facts", "what is counted", "DSA Art. 23(3)"),
            Part("consequence", "what follows, and for how long", "DSA Art. 23(1), (3)"),
            Part("redress", "how to object", "DSA Art. 23(3)"),
        ),
        "misuse_warning": _parts(
            _REFERENCE,
            Part("facts", "what is counted", "DSA Art. 23(3)"),
            Part("consequence", "what may follow", "DSA Art. 23(2)"),
            Part("redress", "how to object", "DSA Art. 23(3)"),
        ),
        "suspension": _parts(
            _REFERENCE,
            Part("consequence", "what waits and what does not", "DSA Art. 23(2)"),
            Part("until", "the last day", "DSA Art. 23(2)"),
            Part("facts", "what it rests on, and the warning before", "DSA Art. 23(2)-(3)"),
            Part("reasons", "why", "DSA Art. 23(3)"),
            Part("weighed", "which circumstances were weighed", "DSA Art. 23(3)"),
            Part("redress", "how to object", _HOUSE),
        ),
        "suspension_answer": _parts(
            _REFERENCE,
            Part("outcome", "what was decided on the suspension", _HOUSE),
            Part("reasons", "why", _HOUSE),
            Part("redress", "out-of-court settlement and courts", _HOUSE),
        ),
        "filing": _parts(_REFERENCE, Part("facts", "what is filed", _HOUSE)),
    }
)

#: Kind of letter → parts that it may say: other code asks whether it did, and nothing is lacking without them.
MAY_SAY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"acknowledgement": ("waits",), "appeal_received": ("waits",)}
)


def missing_parts(kind: str, parts: Mapping[str, str]) -> tuple[Finding, ...]:
    """What a letter of that kind still lacks; empty when it may go out.

    `parts` maps the id of a part to its text; blank is missing. An unknown kind is a finding too.
    """
    required = LETTERS.get(kind)
    if required is None:
        return (Finding("notice.unknown_kind", f"There is no letter of kind {kind!r}.", kind),)
    filled = {name for name, text in parts.items() if text and text.strip()}
    return tuple(
        Finding("notice.part_missing", f"The letter must say {part.title} ({part.source}).", part.id)
        for part in required
        if part.id not in filled and (not part.unless or part.unless not in filled)
    )

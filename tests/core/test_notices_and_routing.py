"""Letters have all their parts; cases go to the right queue in the right order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trustdesk.core.notices import LETTERS, missing_parts
from trustdesk.core.routing import priority, queue
from trustdesk.rules import Rulebook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", sorted(LETTERS))
def test_every_part_is_needed(kind: str) -> None:
    full = {part.id: "text" for part in LETTERS[kind]}
    assert missing_parts(kind, full) == ()
    for part in LETTERS[kind]:
        less = {name: text for name, text in full.items() if name not in (part.id, part.unless)}
        assert part.id in {f.field for f in missing_parts(kind, less)}, part.id
        assert part.id in {f.field for f in missing_parts(kind, {**less, part.id: " \n"})}


def test_a_statement_of_reasons_needs_one_ground_not_both() -> None:
    parts = {part.id: "text" for part in LETTERS["statement_of_reasons"]}
    del parts["legal_ground"]
    assert missing_parts("statement_of_reasons", parts) == ()
    del parts["contract_ground"]
    assert {f.field for f in missing_parts("statement_of_reasons", parts)} == {"legal_ground", "contract_ground"}


def test_the_statement_covers_article_17_3_a_to_f() -> None:
    cited = " ".join(part.source for part in LETTERS["statement_of_reasons"])
    for letter in "abcdef":
        assert f"17(3)({letter})" in cited


def test_an_unknown_letter_is_not_sent() -> None:
    assert missing_parts("postcard", {})[0].code == "notice.unknown_kind"


def test_the_form_beats_the_category(book: Rulebook) -> None:
    policy = book.policies["example-host"]
    assert queue(policy, "phishing", "notice") == "security"
    assert queue(policy, "phishing", "order") == "legal"
    assert queue(policy, "", "unparsed") == "general"


def test_priority_is_bounded_and_grows() -> None:
    assert priority(1, 0, None, NOW) == 0
    assert priority(5, 5, NOW - timedelta(days=3), NOW) == 1000
    assert priority(99, 99, NOW, NOW) == 1000 and priority(-1, -1, None, NOW) == 0
    hours = [priority(3, 2, NOW + timedelta(hours=h), NOW) for h in (336, 200, 48, 24, 4, 1, 0)]
    assert hours == sorted(hours) and hours[0] < hours[-1]
    assert priority(4, 2, None, NOW) > priority(3, 2, None, NOW) > priority(3, 1, None, NOW)
    # A danger to people that is due now comes before anything that is merely due now.
    assert priority(5, 5, None, NOW) > priority(1, 0, NOW, NOW)

"""The lives of things: what the tables allow, what they refuse, and that they hang together."""

from __future__ import annotations

import pytest

from trustdesk.core.states import FIRST, LIVES, allowed, check
from trustdesk.core.types import Refused


def test_every_state_can_be_reached_and_is_known() -> None:
    for kind, life in LIVES.items():
        reached = set(FIRST[kind])
        while True:
            more = reached | {new for old in reached for new in life[old]}
            if more == reached:
                break
            reached = more
        assert reached == set(life), kind


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("case", "closed", "open"),
        ("measure", "failed", "attempted"),
        ("measure", "applied", "lifting"),
        ("decision", "final", "overridden"),
        ("clock", "breached", "met"),
        ("notice", "", "queued"),
    ],
)
def test_allowed(kind: str, old: str, new: str) -> None:
    check(kind, old, new)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("case", "new", "closed"),
        ("measure", "ordered", "applied"),
        ("measure", "lifted", "applied"),
        ("decision", "rejected", "final"),
        ("appeal", "dismissed", "upheld"),
        ("clock", "met", "running"),
        ("notice", "sent", "queued"),
        ("case", "", "open"),
    ],
)
def test_refused(kind: str, old: str, new: str) -> None:
    with pytest.raises(Refused) as error:
        check(kind, old, new)
    assert error.value.findings[0].code == "state.not_allowed"


def test_an_unknown_kind_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(KeyError):
        allowed("ticket", "open")

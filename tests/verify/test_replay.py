"""What the checker knows is what the writers do: kinds of entries, tables, lives; and what it refuses to believe."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

import trustdesk.flow
from trustdesk.core import states
from trustdesk.verify import lives, rows, types
from trustdesk.verify.replay import EFFECTS, Bad, Story

FLOW = Path(trustdesk.flow.__file__).parent
#: What stands for the moving part of a kind that a function is given.
FILLED = {
    "measure.{}": states.LIVES["measure"].keys() - {"ordered"},
    "notice.{}": states.LIVES["notice"].keys() - {"queued"},
}
AT = "2026-11-18T09:00:00.000000Z"


def written_kinds() -> Iterator[str]:
    """Kinds of entries on the chains of cases, read from the source of the writers."""
    for path in FLOW.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in ("record", "Draft", "Change") or len(node.args) < 2:
                continue
            case, kind = node.args[:2]
            if isinstance(case, ast.Constant):  # None: the desk's own chain
                continue
            if isinstance(kind, ast.Constant):
                yield kind.value
            elif isinstance(kind, ast.JoinedStr):
                form = "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in kind.values)  # type: ignore[misc]
                yield from (form.format(state) for state in FILLED[form])


def test_every_kind_that_is_written_is_understood() -> None:
    kinds = set(written_kinds())
    assert len(kinds) > 20
    assert kinds - EFFECTS.keys() == set()


def test_the_tables_of_lives_agree() -> None:
    """Two tables, written apart; this is the one place where they meet."""
    for thing, (first, steps) in lives.LIVES.items():
        theirs = {(old, new) for old, follows in states.LIVES[thing].items() for new in follows}
        assert first == states.FIRST[thing], thing
        assert {step for step in steps if step[0] != step[1]} == theirs, thing


def test_every_table_is_checked_or_said_not_to_be() -> None:
    names = {m._meta.model_name for m in apps.get_app_config("trustdesk").get_models()}
    in_sets = {model._meta.model_name for model, _, _ in rows.SETS.values()}
    assert names == set(rows.tables()) | in_sets | set(rows.UNNAMED)
    assert set(rows.UNNAMED) >= types.UNCHECKED


def opened() -> Story:
    story = Story(1)
    body = {"case_state": "new", "category": "phishing", "form": "notice", "queue": "q", "severity": 4}
    body |= {"subject": 1, "asset": 1, "regimes": [], "clocks": []}
    story.tell("case.opened", AT, "system", body)
    story.tell("case.enriched", AT, "system", {"case_state": "open"})
    return story


def decision(
    state: str = "final", *, key: int = 1, by: str = "person:1", overrides: int | None = None
) -> dict[str, object]:
    body = {
        "decision": key,
        "state": state,
        "outcome": "measures",
        "ground": "policy",
        "clause": "2.1",
        "policy": "p@1",
    }
    body |= {"policy_digest": "d", "automated": False, "made_by": by, "made_at": AT, "overrides": overrides}
    body |= {"plan": [{"kind": "site_disable", "asset": 1}], "overridden": [overrides] if overrides else []}
    body |= {"measures": [{"id": key, "kind": "site_disable", "asset": 1, "state": "ordered"}]}
    return body | {"case_state": "held" if state == "held" else "enforcing"}


def refused(story: Story, kind: str, actor: str, body: dict[str, object]) -> str:
    with pytest.raises(Bad) as no:
        story.tell(kind, AT, actor, body)
    return no.value.code


def test_believed() -> None:
    story = opened()
    story.tell("decision.made", AT, "person:1", decision())
    story.tell("measure.attempted", AT, "plugin:x", {"measure": 1, "state": "attempted", "attempts": 1})
    assert story.case["state"] == "enforcing"
    assert story.things["measure", 1]["state"] == "attempted"
    assert story.things["decision", 1]["made_by"] == "person:1"


@pytest.mark.parametrize(
    ("kind", "actor", "body", "code"),
    [
        ("case.opened", "system", {"case_state": "new"}, "entry.order"),
        ("case.invented", "system", {}, "entry.kind"),
        ("case.enriched", "system", {"case_state": "new"}, "state.unlawful"),
        ("measure.applied", "plugin:x", {"measure": 1, "state": "applied", "attempts": 1}, "entry.unknown_thing"),
        ("decision.approved", "person:2", decision(), "state.unlawful"),
        ("decision.made", "person:1", decision("held"), "state.unlawful"),
        ("decision.made", "person:2", decision(), "decision.maker"),
        ("appeal.resolved", "person:2", {"appeal": 1, "state": "upheld", "replacement": 1}, "entry.unknown_thing"),
        ("clock.breached", "system", {"clocks": [{"id": 1, "state": "breached"}]}, "state.unlawful"),
    ],
)
def test_not_believed(kind: str, actor: str, body: dict[str, object], code: str) -> None:
    assert refused(opened(), kind, actor, body) == code


@pytest.mark.parametrize("second", ["person:1", "system", "customer:1"])
def test_a_second_person_is_another_person(second: str) -> None:
    story = opened()
    story.tell("decision.held", AT, "person:1", decision("held"))
    assert refused(story, "decision.approved", second, decision()) == "decision.second_person"


def test_nobody_judges_the_appeal_against_their_own_decision() -> None:
    story = opened()
    story.tell("decision.held", AT, "person:1", decision("held"))
    story.tell("decision.approved", AT, "person:2", decision())
    lodged = {"appeal": 1, "decision": 1, "kind": "appeal", "evidence": "e", "by": "customer", "state": "lodged"}
    story.tell("appeal.lodged", AT, "customer:1", lodged)
    for own in ("person:1", "person:2"):
        body: dict[str, object] = {"appeal": 1, "decision": 1, "state": "dismissed", "replacement": None}
        assert refused(story, "appeal.resolved", own, body) == "appeal.same_person"


def test_measures_follow_the_plan_and_count_their_attempts() -> None:
    story = opened()
    wrong = decision() | {"plan": []}
    assert refused(story, "decision.made", "person:1", wrong) == "measure.not_planned"
    story = opened()
    story.tell("decision.made", AT, "person:1", decision())
    body: dict[str, object] = {"measure": 1, "state": "attempted", "attempts": 2}
    assert refused(story, "measure.attempted", "plugin:x", body) == "measure.attempts"

"""The house policy as data, and what a new version would have changed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trustdesk.core.deciding import CaseFacts, Draft
from trustdesk.core.policies import Policy, parse_policy
from trustdesk.core.policy_diff import Change, Decided, Difference, changes, replay
from trustdesk.core.strict import BadRules
from trustdesk.rules import Rulebook

SOURCE = Path(__file__).resolve().parents[2] / "rulebook/policies/example-host/policy.toml"
TEXT = SOURCE.read_text(encoding="utf-8")


@pytest.fixture
def old() -> Policy:
    return parse_policy(tomllib.loads(TEXT), file="old")


def edited(*edits: tuple[str, str]) -> Policy:
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after, 1)
    return parse_policy(tomllib.loads(text), file="new")


def decided(
    ident: str, category: str, clause: str, measure: tuple[str, str], *, reasons: int = 60, automated: bool = False
) -> Decided:
    draft = Draft(
        "measures",
        "policy",
        clause,
        reasons="x" * reasons,
        measures=((measure[0], "a1", measure[1]),),
        automated=automated,
    )
    return Decided(ident, CaseFacts(category, "notice", provider_role="hosting"), draft, "person:ana")


def test_ladder_clauses_and_measures(book: Rulebook) -> None:
    policy = book.policies["example-host"]
    rungs = [policy.measure(kind) for kind in policy.ladder]
    assert [r.rung for r in rungs if r] == sorted(r.rung for r in rungs if r)
    assert policy.severity("phishing") == 4 and policy.severity("nothing") == 1
    assert [c.id for c in policy.clauses_for("phishing")] == ["2.1"]
    assert "domain_hold" not in {m.kind for m in policy.measures_for("hosting", "domain")}
    assert "domain_hold" in {m.kind for m in policy.measures_for("registrar", "domain")}


@pytest.mark.parametrize("name", ["example-host", "example-cdn", "example-registrar"])
def test_every_category_has_a_clause_and_a_queue(book: Rulebook, name: str) -> None:
    policy = book.policies[name]
    for info in book.taxonomy.categories:
        assert policy.clauses_for(info.id), info.id
        assert policy.queues.get(info.id) or info.id in (
            "other",
            "vulnerable_service",
            "network_attack",
            "illegal_goods",
        )
    for clause in policy.clauses:
        assert clause.measures and clause.examples and len(clause.text) > 60


def test_two_equal_versions_differ_in_nothing(old: Policy) -> None:
    assert changes(old, edited()) == ()
    assert replay(old, edited(), [decided("1", "phishing", "2.1", ("path_block", "url"))]) == ()


def test_changes_are_named_one_by_one(old: Policy) -> None:
    new = edited(
        ("min_reasons = 40", "min_reasons = 80"),
        ('id = "2.3"', 'id = "2.9"'),
        ("limit = 3", "limit = 4"),
        ('fraud = ["fraud", "illegal_goods"]', 'fraud = ["fraud"]'),
    )
    found = changes(old, new)
    assert Change("changed", "min reasons", "40", "80") in found
    assert Change("changed", "strikes limit", "3", "4") in found
    assert {(c.kind, c.where) for c in found} >= {
        ("removed", "clause 2.3"),
        ("added", "clause 2.9"),
        ("removed", "queue of illegal_goods"),
    }


def test_replay_names_the_decisions_that_would_have_come_out_differently(old: Policy) -> None:
    cases = [
        decided("short", "phishing", "2.1", ("path_block", "url"), reasons=60),
        decided("long", "phishing", "2.1", ("path_block", "url"), reasons=200),
        decided("site", "phishing", "2.1", ("site_disable", "site"), reasons=200),
    ]
    new = edited(("min_reasons = 40", "min_reasons = 100"))
    assert replay(old, new, cases) == (Difference("short", "allowed", "allowed", "refused: decision.reasons_short"),)
    stricter = edited(("rung = 4\n", "rung = 4\nsevere = true\n"))
    (difference,) = replay(old, stricter, cases)
    assert (difference.id, difference.what, difference.old) == ("site", "second person", "not needed")
    rerouted = edited(
        ('security = ["phishing", ', "security = ["), ('fraud = ["fraud"', 'fraud = ["phishing", "fraud"')
    )
    assert {d.new for d in replay(old, rerouted, cases)} == {"fraud"}


def test_a_decided_case_is_read_from_json() -> None:
    item = Decided.read(
        {"id": "7", "category": "phishing", "role": "hosting", "outcome": "measures", "ground": "policy", "clause": "2.1",
         "reasons_length": 50, "measures": [["path_block", "a1", "url", "hosting"]], "maker": "person:ana"}
    )  # fmt: skip
    assert item.draft.wishes[0].kind == "path_block" and len(item.draft.reasons) == 50
    with pytest.raises(KeyError):
        Decided.read({"id": "7"})


@pytest.mark.parametrize("name", ["example-host", "example-cdn"])
def test_the_written_policy_on_repeat_infringers_says_what_is_done(book: Rulebook, name: str) -> None:
    """17 USC 512(i)(1)(A) wants a policy that subscribers are told of: its numbers are those that the desk counts by."""
    strikes = book.policies[name].strikes
    text = (book.root / "policies" / name / "texts" / "repeat-infringers.md").read_text(encoding="utf-8")
    assert f"At **{strikes.warn_at}** strikes we warn" in text
    assert (
        f"At **{strikes.limit}** strikes" in text
        and strikes.measure == "account_suspend"
        and "suspend the account" in text
    )
    assert f"after **{strikes.expire_days} days**" in text
    for category in strikes.categories:
        assert {"spam": "unsolicited bulk messages"}.get(category, category) in text


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("people = 5\n", "people = 101\n", "review.people"),
        ("people = 5\n", "everybody = 5\n", "review.everybody"),
        ("copyright = 10\n", "copyrights = 10\n", "review.categories.copyrights"),
        ("copyright = 10\n", 'copyright = "ten"\n', "review.categories.copyright"),
        ("copyright = 10\n", "copyright = 10\n\n[review.deciders]\nana = 50\n", "review.deciders.ana"),
        ('at_once = ["child_safety"', 'at_once = ["children"', "windows.at_once"),
    ],
)
def test_a_share_of_second_looks_or_a_word_that_cannot_be_is_refused(before: str, after: str, where: str) -> None:
    with pytest.raises(BadRules) as bad:
        edited((before, after))
    assert where in {finding.field for finding in bad.value.findings}


def test_a_new_share_of_second_looks_is_named(old: Policy) -> None:
    new = edited(("people = 5\n", "people = 8\n"), ("copyright = 10\n", "copyright = 12\n"))
    named = {change.where: (change.old, change.new) for change in changes(old, new)}
    assert named == {
        "reviews people": ("5", "8"),
        "reviews categories": ("child_safety 50, copyright 10", "child_safety 50, copyright 12"),
    }

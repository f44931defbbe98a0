"""Texts of the rulebook in several languages: strict, the old form still good, differences seen."""

from __future__ import annotations

import copy
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from trustdesk.core.policies import parse_policy
from trustdesk.core.policy_diff import changes
from trustdesk.core.said import Said, said
from trustdesk.core.strict import BadRules
from trustdesk.rules import Rulebook

TITLE = Said("Spam", {"es": "Correo basura"})


def test_a_text_is_said_in_the_reader_s_language_or_in_english() -> None:
    assert said(TITLE, "es") == said(TITLE, "es-MX") == said(TITLE, "ES_ar") == "Correo basura"
    assert said(TITLE, "en") == said(TITLE, "fr") == said(TITLE, "") == f"{TITLE}" == "Spam"
    assert said("plain", "es") == "plain"
    assert Said("Spam", {"es": "x"}) != TITLE and copy.deepcopy(TITLE) == TITLE and TITLE == "Spam"


def test_the_example_policies_speak_spanish(book: Rulebook) -> None:
    for policy in book.policies.values():
        texts = [policy.title, *(m.title for m in policy.measures)]
        texts += [text for c in policy.clauses for text in (c.title, c.text, *c.examples)]
        assert len(texts) > 20
        for text in texts:
            assert said(text, "es") != str(text), text
            assert str(text).isascii() or "’" in str(text), "English stands where English belongs"


def test_every_regime_has_a_spanish_title(book: Rulebook) -> None:
    for regime in book.regimes.values():
        assert said(regime.title, "es") != str(regime.title), regime.id


def clause(book: Rulebook, **about: Any) -> Any:
    document = tomllib.loads(book.texts[book.policies["example-host"].digest][2])
    document["clause"][0] |= about
    return parse_policy(document, file="policy.toml").clauses[0]


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"title": {"es": "Sin inglés"}}, "rule.missing"),
        ({"title": {"en": "x", "es": " "}}, "rule.missing"),
        ({"title": ""}, "rule.missing"),
        ({"title": {"en": "x", "spanish": "y"}}, "rule.language"),
        ({"title": {"en": "x", "es": 4}}, "rule.type"),
        ({"title": 4}, "rule.type"),
        ({"text": ["x"]}, "rule.type"),
        ({"examples": "x"}, "rule.type"),
        ({"examples": {"en": ["x"], "es": ["x", "y"]}}, "rule.value"),
        ({"examples": {"en": ["x"], "es": [" "]}}, "rule.type"),
        ({"examples": {"es": ["x"]}}, "rule.missing"),
    ],
)
def test_what_is_not_a_text_in_languages_is_refused(book: Rulebook, about: dict[str, Any], code: str) -> None:
    with pytest.raises(BadRules) as bad:
        clause(book, **about)
    assert [f.code for f in bad.value.findings] == [code]


def test_the_old_form_is_still_good(book: Rulebook) -> None:
    made = clause(book, title="Plain", text="Only English.", examples=["One."])
    assert (made.title, said(made.text, "es"), made.examples) == ("Plain", "Only English.", ("One.",))


def test_a_changed_translation_is_a_change(book: Rulebook) -> None:
    old = book.policies["example-host"]
    first = replace(old.clauses[0], title=Said(str(old.clauses[0].title), {"es": "Otra cosa"}))
    found = changes(old, replace(old, clauses=(first, *old.clauses[1:])))
    assert [c.where for c in found] == [f"clause {first.id} title"]
    assert "Otra cosa" in found[0].new and "credenciales" in found[0].old

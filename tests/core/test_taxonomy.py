"""Categories and what others call them; the documentation shows what is true."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from trustdesk.cli import main
from trustdesk.core.cases_format import WORDS, parse_cases
from trustdesk.core.cases_run import run
from trustdesk.core.types import Category
from trustdesk.rules import Rulebook

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_type_of_xarf_has_one_category(book: Rulebook) -> None:
    spec = importlib.util.find_spec("xarf")
    assert spec is not None and spec.origin is not None
    files = (Path(spec.origin).parent / "schemas" / "types").glob("*.json")
    names = {path.stem.replace("-", "/", 1).replace("-", "_") for path in files}
    known = names - {"content/base"}
    assert len(known) > 25
    mapped = [name for info in book.taxonomy.categories for name in info.maps["xarf"]]
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == known


def test_the_reader_of_xarf_means_the_same(book: Rulebook) -> None:
    from trustdesk.integrations.xarf import _V4

    for info in book.taxonomy.categories:
        for name in info.maps["xarf"]:
            assert (_V4.get(name) or _V4[name.partition("/")[0]]) == info.id, name


@pytest.mark.parametrize("vocabulary", ["xarf", "rsit"])
def test_no_foreign_name_means_two_things(book: Rulebook, vocabulary: str) -> None:
    names = [name for info in book.taxonomy.categories for name in info.maps[vocabulary]]
    assert len(names) == len(set(names))
    for info in book.taxonomy.categories:
        for name in info.maps[vocabulary]:
            assert book.taxonomy.known_as(vocabulary, name) == info.id
    assert book.taxonomy.known_as(vocabulary, "no/such") == ""


def test_titles_and_harm(book: Rulebook) -> None:
    assert {info.id for info in book.taxonomy.categories} == set(Category)
    for info in book.taxonomy.categories:
        assert info.title("es") != "" and info.title("es-MX") == info.title("es")
        assert info.title("xx") == info.title("en")
    assert book.taxonomy.category("child_safety").harm == 5 and book.taxonomy.category("spam").harm == 1
    with pytest.raises(KeyError):
        book.taxonomy.category("nonsense")


def test_every_event_of_a_rule_is_listed(book: Rulebook) -> None:
    for regime in book.regimes.values():
        for starts_on in (
            *(c.starts_on for c in regime.clocks),
            *(r.starts_on for r in regime.retention if r.starts_on),
        ):
            assert starts_on in book.taxonomy.events, (regime.id, starts_on)
        for duty in regime.duties:
            assert not duty.event or duty.event in book.taxonomy.events


def test_the_law_test_in_the_documentation_passes(book: Rulebook) -> None:
    text = (DOCS / "extend" / "regime.md").read_text(encoding="utf-8")
    (block,) = [b for b in re.findall(r"```\n(.*?)```", text, re.S) if b.startswith("case ")]
    cases, problems = parse_cases(block)
    assert problems == () and len(cases) == 1
    assert run(cases[0], book.regimes, book.calendars, book.policies) == ()


def test_every_word_of_a_law_test_is_documented() -> None:
    text = (DOCS / "extend" / "regime.md").read_text(encoding="utf-8")
    for word in WORDS:
        assert f"`{word}`" in text, word


def test_every_key_of_a_regime_is_documented() -> None:
    text = (DOCS / "extend" / "regime.md").read_text(encoding="utf-8")
    for table in (
        "element",
        "clock",
        "duty",
        "silence",
        "withhold",
        "disclosure",
        "retention",
        "count",
        "penalty",
        "reference",
    ):
        assert f"[[{table}]]" in text, table


def test_the_commands_in_the_documentation_answer_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "use" / "law.md").read_text(encoding="utf-8")
    shown = re.search(r"\$ trustdesk (clock .*)\n(\{.*), …\}", text)
    assert shown is not None
    assert main(shown[1].split()) == 0
    answer = json.loads(capsys.readouterr().out)
    assert json.loads(shown[2] + "}").items() <= answer.items()

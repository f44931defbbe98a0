"""Every law test passes, every regime has one, and no number can change without a test that notices."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from trustdesk import rules
from trustdesk.core.cases_format import WORDS, parse_cases
from trustdesk.core.cases_run import run
from trustdesk.rules import Rulebook

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "rulebook").glob("*/*/cases/*.case"))
#: Those whose numbers cost most when they are wrong: six law tests each, among them the boundary days.
_HAND_TESTED = """
    us-dmca-512c eu-dsa-orders eu-dsa-contact-terms eu-dsa-art16 eu-dsa-art17 eu-dsa-art18 eu-dsa-platform
    eu-dsa-transparency eu-tco icann-raa-318 icann-raa-accuracy icann-rdp-disclosure icann-udrp icann-urs us-2258a
    us-take-it-down us-sca-subpoena us-sca-2703d us-sca-warrant us-pen-trap us-wiretap us-nsl us-fisa us-2703f
    us-emergency us-2705 us-civil-process us-cloud-mlat eu-eevidence-epoc eu-eevidence-epocpr mx-lfda-114-octies
    mx-child-safety mx-lmtr-justicia mx-lfpdppp house-targets
"""
HAND_TESTED = _HAND_TESTED.split()


def tool(name: str) -> ModuleType:
    """A script of tools/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_law(path: Path, book: Rulebook) -> None:
    cases, problems = parse_cases(path.read_text(encoding="utf-8"))
    assert problems == ()
    assert cases
    for case in cases:
        assert run(case, book.regimes, book.calendars, book.policies) == ()


def test_every_regime_and_policy_has_a_test(book: Rulebook) -> None:
    tested = {path.parent.parent.name for path in FILES}
    assert book.regimes.keys() | book.policies.keys() <= tested
    assert len(book.regimes) == 77  # the 76 of law, contract and practice, and the house's own targets


@pytest.mark.parametrize("regime", HAND_TESTED)
def test_the_regimes_that_matter_most_have_six(regime: str) -> None:
    cases, _ = parse_cases((ROOT / f"rulebook/regimes/{regime}/cases/{regime}.case").read_text(encoding="utf-8"))
    assert len(cases) >= 6


def test_every_word_is_used_somewhere() -> None:
    used = {
        expected.word
        for path in FILES
        for case in parse_cases(path.read_text(encoding="utf-8"))[0]
        for step in case.steps
        for expected in step.expected
    }
    assert used == set(WORDS)


def test_no_mutation_of_a_number_survives(book: Rulebook) -> None:
    mutate = tool("mutate_rules")
    found = {regime: mutate.survivors(book, regime) for regime in sorted(book.regimes)}
    assert {regime: alive for regime, (_, alive) in found.items() if alive} == {}
    assert found["us-dmca-512c"][0] >= 10, "the mutations are really made"
    assert sum(tried for tried, _ in found.values()) >= 590


def test_the_published_pages_are_what_the_rulebook_says(book: Rulebook) -> None:
    wanted = tool("regime_docs").pages(book)
    have = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "regimes").glob("*.md")}
    assert wanted == have, "run tools/regime_docs.py"


def test_law_tests_report_file_and_line(tmp_path: Path, book: Rulebook) -> None:
    import shutil

    shutil.copytree(book.root, tmp_path / "rulebook")
    case = tmp_path / "rulebook/regimes/us-dmca-512c/cases/us-dmca-512c.case"
    text = case.read_text(encoding="utf-8")
    case.write_text(text.replace("not-before 2026-12-07  due 2026-12-11", "not-before 2026-12-08  due 2026-12-11", 1))
    shutil.rmtree(tmp_path / "rulebook/regimes/us-2258a/cases")
    count, findings = rules.law_tests(rules.load(tmp_path / "rulebook"))
    assert count > 300
    assert [f.field for f in findings] == [
        "regimes/us-dmca-512c/cases/us-dmca-512c.case:6",
        "regimes/us-2258a/regime.toml:1",
    ]
    assert "not-before is 2026-12-07" in findings[0].message

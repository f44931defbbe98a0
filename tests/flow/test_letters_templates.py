"""Both languages are complete and alike, and an operator's edit that breaks a letter is found before it is owed."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.flow.letters_samples import SAMPLES
from trustdesk.core.notices import LETTERS
from trustdesk.core.types import Category
from trustdesk.flow.letters import KINDS, LANGUAGES, check, compose

ROOT = Path(__file__).parent.parent.parent
TREE = ROOT / "trustdesk" / "templates" / "letters"
OTHERS = [language for language in LANGUAGES if language != "en"]


def words(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((TREE / language / "words.toml").read_text("utf-8"))


def tags(path: Path) -> list[str]:
    """The tags of a template in order, with the language taken out: what has to be alike in every language."""
    found = re.findall(r"{%\s*(.*?)\s*%}", path.read_text("utf-8"))
    return [re.sub(r'^row "[^"]*"', "row", re.sub(r'^include "\w+/', 'include "', tag)) for tag in found]


@pytest.mark.parametrize("language", OTHERS)
def test_languages_have_the_same_letters_with_the_same_blocks(language: str) -> None:
    files = {p.name for p in (TREE / "en").iterdir()}
    assert {p.name for p in (TREE / language).iterdir()} == files
    assert {f"{kind}.txt" for kind in KINDS} <= files
    for file in sorted(files - {"words.toml"}):
        assert tags(TREE / language / file) == tags(TREE / "en" / file), file


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    for file in sorted(TREE.glob("en/*.txt")):
        texts = [
            {t.strip() for t in re.split(r"{%.*?%}|{{.*?}}", (TREE / tree / file.name).read_text("utf-8"))}
            for tree in ("en", language)
        ]
        assert not {t for t in texts[0] & texts[1] if re.search(r"[^\W\d_]{2}", t)}, file.name


@pytest.mark.parametrize("language", OTHERS)
def test_languages_have_the_same_words(language: str) -> None:
    for table, entries in words("en").items():
        other = words(language)[table]
        if table == "element":
            assert {r: list(e) for r, e in other.items()} == {r: list(e) for r, e in entries.items()}
        elif isinstance(entries, dict):
            assert list(other) == list(entries), table
            assert all(v.strip() for v in other.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_category_and_shipped_measure_has_a_word(language: str) -> None:
    assert set(words(language)["category"]) == set(words(language)["claim"]) == set(Category)
    kinds = set()
    for policy in (ROOT / "rulebook" / "policies").glob("*/policy.toml"):
        kinds |= {m["id"] for m in tomllib.loads(policy.read_text("utf-8"))["measure"]}
    assert kinds
    assert kinds <= set(words(language)["measure"])


def test_words_for_elements_name_elements_of_the_rulebook() -> None:
    for regime, entries in words("en")["element"].items():
        document = tomllib.loads((ROOT / "rulebook" / "regimes" / regime / "regime.toml").read_text("utf-8"))
        assert set(entries) <= {element["id"] for element in document["element"]}, regime  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("us-dmca-512c.el.work", "which work of yours it is about"),
        ("us-dmca-512c.el.work: Names the work", "which work of yours it is about"),
        ("xx-unknown.el.seal: A seal of the office", "A seal of the office"),
        ("xx-unknown.el.seal", "xx-unknown.el.seal"),
        ("Please note: the page at evil.example", "Please note: the page at evil[.]example"),
    ],
)
def test_what_is_missing_is_said_in_words(missing: str, said: str) -> None:
    kind, facts = SAMPLES["missing_elements"]
    assert compose(kind, "en", replace(facts, missing=(missing,))).parts["missing"] == said.replace(
        "n.el.", "n[.]el[.]"
    )


def test_the_letters_that_come_with_the_desk_are_fit() -> None:
    assert check() == ()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(TREE, tmp_path / "letters")
    return tmp_path / "letters"


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("es/statement_of_reasons.txt", ' part="facts"', "", "letter.part"),
        ("es/redress.txt", ' part="redress"', "", "letter.part"),
        ("en/rule.txt", "_ground", "_other", "letter.part"),
        ("en/forward.txt", 'part="answer_by"', 'part="answer"', "letter.unknown_part"),
        ("en/forward.txt", "{{ claim }}", "{{ clam }}", "letter.unknown_name"),
        ("en/forward.txt", "{% if reasons %}", "{% if raesons %}", "letter.unknown_name"),
        ("en/forward.txt", "{% button link ", "{% button lnk ", "letter.unknown_name"),
        ("en/forward.txt", "{% endif %}", "", "letter.template"),
        ("en/forward.txt", "en/footer.txt", "en/nofooter.txt", "letter.template"),
        ("en/footer.txt", "{% foot %}", '{% include "en/footer.txt" %}{% foot %}', "letter.template"),
        ("en/ask.txt", "subject %}", "head %}", "letter.no_head"),
        ("es/words.toml", "phishing =", "fishing =", "letter.no_word"),
        ("es/words.toml", "[category]", "[category", "letter.words"),
        ("es/words.toml", "datetime =", "date =", "letter.words"),
    ],
)
def test_a_broken_edit_is_found(tree: Path, file: str, old: str, new: str, code: str) -> None:
    assert check((tree,)) == ()
    broken = tree.parent / "broken"
    shutil.copytree(tree, broken)
    text = (broken / file).read_text("utf-8")
    assert old in text
    (broken / file).write_text(text.replace(old, new), "utf-8")
    findings = check((broken,))
    assert code in {f.code for f in findings}
    assert all(re.fullmatch(file[:3] + r"\w+\.(txt|toml):[1-9]\d*", f.field) for f in findings)


def test_the_line_is_named(tree: Path) -> None:
    path = tree / "en" / "forward.txt"
    lines = path.read_text("utf-8").splitlines()
    where = next(n for n, line in enumerate(lines) if "{{ claim }}" in line)
    lines[where] = lines[where].replace("{{ claim }}", "{{ clam }}")
    path.write_text("\n".join(lines), "utf-8")
    found = {f.code: f.field for f in check((tree,))}
    assert found["letter.unknown_name"] == f"en/forward.txt:{where + 1}"


def test_a_bad_letter_of_the_operator_s_is_not_used_and_ours_goes_out(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HOME = tmp_path
    own = tmp_path / "letters" / "es"
    own.mkdir(parents=True)
    ours = (TREE / "es" / "statement_of_reasons.txt").read_text("utf-8")
    (own / "statement_of_reasons.txt").write_text(ours.replace(' part="facts"', "").replace("Qué", "Cuál"), "utf-8")
    (own / "ask.txt").write_text(
        (TREE / "es" / "ask.txt").read_text("utf-8").replace("{% title %}", "{% title %}¡Hola! "), "utf-8"
    )
    kind, facts = SAMPLES["statement-policy"]
    letter = compose(kind, "es", facts)
    assert letter.parts["facts"] and "es/statement_of_reasons.txt:1" in caplog.text
    kind, facts = SAMPLES["ask"]
    assert "¡Hola!" in compose(kind, "es", facts).text, "a good one of theirs is used all the same"
    assert {f.field for f in check()} == {"es/statement_of_reasons.txt:1"}


def test_a_missing_letter_is_found(tree: Path) -> None:
    (tree / "es" / "ask.txt").unlink()
    assert [(f.code, f.field) for f in check((tree,))] == [("letter.template", "es/ask.txt:1")]


def test_an_operators_own_letter_stands_in_for_ours(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    own = tmp_path / "letters" / "en"
    own.mkdir(parents=True)
    ours = (TREE / "en" / "acknowledgement.txt").read_text("utf-8")
    (own / "acknowledgement.txt").write_text(
        ours.replace("Thank you for your report", "We are grateful for your report")
    )
    kind, facts = SAMPLES["acknowledgement"]
    assert "We are grateful for your report of phishing." in compose(kind, "en", facts).text
    assert "Gracias por su reporte" in compose(kind, "es", facts).text
    assert check() == ()


def test_an_operators_letter_without_a_part_never_goes_out(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    own = tmp_path / "letters" / "en"
    own.mkdir(parents=True)
    (own / "outcome.txt").write_text("{% subject %}Hello{% endsubject %}{% title %}Hello{% endtitle %}")
    letter = compose("outcome", "en", SAMPLES["outcome-measures"][1])
    assert letter.subject != "Hello" and {part.id for part in LETTERS["outcome"]} <= letter.parts.keys()


def test_a_letter_without_a_subject_never_goes_out(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    own = tmp_path / "letters" / "en"
    own.mkdir(parents=True)
    ours = (TREE / "en" / "acknowledgement.txt").read_text("utf-8")
    (own / "acknowledgement.txt").write_text(
        ours.replace("{% subject %}", "{% head %}").replace("endsubject", "endhead")
    )
    assert compose("acknowledgement", "en", SAMPLES["acknowledgement"][1]).subject


def test_a_measure_without_a_word_uses_its_title() -> None:
    kind, facts = SAMPLES["statement-policy"]
    measure = replace(facts.measures[0], kind="speed_limited", title="Bandwidth limited to 1 Mbit/s")
    assert "Bandwidth limited to 1 Mbit/s" in compose(kind, "en", replace(facts, measures=(measure,))).parts["measure"]
    bare = replace(measure, title="")
    assert "speed limited" in compose(kind, "en", replace(facts, measures=(bare,))).parts["measure"]

"""Every letter says what the law asks it to say, or it is refused."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.flow.letters_samples import SAMPLES
from trustdesk.core.notices import missing_parts
from trustdesk.core.types import Refused
from trustdesk.flow.letters import LANGUAGES, LetterFacts, compose

#: (sample, what is taken out of the facts, the part that is then missing)
GAPS: list[tuple[str, dict[str, object], str]] = [
    ("acknowledgement", {"report_code": "", "case_code": ""}, "reference"),
    ("acknowledgement", {"received_at": None}, "received_at"),
    ("outcome-measures", {"outcome": ""}, "outcome"),
    ("outcome-measures", {"outcome": "not_ours"}, "outcome"),
    ("not_ours", {"where_to_turn": ()}, "where_to_turn"),
    ("not_ours", {"where_to_turn": (" ", "\u200b")}, "where_to_turn"),
    ("statement-policy", {"case_code": "", "report_code": ""}, "reference"),
    ("statement-policy", {"measures": ()}, "measure"),
    ("statement-policy", {"measures": ()}, "scope"),
    ("statement-policy", {"measures": ()}, "duration"),
    ("statement-policy", {"reasons": " \n\t\u202e"}, "facts"),
    ("statement-policy", {"clause_id": ""}, "contract_ground"),
    ("statement-policy", {"ground": "law"}, "legal_ground"),
    ("statement-law", {"law": ""}, "legal_ground"),
    ("statement-law", {"ground": "none"}, "legal_ground"),
    ("forward", {"answer_by": None}, "answer_by"),
    ("forward", {"link": ""}, "answer_link"),
    ("forward", {"link": "javascript:alert(1)"}, "answer_link"),
    ("forward", {"link": 'https://x.example/"><b>'}, "answer_link"),
    ("appeal_received", {"appeal_received_at": None}, "received_at"),
    ("appeal_outcome-upheld", {"appeal_outcome": ""}, "outcome"),
    ("appeal_outcome-upheld", {"appeal_reasons": ""}, "reasons"),
    ("missing_elements", {"missing": ()}, "missing"),
    ("missing_elements", {"missing": ("", "  ")}, "missing"),
    ("ask", {"question": ""}, "question"),
    ("ask", {"answer_by": None}, "answer_by"),
    ("ask", {"link": ""}, "answer_link"),
    ("counter_notice_copy", {"counter_notice": ""}, "counter_notice"),
    ("counter_notice_copy", {"restore_after": None}, "restore_after"),
    ("restored-customer", {"measures": ()}, "measure"),
    ("restored-reporter", {"reasons": ""}, "reasons"),
    ("strike_warning-customer", {"strikes": 0}, "facts"),
    ("strike_warning-customer", {"consequence": ""}, "consequence"),
    ("misuse_warning-reporter", {"strike_limit": 0}, "consequence"),
    ("misuse_warning-customer", {"strikes": 0}, "facts"),
    ("suspension-reporter", {"waits_until": None}, "until"),
    ("suspension-reporter", {"warned_at": None}, "facts"),
    ("suspension-reporter", {"reasons": ""}, "reasons"),
    ("suspension-reporter", {"weighed": ()}, "weighed"),
    ("suspension_answer-dismissed", {"appeal_outcome": ""}, "outcome"),
    ("suspension_answer-lifted", {"appeal_reasons": ""}, "reasons"),
]


class _Words(HTMLParser):
    """The words that a reader of the HTML sees, and the addresses it links to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("style", "title")
        self.links.extend(value or "" for name, value in attrs if name == "href")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.extend(data.split())


def words_of_text(text: str) -> str:
    return " ".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_part_stands_in_text_and_html(name: str, language: str) -> None:
    kind, facts = SAMPLES[name]
    letter = compose(kind, language, facts)
    assert not missing_parts(kind, letter.parts)
    text = " ".join(words_of_text(letter.text).split())
    html = _Words(letter.html)
    shown = " ".join([*html.words, *html.links])
    for part, said in letter.parts.items():
        for piece in said.split("\n"):
            words = " ".join(piece.split())
            assert words in text, (part, words)
            assert words in shown, (part, words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "gap", "part"), GAPS)
def test_a_letter_without_a_part_is_refused(name: str, gap: dict[str, object], part: str, language: str) -> None:
    kind, facts = SAMPLES[name]
    with pytest.raises(Refused) as refused:
        compose(kind, language, replace(facts, **gap))  # type: ignore[arg-type]
    assert part in {finding.field for finding in refused.value.findings}


@pytest.mark.parametrize("kind", ["filing", "nonsense", "", "../en/outcome"])
def test_what_is_no_letter_is_refused(kind: str) -> None:
    with pytest.raises(Refused):
        compose(kind, "en", LetterFacts(provider="Nube Norte"))


@pytest.mark.parametrize(
    ("asked", "given"),
    [("es-MX", "es"), ("es_419", "es"), ("ES", "es"), ("en-GB", "en"), ("de", "en"), ("", "en"), ("../es", "en")],
)
def test_language_falls_back_to_english(asked: str, given: str) -> None:
    kind, facts = SAMPLES["acknowledgement"]
    letter = compose(kind, asked, facts)
    assert letter.language == given
    assert letter.text == compose(kind, given, facts).text
    assert f'<html lang="{given}">' in letter.html


@pytest.mark.parametrize(
    ("detected", "decided", "said"),
    [
        (False, False, "No automated means were used"),
        (True, False, "helped to find this. A person"),
        (False, True, "Automated means made this decision"),
        (True, True, "Automated means found this, and automated means decided"),
    ],
)
def test_the_customer_reads_what_machines_did(detected: bool, decided: bool, said: str) -> None:
    kind, facts = SAMPLES["statement-policy"]
    letter = compose(kind, "en", replace(facts, automated=decided, detection_automated=detected))
    assert said in letter.parts["automation"]
    assert ("A person on our staff made" in letter.parts["automation"]) is not decided

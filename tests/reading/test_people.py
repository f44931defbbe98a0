"""What people and authorities write in many languages (people.toml): its form, category and targets."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.reading.samples import mail
from trustdesk.interfaces.reading import read
from trustdesk.reading import lexicon, times

MAILS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))["mail"]


def bare(value: str) -> str:
    return value.split("://")[-1].rstrip("/")


@pytest.mark.parametrize("sample", MAILS, ids=[m["name"] for m in MAILS])
def test_form_category_and_targets(sample: dict[str, Any]) -> None:
    extra = sample.get("headers", "").replace("\n", "\r\n")
    reading = read(mail(sample["body"], subject=sample["subject"], sender=sample["sender"], extra=extra))
    assert reading.form == sample["form"]
    if "category" in sample:
        assert reading.category == sample["category"]
    if "targets" in sample:
        wanted = {bare(value) for value in sample["targets"]}
        found = {bare(claim.value) for claim in reading.targets}
        assert wanted <= found
        assert all(any(value.split("/")[0] in want for want in wanted) for value in found)


def test_words_are_found_with_and_without_accents_and_in_full_width() -> None:
    words = lexicon.lexicon("categories")
    for text in ("hameçonnage", "HAMECONNAGE", "ｈａｍｅｃｏｎｎａｇｅ"):
        assert dict(words.of(words.words(text)[0]))["phishing"] > 0
    assert lexicon.fold("Größe, Łódź, ΕΠΊΘΕΣΗ’") == "Grose, Lodz, ΕΠΙΘΕΣΗ'"


def test_every_word_of_a_language_is_well_formed() -> None:
    for code, parts in lexicon.languages().items():
        assert set(parts) <= {"categories", "forms", "labels", "layout", "columns"}, code
        for part, sections in parts.items():
            for section, words in sections.items():
                assert words, (code, part, section)
                for word in words:
                    assert word.strip("*").strip() and "*" not in word[:-1], (code, section, word)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("am 2.11.2026 um 10:05 Uhr", "2026-11-02T10:05"),
        ("el 22/11/2026 a las 18:44", "2026-11-22T18:44"),
        ("2026年11月2日 14時5分", "2026-11-02T14:05"),
        ("2026년 11월 2일 14:05", "2026-11-02T14:05"),
    ],
)
def test_dates_as_people_write_them(text: str, iso: str) -> None:
    when = times.parse(text)
    assert when is not None and when.isoformat().startswith(iso)


def test_a_date_that_can_be_read_both_ways_is_not_guessed() -> None:
    assert times.parse("02/11/2026 10:00") is None


def test_the_link_behind_the_shield_of_a_mail_service_is_the_target() -> None:
    shielded = "https://urldefense.com/v3/__https://bank-login.test/a__;!!x!y$"
    reading = read(mail(f"Phishing page, please remove it:\n\n{shielded}\n", subject="Phishing"))
    assert [claim.value for claim in reading.targets] == ["https://bank-login.test/a"]
    assert reading.text[reading.targets[0].start : reading.targets[0].end] == shielded

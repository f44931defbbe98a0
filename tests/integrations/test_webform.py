"""What the public form keeps is read back as what the person meant."""

from __future__ import annotations

from trustdesk.core.types import Category, Form, Role
from trustdesk.interfaces.reading import read
from trustdesk.reading.submission import submission

PHISHING = {
    "category": "phishing",
    "urls": ["hxxps://login-bancoazul[.]example/acceso", "203.0.113.41"],
    "description": "It copies https://www.bancoazul.example/ and asks for the token.",
    "language": "es",
    "reporter": {"name": "Ana", "email": "ana@bancoazul.example"},
}


def test_targets_and_references_are_told_apart_with_their_places():
    reading = read(submission(PHISHING))
    assert (reading.form, reading.category, reading.parser) == (Form.NOTICE, Category.PHISHING, "webform")
    assert [(i.kind, i.value, i.role) for i in reading.indicators] == [
        ("url", "https://login-bancoazul.example/acceso", Role.TARGET),
        ("ip", "203.0.113.41", Role.TARGET),
        ("url", "https://www.bancoazul.example/", Role.REFERENCE),
    ]
    for indicator in reading.indicators:
        assert reading.text[indicator.start : indicator.end] == indicator.raw
    assert reading.reporter.email == "ana@bancoazul.example"


def test_a_copyright_submission_shows_which_elements_are_there():
    fields = PHISHING | {
        "category": "copyright",
        "original_work": "Fotografía «Norte», 2024",
        "signature": "Ana",
        "statements": {"good_faith": True, "accuracy": True, "authorised": False},
        "reporter": {"name": "Ana", "email": "ana@foto.example", "address": "Calle 1, Mérida"},
    }
    reading = read(submission(fields))
    present = {e.id.rpartition(".")[2]: e.present for e in reading.elements}
    assert reading.form == Form.DMCA
    assert present == {
        "written": True, "signature": True, "work": True, "material": True, "contact": True, "goodfaith": True,
        "accuracy-perjury": False,
    }  # fmt: skip


def test_nonsense_in_the_fields_is_a_problem_and_not_a_crash():
    reading = read(submission({"category": 5, "urls": "x", "reporter": [], "statements": "yes", "description": None}))
    assert {p.code for p in reading.problems} >= {"form_category"}
    assert reading.targets == ()


def test_other_json_is_left_to_other_parsers():
    assert read(b'{"hello": "world"}').parser != "webform"

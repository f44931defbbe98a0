"""Every text of the screens is there in every language."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from django.utils import translation

from trustdesk.web import times, words

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def messages():
    path = Path(__file__).parents[2] / "tools" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_translations_are_complete_and_compiled(messages):
    assert list(messages.problems()) == []


def test_the_check_sees_a_missing_text(messages, monkeypatch):
    texts = list(messages.texts())
    monkeypatch.setattr(
        messages, "texts", lambda: iter([*texts, ("A sentence that nobody has translated.", "x.py", 1)])
    )
    assert any("A sentence that nobody has translated." in problem for problem in messages.problems())


def test_words_of_the_model_are_known():
    from trustdesk.core.states import LIVES
    from trustdesk.core.types import Category, Channel, Form, ServiceRole
    from trustdesk.flow.letters import KINDS

    tables = {
        "category": Category, "form": Form, "channel": Channel, "service_role": ServiceRole, "notice": KINDS,
        "case_state": LIVES["case"], "report_state": LIVES["report"], "decision_state": LIVES["decision"],
        "measure_state": LIVES["measure"], "notice_state": LIVES["notice"], "appeal_state": LIVES["appeal"],
        "clock_state": LIVES["clock"],
    }  # fmt: skip
    for table, values in tables.items():
        missing = {str(value) for value in values} - set(words.TABLES[table])
        assert not missing, (table, missing)


def test_words_of_the_house_policy_are_known():
    from trustdesk.queries import rulebook

    assert {m.kind for m in rulebook.policy().measures} <= set(words.MEASURE)
    assert set(rulebook.queues()) <= set(words.QUEUE)


def test_an_unknown_value_is_shown_readably():
    assert words.word("category", "brand_new_kind") == "brand new kind"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59, "0 min"), (60, "1 min"), (3600, "1 h 00"), (11100, "3 h 05"), (90000, "1 d")]
)
def test_lengths_of_time(seconds, shown):
    assert times.span(seconds) == shown


def test_times_speak_spanish(now):
    from datetime import timedelta

    with translation.override("es"):
        assert times.ago(now - timedelta(minutes=6), now) == "hace 6 min"
        assert times.left(now - timedelta(minutes=130), now) == "2 h 10 tarde"
        assert times.left(now + timedelta(days=1, hours=2), now) == "Mañana"
        assert "Nov" in times.left(now + timedelta(days=5), now)

"""What every parser promises: no exception for any message, None for what is not its own, values only."""

from __future__ import annotations

import pytest

from tests.reading.samples import ARF, DMCA, mail
from trustdesk.core.types import Reading
from trustdesk.interfaces.parser import Parser
from trustdesk.interfaces.reading import parsers, read
from trustdesk.interfaces.registry import PluginError, plugins
from trustdesk.reading.message import Message

ALL = parsers()
MESSAGES = [
    b"",
    b"\xff\x00",
    b"{}",
    b"[1, 2]",
    b'{"Report": 1}',
    b'{"xarf_version": []}',
    ARF,
    mail(DMCA),
    mail("<Infringement>"),
    mail("x", extra="Content-Type: multipart/mixed\r\n"),
]


@pytest.mark.parametrize("parser", ALL, ids=lambda p: p.name)
def test_shape(parser: Parser) -> None:
    assert isinstance(parser, Parser)
    assert parser.name and isinstance(parser.rank, int)


@pytest.mark.parametrize("parser", ALL, ids=lambda p: p.name)
@pytest.mark.parametrize("raw", MESSAGES, ids=range(len(MESSAGES)))
def test_never_raises_and_answers_with_values(parser: Parser, raw: bytes) -> None:
    reading = parser.parse(Message.from_bytes(raw))
    assert reading is None or isinstance(reading, Reading)
    again = parser.parse(Message.from_bytes(raw))
    assert again == reading  # no state, no clock


def test_ranks_are_in_order_and_plain_is_last() -> None:
    assert [p.rank for p in ALL] == sorted(p.rank for p in ALL)
    assert ALL[-1].name == "plain"


def test_a_parser_that_breaks_its_promise_is_passed_over() -> None:
    class Broken:
        name, rank = "broken", 1

        def parse(self, message: Message) -> Reading | None:
            raise RuntimeError("no")

    reading = read(mail("Phishing at http://evil.test/"), parsers=[Broken(), *ALL])
    assert "parser_failed" in {p.code for p in reading.problems}
    assert reading.parser == "plain"


def test_without_parsers_the_message_is_unparsed() -> None:
    reading = read(mail("hello", subject="hi"), parsers=[])
    assert reading.form == "unparsed"
    assert reading.subject == "hi"


def test_unknown_plugin_is_refused_by_name() -> None:
    with pytest.raises(PluginError, match="nonsense"):
        plugins("trustdesk.parsers", ["nonsense"])

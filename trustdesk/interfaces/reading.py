"""Bytes → Reading: asks the parsers in order of their rank; a message that nobody understands is still a Reading."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from trustdesk.core.types import Form, Problem, Reading
from trustdesk.interfaces.parser import Parser
from trustdesk.interfaces.registry import plugins
from trustdesk.reading.keys import NO_KEYS, Keys
from trustdesk.reading.message import Message
from trustdesk.reading.sealed import tags as signed
from trustdesk.reading.sealed import unseal

GROUP = "trustdesk.parsers"
log = logging.getLogger(__name__)


def parsers(enabled: Sequence[str] | None = None) -> tuple[Parser, ...]:
    """The installed parsers in the order in which they are asked. Raises PluginError (see registry)."""
    found = cast("list[Parser]", list(plugins(GROUP, enabled).values()))
    return tuple(sorted(found, key=lambda p: (p.rank, p.name)))


def read(raw: bytes, parsers: Sequence[Parser] | None = None, *, keys: Keys = NO_KEYS) -> Reading:
    """What the message in `raw` claims. Never raises for any bytes. What is sealed is opened and checked with `keys`;
    what came of a signature is a tag (`signed:pgp:good:cert@bank.example`).

    `parsers` are asked in the order given (default: all installed, by rank). A parser that raises breaks its contract:
    that is logged, noted as problem `parser_failed`, and the next one is asked. Without an answer the form is
    `unparsed` and the text is what could be decoded.
    """
    asked = installed() if parsers is None else parsers
    failed: list[Problem] = []
    try:
        message = Message.from_bytes(raw)
        unseal(message, keys)
    except Exception as error:  # a fault of ours; the bytes are still a case
        log.exception("message could not be read")
        return Reading(problems=(Problem("reader_failed", f"{type(error).__name__} while reading the message"),))
    for parser in asked:
        try:
            reading = parser.parse(message)
        except Exception as error:
            log.exception("parser %s failed", parser.name)
            failed.append(Problem("parser_failed", f"{type(error).__name__} in parser {parser.name}", parser.name))
            continue
        if reading is not None:
            problems = tuple(dict.fromkeys((*message.problems, *reading.problems, *failed)))
            tags = tuple(dict.fromkeys((*reading.tags, *signed(message.signatures))))
            return replace(reading, parser=reading.parser or parser.name, problems=problems, tags=tags)
    return _unparsed(message, failed)


def installed() -> tuple[Parser, ...]:
    """All installed parsers by rank."""
    return parsers()


def _unparsed(message: Message, failed: list[Problem]) -> Reading:
    headers = message.headers
    return Reading(
        form=Form.UNPARSED,
        subject=headers.get("Subject"),
        text=message.text[:100_000],
        message_id=next(iter(headers.message_ids("Message-ID")), ""),
        sent_at=headers.date(),
        problems=tuple(dict.fromkeys((*message.problems, *failed))),
    )

"""Parser: bytes → claims, as values."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from trustdesk.core.types import Reading
from trustdesk.reading.message import Message


@runtime_checkable
class Parser(Protocol):
    """Understands one kind of message.

    A parser is asked in order of `rank` (low first); the first that returns a Reading wins. It must never raise on
    bad input: what is wrong is a `Problem` in the Reading. It does no I/O and keeps no state.
    """

    name: str
    rank: int

    def parse(self, message: Message) -> Reading | None:
        """The claims in `message`, or None if this is not a message for this parser."""
        ...

"""Plain mail: whatever no special format claims. See README.md in this folder."""

from __future__ import annotations

from trustdesk.core.types import Reading
from trustdesk.reading import reader
from trustdesk.reading.message import Message


class PlainParser:
    """Reads any message as text. Asked last; answers always, so that nothing stays without a Reading."""

    name = "plain"
    rank = 900

    def parse(self, message: Message) -> Reading | None:
        return reader.read(message)

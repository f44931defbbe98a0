"""SMTP and LMTP (RFC 5321, RFC 2033) as this desk speaks them, on aiosmtpd.

What is our own here, and why:

* Reading the message. aiosmtpd keeps an object per line (a mail of empty lines costs fifty times its size), refuses
  long lines, and gives an LMTP client one answer where RFC 2033, 4.2 asks for one per recipient. Ours spools to disk
  in constant memory, takes lines of any length, and ends a message at CRLF.CRLF only, never at a bare LF (smuggling).
* A fault of ours is answered 4xx, so that the sender keeps the complaint and tries again.
* Enhanced status codes (RFC 2034) on every answer, as RFC 2033 demands.

Nothing is relayed, ever: what is accepted goes to `flow.receive` and nowhere else.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from trustdesk.core.types import Channel
from trustdesk.doors.intake import Intake, NotTaken
from trustdesk.flow.receive import Incoming

END = b"\r\n.\r\n"
#: What is larger waits on disk while it arrives.
IN_MEMORY = 256 * 1024
#: What is larger is handled one at a time, so that memory does not grow with the number of senders.
LARGE = 2 * 1024 * 1024
RECIPIENTS = 100
#: Commands per connection, so that nobody talks for ever. A mail is three or four.
COMMANDS = 5000
ENHANCED = {
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "552": "5.3.4",
    "553": "5.1.3",
    "555": "5.5.4",
}
_BARE = re.compile(r"^([245]\d\d)([ -])(?![245]\.\d+\.\d+ )")


@dataclass
class House:
    """What all connections of a listener share. `ours` tells whether a recipient is one of ours."""

    intake: Intake
    ours: Callable[[str], bool]
    name: str
    size_limit: int
    timeout: float = 300
    connections: int = 100
    spool: str | None = None
    open: set[Door] = field(default_factory=set)
    large: asyncio.Lock = field(default_factory=asyncio.Lock)


class Handler:
    """The answers to commands that are this desk's own."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, host: str, said: list[str]
    ) -> list[str]:
        """Greet; aiosmtpd has put SIZE, 8BITMIME and SMTPUTF8 into what is said."""
        session.host_name = host
        return [*said[:-1], "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept recipients of ours only."""
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 too many recipients in one message; send the rest in another"
        if not self.house.ours(address):
            return "550 5.1.1 no such recipient here; this desk does not relay"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient is ours"

    async def handle_VRFY(self, server: SMTP, session: Session, envelope: Envelope, address: str) -> str:
        """Say nothing about who exists."""
        return "252 2.5.0 send a message and see"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours must never lose a complaint."""
        return "451 4.3.0 a fault of ours; nothing was accepted, try again"


class Door(SMTP):
    """One connection. `busy` while a whole message is here and its answer is not yet given."""

    line_length_limit = IN_MEMORY  # the size of the read buffer; messages may have lines of any length

    def __init__(self, house: House) -> None:
        super().__init__(
            Handler(house),
            data_size_limit=house.size_limit,
            enable_SMTPUTF8=True,
            hostname=house.name,
            ident="Trustdesk",
            timeout=house.timeout,
            command_call_limit=COMMANDS,
            loop=asyncio.get_running_loop(),
        )
        self.house = house
        self.busy = False
        self.refused = False
        self.greeting = False
        # aiosmtpd shares one table between connections and grows it with every EHLO.
        self.command_size_limits = defaultdict(lambda: 2048)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or send it away if there are too many."""
        if len(self.house.open) >= self.house.connections:
            self.refused = True
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"421 4.3.2 too many connections, come again\r\n")
            transport.close()
            return
        self.house.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.house.open.discard(self)
        if not self.refused:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless the connection was sent away."""
        if not self.refused:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The other side has ended."""
        return None if self.refused else super().eof_received()

    def dismiss(self) -> None:
        """End the connection because the desk is stopping; the sender keeps what was not yet acknowledged."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"421 4.3.2 the desk is stopping, come again\r\n")
            self.transport.close()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            return super()._getaddr(arg)
        except Exception:  # the standard library's address parser raises whatever it likes on hostile text
            return None, None

    async def push(self, status: Any) -> None:
        """Send one answer, with its enhanced status code where that is missing."""
        text = status.decode("utf-8", "replace") if isinstance(status, bytes) else str(status)
        if not self.greeting:
            text = _BARE.sub(lambda m: f"{m[1]}{m[2]}{ENHANCED.get(m[1], m[1][0] + '.0.0')} ", text)
        await super().push(text.encode("utf-8", "replace").decode())

    async def smtp_HELO(self, hostname: str) -> None:
        """Greetings carry no status codes (RFC 2034, section 4)."""
        self.greeting = True
        try:
            await SMTP.smtp_HELO(self, hostname)
        finally:
            self.greeting = False

    async def smtp_EHLO(self, hostname: str) -> None:
        """See `smtp_HELO`."""
        self.greeting = True
        try:
            await SMTP.smtp_EHLO(self, hostname)
        finally:
            self.greeting = False

    async def smtp_DATA(self, arg: str) -> None:
        """Read the message, take it in, and say so only when it is durable."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=self.house.spool) as spool:
            refusal, size = await self._read(spool)
            self.busy = True
            try:
                status = refusal or await self._take(spool, size)
                for _ in range(self._answers()):
                    await self.push(status)
            finally:
                self.busy = False
        self._set_post_data_state()

    def _answers(self) -> int:
        return 1

    async def _read(self, spool: Any) -> tuple[str, int]:
        """Read up to the end mark into `spool`, CRLF in front included. Returns (refusal or "", size)."""
        reader, size, refusal = self._reader, 0, ""
        # A CRLF of our own in front, so that the end mark of an empty message looks like any other.
        reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]
        ended = False
        while not ended:
            self._reset_timeout()
            try:
                part = await reader.readuntil(END)
                ended = True
            except asyncio.LimitOverrunError as error:
                part = await reader.readexactly(error.consumed)
            size += len(part)
            if size - len(END) > self.house.size_limit and not refusal:
                refusal = f"552 5.3.4 larger than {self.house.size_limit} bytes"
                spool.truncate(0)
            if not refusal:
                try:
                    spool.write(part)
                except OSError:
                    refusal = "452 4.3.1 no space left; nothing was accepted, try again"
        return refusal, size

    async def _take(self, spool: Any, size: int) -> str:
        if size <= LARGE:
            return await self._hand_over(spool)
        async with self.house.large:
            return await self._hand_over(spool)

    async def _hand_over(self, spool: Any) -> str:
        assert self.envelope is not None
        answer = await self.house.intake.take(
            Incoming(
                raw=unstuffed(spool),
                channel=Channel.MAIL,
                envelope_from=clean(self.envelope.mail_from or "").removeprefix("<>"),
                envelope_to=clean(", ".join(self.envelope.rcpt_tos)),
            )
        )
        if isinstance(answer, NotTaken):
            return (
                "452 4.3.1 no space left; nothing was accepted, try again"
                if answer.full
                else "451 4.3.0 could not be kept; nothing was accepted, try again"
            )
        return f"250 2.6.0 {'had it already as' if answer.duplicate else 'taken in as'} {answer.code}"


class LocalDoor(Door, LMTP):
    """LMTP: one answer per recipient after the message (RFC 2033, 4.2)."""

    async def smtp_LHLO(self, arg: str) -> None:
        """The greeting of LMTP."""
        await Door.smtp_EHLO(self, arg)

    async def smtp_HELO(self, hostname: str) -> None:
        """Not a command of LMTP."""
        await self.push('500 Error: command "HELO" not recognized')

    async def smtp_EHLO(self, hostname: str) -> None:
        """Not a command of LMTP."""
        await self.push('500 Error: command "EHLO" not recognized')

    def _answers(self) -> int:
        assert self.envelope is not None
        return len(self.envelope.rcpt_tos)


def unstuffed(spool: Any) -> bytes:
    """The message without our CRLF in front, its end mark and the dots that protect lines (RFC 5321, 4.5.2)."""
    spool.seek(0)
    raw: bytes = spool.read()
    end = 2 - len(END)  # the line end before the dot belongs to the message
    if raw.find(b"\r\n.", 0, len(raw) - len(END)) < 0:
        return raw[2:end]
    return raw[:end].replace(b"\r\n.", b"\r\n")[2:]


def clean(text: str) -> str:
    """Envelope text that any database can hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()

"""The mail listener: LMTP and SMTP on the loopback interface, behind the provider's own mail server."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from functools import partial

import idna
from django.conf import settings

from trustdesk.doors.intake import Intake
from trustdesk.doors.protocol import Door, House, LocalDoor

HOST = "127.0.0.1"
#: How long a stopping listener waits for answers that are under way.
GRACE = 4.0


class Listener:
    """Both doors and what they share. A port of 0 in the settings leaves that door closed."""

    def __init__(self) -> None:
        # Bad clients are their own fault and not news; a fault of ours is logged by the intake.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        spool = settings.HOME / "spool"
        spool.mkdir(parents=True, exist_ok=True)
        self.house = House(
            intake=Intake(),
            ours=ours,
            name=domain(settings.DESK.address),
            size_limit=settings.MESSAGE_SIZE_LIMIT,
            spool=str(spool),
        )
        self.servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Open the doors. Raises OSError if a port is taken."""
        loop = asyncio.get_running_loop()
        self.house.intake.start()
        for port, door in ((settings.LMTP_PORT, LocalDoor), (settings.SMTP_PORT, Door)):
            if port:
                self.servers.append(await loop.create_server(partial(door, self.house), HOST, port, backlog=512))

    async def stop(self) -> None:
        """Close the doors, give the answers that are owed, then end."""
        for server in self.servers:
            server.close()
        for connection in list(self.house.open):
            if not connection.busy:
                connection.dismiss()
        until = asyncio.get_running_loop().time() + GRACE
        while any(c.busy for c in self.house.open) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
        for connection in list(self.house.open):
            connection.dismiss()
        await asyncio.sleep(0)
        await self.house.intake.stop()


def domain(address: str) -> str:
    """The part after the last @, as an A-label in lower case; what is no domain name comes back as it is."""
    host = address.rpartition("@")[2].rstrip(".").lower()
    with suppress(idna.IDNAError, UnicodeError):
        return idna.encode(host, uts46=True).decode()
    return host


def ours(recipient: str) -> bool:
    """Whether a recipient is ours: any address at the domain of `desk.toml`'s `address`, and `postmaster` (RFC 5321,
    4.5.1). The sample desk has no mail server in front of it and takes mail to anybody."""
    if settings.DESK.sample or recipient.lower() == "postmaster":
        return True
    return "@" in recipient and domain(recipient) == domain(settings.DESK.address)


async def serve() -> None:
    """Run until SIGTERM or SIGINT."""
    listener, stopping = Listener(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await listener.start()
    await stopping.wait()
    await listener.stop()


def run() -> int:
    """The listener as a process. Returns an exit code: 75 if a port is taken."""
    try:
        asyncio.run(serve())
    except OSError as error:
        sys.stderr.write(f"trustdesk: the mail listener cannot open its port: {error.strerror or error}\n")
        return 75
    return 0

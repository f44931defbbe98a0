"""Group commit: messages that arrive together are taken in together, and each sender gets an answer of its own.

While one group is being made durable the next one gathers, so the group grows with the load and a lone message never
waits.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from trustdesk import clock
from trustdesk.flow.receive import Incoming, Receipt, receive_many

log = logging.getLogger("trustdesk.doors")

#: One group is at most so many messages and so many bytes, so that neither memory nor the first one's wait grows.
MESSAGES = 64
BYTES = 8 * 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nothing was accepted; the sender should come again. `full` says that it is for want of space."""

    full: bool


class Intake:
    """Takes in messages for as many connections as there are. Used within one event loop."""

    def __init__(self) -> None:
        # One thread: the database lets one writer in at a time anyway, and a group is what makes that cheap.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._waiting: asyncio.Queue[tuple[Incoming, asyncio.Future[Receipt | NotTaken]]] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; must be called inside the event loop."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def take(self, incoming: Incoming) -> Receipt | NotTaken:
        """The receipt of the message once it is durable, or why it was not taken. Never raises for a fault of ours."""
        answer: asyncio.Future[Receipt | NotTaken] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((incoming, answer))
        return await answer

    async def stop(self) -> None:
        """Finish the group under way and end."""
        if self._running is not None:
            self._running.cancel()
        await asyncio.get_running_loop().run_in_executor(self._pool, lambda: connection.close())
        self._pool.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            group = [await self._waiting.get()]
            size = len(group[0][0].raw)
            while not self._waiting.empty() and len(group) < MESSAGES and size < BYTES:
                group.append(self._waiting.get_nowait())
                size += len(group[-1][0].raw)
            answers = await loop.run_in_executor(self._pool, take_in, [incoming for incoming, _ in group])
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():  # done: the sender went away meanwhile and will come again
                    future.set_result(answer)
            del group, answers  # a large message must not stay in memory until the next one comes


def take_in(batch: Sequence[Incoming]) -> list[Receipt | NotTaken]:
    """Take in a group; if it fails as a whole, each message gets its own try, so that one cannot spoil the others."""
    close_old_connections()
    try:
        return list(receive_many(batch, now=clock.now()))
    except Exception as error:
        connection.close()
        if len(batch) == 1:
            return [_refusal(error)]
    return [answer for one in batch for answer in take_in([one])]


def _refusal(error: Exception) -> NotTaken:
    full = isinstance(error, OSError) and error.errno in _FULL
    full = full or (isinstance(error, DatabaseError) and "full" in str(error))
    # What we cannot keep today may work tomorrow; a permanent refusal would make the sender throw a complaint away.
    if isinstance(error, OSError | DatabaseError):
        log.error("message not taken: %s: %s", type(error).__name__, error)
    else:
        log.exception("message not taken")
    return NotTaken(full)

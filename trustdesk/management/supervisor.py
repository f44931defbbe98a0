"""One foreground process tree: starts the parts of a desk, starts again what dies, stops all of them in order.

The parts are forked from the process that has loaded and set up everything: they start at once, and what was loaded is in
memory once. All processes share one process group, so that `kill -9` of the group leaves nothing behind, and every part ends by
itself when the supervisor is gone. What was acknowledged before any of this is on disk.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.db import connections

from trustdesk.management import parts

#: A part that ran so long is healthy again: its next death is answered at once.
HEALTHY = 30.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: After so many seconds a part that was asked to stop is killed; the whole stop stays under five.
GRACE = 3.0
FORK = multiprocessing.get_context("fork")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Part:
    """One process of the tree: its label for people and the arguments of `trustdesk` that start it."""

    label: str
    arguments: Sequence[str]
    process: BaseProcess | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


@dataclass
class Supervisor:
    """Keeps parts alive until `stop` is set. `say` gets one line for people whenever something happens. It runs in a
    process without other threads and open connections: what is forked would have half of each."""

    parts: list[Part]
    say: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    _alive: tuple[int, int] = (-1, -1)

    def run(self, ready: Callable[[], bool]) -> None:
        """Start everything and watch until `stop` is set; meanwhile ask `ready` until it says yes."""
        self._alive = os.pipe()  # nothing is ever written: that our end closes tells the parts that we are gone
        gc.collect()
        gc.freeze()  # a collection in a part would else write to all that the parts share
        said = False
        try:
            while not self.stop.is_set():
                for part in self.parts:
                    self._watch(part)
                said = said or ready()
                self.stop.wait(0.1)
        finally:
            self._end()

    def _watch(self, part: Part) -> None:
        now = time.monotonic()
        if part.process is None:
            if now >= part.due:
                self._start(part)
            return
        code = part.process.exitcode
        if code is None:
            return
        if now - part.started >= HEALTHY:
            part.deaths = 0
        pause = PAUSES[min(part.deaths, len(PAUSES) - 1)]
        part.deaths += 1
        part.due = now + pause
        part.process = None
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self.say(f"{part.label} {how}; starting it again in {pause:g} s")

    def _start(self, part: Part) -> None:
        part.process = child(part.arguments, name=part.label, alive=self._alive)
        part.started = time.monotonic()

    def _end(self) -> None:
        alive = [part.process for part in self.parts if part.process is not None and part.process.exitcode is None]
        for process in alive:
            process.terminate()
        until = time.monotonic() + GRACE
        for process in alive:
            process.join(max(0.05, until - time.monotonic()))
            if process.exitcode is None:
                self.say(f"{process.name} did not stop in time and was killed; what it was doing will be done again")
                process.kill()
                process.join()


def child(arguments: Sequence[str], *, name: str, alive: tuple[int, int] | None = None) -> BaseProcess:
    """Fork a process that runs one `trustdesk` command. `alive` are the two ends of the supervisor's pipe."""
    connections.close_all()
    process = FORK.Process(target=_become, args=(arguments, alive), name=name)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the child has other handlers than we have
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return process


def _become(arguments: Sequence[str], alive: tuple[int, int] | None) -> None:
    """What a forked process does first: nothing of the supervisor's goes on in it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if alive is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor stops us in order
        os.close(alive[1])
        parts.supervised_by(alive[0])
    with contextlib.suppress(OSError):  # where there is /proc: what `ps` and `top` show
        Path("/proc/self/comm").write_text(f"td-{arguments[-1] if '--only' in arguments else arguments[0]}"[:15])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    from trustdesk import cli

    sys.exit(cli.main(list(arguments)))


def free(port: int) -> bool:
    """Whether a port of the loopback interface can be opened now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((parts.HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on a port of the loopback interface."""
    try:
        socket.create_connection((parts.HOST, port), 0.5).close()
    except OSError:
        return False
    return True

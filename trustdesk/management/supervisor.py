"""One foreground process tree: starts the parts of a desk, starts again what dies, stops all of them in order.

All processes share one process group, so that `kill -9` of the group leaves nothing behind, and every part ends by
itself when the supervisor is gone. What was acknowledged before any of this is on disk.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trustdesk.management.parts import HOST, SUPERVISED

#: A part that ran so long is healthy again: its next death is answered at once.
HEALTHY = 30.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: After so many seconds a part that was asked to stop is killed; the whole stop stays under five.
GRACE = 3.0


@dataclass
class Part:
    """One process of the tree: its label for people and the arguments of `trustdesk` that start it."""

    label: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


@dataclass
class Supervisor:
    """Keeps parts alive until `stop` is set. `say` gets one line for people whenever something happens."""

    parts: list[Part]
    environment: dict[str, str]
    say: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, ready: Callable[[], None]) -> None:
        """Start everything, call `ready` once (in a thread of its own), and watch until `stop` is set."""
        threading.Thread(target=ready, daemon=True).start()
        try:
            while not self.stop.is_set():
                for part in self.parts:
                    self._watch(part)
                self.stop.wait(0.1)
        finally:
            self._end()

    def _watch(self, part: Part) -> None:
        now = time.monotonic()
        if part.process is None:
            if now >= part.due:
                self._start(part)
            return
        code = part.process.poll()
        if code is None:
            return
        if now - part.started >= HEALTHY:
            part.deaths = 0
        pause = PAUSES[min(part.deaths, len(PAUSES) - 1)]
        part.deaths += 1
        part.due = now + pause
        _close(part)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self.say(f"{part.label} {how}; starting it again in {pause:g} s")

    def _start(self, part: Part) -> None:
        part.process = subprocess.Popen(
            [sys.executable, "-m", "trustdesk.cli", *part.arguments],
            stdin=subprocess.PIPE,  # never written to: its end tells the part that we are gone
            env=self.environment,
        )
        part.started = time.monotonic()

    def _end(self) -> None:
        alive = [part for part in self.parts if part.process is not None and part.process.poll() is None]
        for part in alive:
            assert part.process is not None
            part.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE
        for part in alive:
            assert part.process is not None
            try:
                part.process.wait(max(0.05, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{part.label} did not stop in time and was killed; what it was doing will be done again")
                part.process.kill()
                part.process.wait()
        for part in self.parts:
            _close(part)


def _close(part: Part) -> None:
    if part.process is not None and part.process.stdin is not None:
        part.process.stdin.close()
    part.process = None


def environment(home: Path) -> dict[str, str]:
    """What the parts get to know: this program wherever it lies, and the desk's folder whatever their directory."""
    root = str(Path(__file__).resolve().parents[2])
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != root]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([root, *known]),
        "TRUSTDESK_HOME": str(home),
        SUPERVISED: "1",
    }


def free(port: int) -> bool:
    """Whether a port of the loopback interface can be opened now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on a port of the loopback interface."""
    try:
        socket.create_connection((HOST, port), 0.5).close()
    except OSError:
        return False
    return True

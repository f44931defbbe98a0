"""The processes that a running desk is made of. Each is a function that runs until SIGTERM and returns an exit code."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, close_old_connections, connection

from trustdesk import clock
from trustdesk.flow import leases, plugins, tick, work
from trustdesk.management import scheduled, submitting
from trustdesk.queries.health import HEARTBEAT_KEY, embedded

log = logging.getLogger("trustdesk.run")

HOST = "127.0.0.1"
#: How long a worker that found nothing to do waits before it looks again, in seconds.
IDLE = 0.25
#: The same for the worker of long tasks.
LOOK = 5.0
#: How long a busy worker pauses between tasks so that a door or a person gets to write: two looks of `trustdesk.sqlite`.
GIVE_WAY = 0.002
TICK = 1.0
HOUSEKEEPING = timedelta(minutes=1)
HEARTBEAT = timedelta(seconds=5)
#: Threads of one web process: a page that waits for the database or a proxy that reads slowly holds up nobody.
THREADS = 8
#: After so many seconds the first pages have loaded what all pages need.
SETTLE = 30.0


def stopping() -> threading.Event:
    """An event that SIGTERM (and Ctrl-C, for a part that runs alone) sets. Main thread only."""
    event = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: event.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN if supervised() else lambda *_: event.set())
    return event


_alive: int | None = None


def supervised_by(pipe: int) -> None:
    """Remember that a supervisor forked this process; the other end of `pipe` closes when it is gone."""
    global _alive
    _alive = pipe


def supervised() -> bool:
    """Whether a supervisor started this process."""
    return _alive is not None


def end_with_supervisor() -> None:
    """Stop cleanly when the supervisor is gone, even if it was killed: nobody would restart or stop us any more."""

    def watch(pipe: int) -> None:
        while os.read(pipe, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if _alive is not None:
        threading.Thread(target=watch, args=(_alive,), daemon=True, name="supervisor-watch").start()


def web_processes() -> int:
    """How many processes answer the web's port: threads of one share a core."""
    return settings.WEB_PROCESSES or (1 if embedded() else min(2, os.cpu_count() or 1))


def settle() -> None:
    """Set aside what is loaded by now. To look through all of it for garbage takes a tenth of a second, in the middle of
    somebody's page; what pages leave behind is found as before."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _door(several: bool) -> socket.socket:
    """The web's port, which several processes may listen to at once. Raises OSError if it is somebody else's."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if several:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    door.bind((HOST, settings.WEB_PORT))
    return door


def web() -> int:
    """Screens, public pages and API, by waitress."""
    import waitress

    from trustdesk.web.wsgi import application

    def leave(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN if supervised() else leave)
    behind: dict[str, object] = {
        "clear_untrusted_proxy_headers": False
    }  # seen by nobody but `web.health`, as a warning
    if settings.BEHIND_TLS:
        behind = {"trusted_proxy": HOST, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}
        behind["clear_untrusted_proxy_headers"] = True
    try:
        server = waitress.create_server(
            application,
            sockets=[_door(web_processes() > 1)],
            threads=THREADS,
            ident="",
            channel_timeout=60,
            max_request_body_size=64 * 1024 * 1024,
            max_request_header_size=64 * 1024,
            **behind,
        )
    except OSError as error:
        sys.stderr.write(f"trustdesk: port {settings.WEB_PORT} (TRUSTDESK_WEB_PORT): {error.strerror or error}\n")
        return 75
    for seconds in (SETTLE, 20 * SETTLE):
        later = threading.Timer(seconds, settle)
        later.daemon = True
        later.start()
    server.run()  # returns when SIGTERM raises SystemExit inside it
    return 0


#: Tasks that compute for long. Beside a worker of their own (`apart`) no other takes them: letters and measures go on.
LONG = (scheduled.TASK,)


def load_handlers() -> None:
    """Everything that does tasks: what `flow` has, and what needs more than `flow` may know."""
    work.load_handlers()  # those of this package register themselves when it is imported


def apart() -> bool:
    """Whether this desk runs a worker of its own for long tasks."""
    return bool(settings.DESK.reports)


def worker() -> int:
    """Do tasks as they become due."""
    load_handlers()
    but = LONG if apart() and supervised() else ()

    def once() -> float:
        return IDLE if work.run_once(clock.now, but=but) == 0 else GIVE_WAY

    return _loop(once)


def reports() -> int:
    """Do the tasks that compute for long."""
    load_handlers()
    return _loop(lambda: LOOK if work.run_once(clock.now, names=LONG) == 0 else GIVE_WAY)


def ticker() -> int:
    """Watch the clocks, hand back what dead workers held, keep house."""
    kept = beaten = datetime.min.replace(tzinfo=clock.now().tzinfo)

    def once() -> float:
        nonlocal kept, beaten
        now = clock.now()
        tick.tick(now)
        if now - beaten >= HEARTBEAT:
            leases.release_dead(now=now)
            cache.set(HEARTBEAT_KEY, now.isoformat(), None)
            beaten = now
        if now - kept >= HOUSEKEEPING:
            tick.housekeeping(now)
            scheduled.run(now)
            submitting.run(now)
            kept = now
        return TICK

    return _loop(once)


def listener() -> int:
    """Take in mail."""
    from trustdesk.doors import listener as door

    return door.run()


def imap() -> int:
    """Take reports out of the mailbox of desk.toml's [imap] table."""
    from trustdesk.doors.imap import Door
    from trustdesk.doors.imap_settings import account

    found = account(settings.DESK.imap)
    if found is not None:
        Door(found).run(stopping())
    return 0


def sample() -> int:
    """The sample provider: customers' sites and the control API that measures go to."""
    from examples.provider import serve

    ended = stopping()
    try:
        provider = serve(settings.HOME / "provider", plugins.SAMPLE_CONTROL_PORT, plugins.SAMPLE_SITES_PORT)
    except OSError as error:
        sys.stderr.write(f"trustdesk: the sample provider cannot open its ports: {error.strerror or error}\n")
        return 75
    ended.wait()
    provider.stop()
    return 0


PARTS: dict[str, Callable[[], int]] = {
    "web": web,
    "worker": worker,
    "reports": reports,
    "ticker": ticker,
    "listener": listener,
    "imap": imap,
    "sample": sample,
}


def _loop(once: Callable[[], float]) -> int:
    """Call `once` until told to stop; it returns how many seconds to wait. A database that is away is waited for."""
    ended = stopping()
    while not ended.is_set():
        try:
            close_old_connections()
            pause = once()
        except OperationalError as error:
            log.warning("database: %s", error)
            connection.close()
            pause = 1.0
        if pause:
            ended.wait(pause)
    connection.close()
    return 0

"""`trustdesk run`: the whole desk in one foreground process tree."""

from __future__ import annotations

import signal
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command, get_commands

from trustdesk.doors.imap_settings import account
from trustdesk.flow import authenticate, plugins
from trustdesk.management import lake, parts, scheduled, submitting
from trustdesk.management.base import AGAIN, alone
from trustdesk.management.base import Command as Base
from trustdesk.management.commands.setup import ACCOUNTS, sample_is_here
from trustdesk.management.supervisor import SIGNALS, Part, Supervisor, answers, child, free
from trustdesk.queries import health

#: The parts of a run before this one may still be ending; a port that stays taken for so long is somebody else's.
PATIENCE = 6.0


class Command(Base):
    """Start everything, say where it is, and watch over it until Ctrl-C."""

    help = "start the whole desk: web, worker, clocks and mail listener; the sample provider too where it is one"
    needs_desk = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ports come from the environment (docs/operate/settings.md)."""
        parser.add_argument("--workers", type=int, metavar="N", help="worker processes (default: 1; 2 on PostgreSQL)")
        parser.add_argument("--no-sample", action="store_true", help="without the sample provider and its demo")
        parser.add_argument("--no-demo", action="store_true", help="do not fill a fresh sample desk with the demo")
        parser.add_argument("--only", choices=sorted(parts.PARTS), help="one part alone, for service managers")

    def handle(self, *args: Any, only: str | None, **options: Any) -> None:
        """Exit codes: 0 stopped as asked; 75 a port is taken or this desk runs already."""
        if only is not None:
            parts.end_with_supervisor()
            self.ensure_set_up()
            sys.exit(parts.PARTS[only]())
        if options["workers"] is not None and not 0 < options["workers"] <= 64:
            raise CommandError("--workers: between 1 and 64")
        why = f"this desk ({settings.HOME}) runs already; stop it first, or set TRUSTDESK_HOME to another folder"
        with alone(settings.HOME / "run.lock", wait=1, why=why):
            self._run(**options)

    def _run(self, *, workers: int | None, no_sample: bool, no_demo: bool, **_: Any) -> None:
        sample = settings.DESK.sample and not no_sample and sample_is_here()
        # A table that cannot be used is said now, not by a part or a task that keeps dying.
        mailbox = account(settings.DESK.imap)
        authenticate.resolver_of(settings.DESK.dkim)
        scheduled.schedules(settings.DESK.reports)
        submitting.current()
        every = lake.settings_of(settings.DESK.lake).every_minutes
        ports = self._ports(sample)
        self._free(ports)
        call_command("setup", stdout=self.stdout, stderr=self.stderr)
        if sample and not no_demo and health.is_new():
            self._demo()
        webs = parts.web_processes()
        tree = [Part(f"web {n}" if webs > 1 else "web", ["run", "--only", "web"]) for n in range(1, webs + 1)]
        tree.append(Part("ticker", ["run", "--only", "ticker"]))
        if settings.LMTP_PORT or settings.SMTP_PORT:
            tree.append(Part("mail listener", ["run", "--only", "listener"]))
        if mailbox is not None:
            tree.append(Part("mailbox reader", ["run", "--only", "imap"]))
        if every:
            tree.append(Part("lake", ["lake", "export", "--every", str(every)]))
        count = workers or (1 if health.embedded() else 2)
        tree += [
            Part(f"worker {n}" if count > 1 else "worker", ["run", "--only", "worker"]) for n in range(1, count + 1)
        ]
        if parts.apart():
            tree.append(Part("report maker", ["run", "--only", "reports"]))
        if sample:
            tree.append(Part("sample provider", ["run", "--only", "sample"]))
        supervisor = Supervisor(tree, lambda line: self.note(f"trustdesk: {line}"))
        for number in SIGNALS:
            signal.signal(number, lambda *_: supervisor.stop.set())
        supervisor.run(lambda: self._ready(ports))
        self.say("stopped")

    def _ports(self, sample: bool) -> dict[str, int]:
        ports = {"WEB": settings.WEB_PORT, "LMTP": settings.LMTP_PORT, "SMTP": settings.SMTP_PORT}
        if sample:
            ports |= {"SAMPLE_CONTROL": plugins.SAMPLE_CONTROL_PORT, "SAMPLE_SITES": plugins.SAMPLE_SITES_PORT}
        return {name: port for name, port in ports.items() if port}

    def _free(self, ports: dict[str, int]) -> None:
        until = time.monotonic() + PATIENCE
        taken = dict(ports)
        while taken:
            taken = {name: port for name, port in taken.items() if not free(port)}
            if taken and time.monotonic() >= until:
                lines = "".join(f"\n  port {port} is taken; set TRUSTDESK_{name}_PORT" for name, port in taken.items())
                raise CommandError(f"cannot start:{lines}", returncode=AGAIN)
            if taken:
                time.sleep(0.1)

    def _demo(self) -> None:
        if "demo" not in get_commands():
            return
        self.say("Filling the sample desk with two weeks of life …")
        demo = child(["demo"], name="demo")
        demo.join()
        if demo.exitcode:
            self.note(f"trustdesk: the demo ended with code {demo.exitcode}; the desk starts without it")

    def _ready(self, ports: dict[str, int]) -> bool:
        if not all(answers(port) for port in ports.values()):
            return False
        lines = [f"\n{settings.DESK.name}: the desk is running. Ctrl-C stops it.\n"]
        lines.append(f"  desk            http://127.0.0.1:{ports['WEB']}/")
        lines.append(f"  report abuse    http://127.0.0.1:{ports['WEB']}/report")
        lines.append(f"  API             http://127.0.0.1:{ports['WEB']}/v1/openapi.json")
        for name, protocol in (("LMTP", "LMTP"), ("SMTP", "SMTP")):
            if name in ports:
                lines.append(f"  mail ({protocol})     127.0.0.1:{ports[name]}  to {settings.DESK.address}")
        if "SAMPLE_SITES" in ports:
            lines.append(f"  customers' sites http://127.0.0.1:{ports['SAMPLE_SITES']}/")
        accounts = settings.HOME / ACCOUNTS
        if settings.DESK.sample and accounts.exists():
            lines.append(f"\n  demo accounts (kept in {accounts}):")
            lines += [f"    {line}" for line in accounts.read_text("utf-8").splitlines()]
        self.say("\n".join(lines) + "\n")
        return True

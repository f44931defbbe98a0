"""Authenticate: who sent a report really? DKIM and the signatures of keys we know (OpenPGP, S/MIME) are checked here, SPF
and DMARC are taken from hosts the operator trusts.

Keys are asked for in the DNS, which takes time and may fail, so this is a task of its own beside the case, and off
until `desk.toml` says otherwise. What passed is kept with the party (`dkim:bank.example`); `from:bank.example` says
that the address in From belongs to a domain that passed. Nothing is believed for a display name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from trustdesk import evidence, keyring
from trustdesk.core.types import SYSTEM, Actor, Channel
from trustdesk.flow.record import locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.models import Entry, Party, Report, Task
from trustdesk.reading import canonical
from trustdesk.reading.authentication import Authentication, Resolver, authenticate
from trustdesk.reading.message import Message
from trustdesk.reading.sealed import unseal
from trustdesk.settings.desk import DeskError

#: Only mail of today: keys of old mail are gone, and what came by other doors was not signed.
CHANNELS = frozenset({Channel.MAIL, Channel.IMPORT})
#: A resolver that does not answer is asked again so often.
PATIENCE = 4


def wanted(report: Report) -> bool:
    """Whether somebody wants to know who sent this report."""
    asked = settings.DESK.trusted_authserv or settings.DESK.dkim.get("enabled") or keyring.current().known
    return report.channel in CHANNELS and bool(asked)


def check(report_id: int, *, resolver: Resolver, actor: Actor = SYSTEM, now: datetime, last: bool = True) -> bool:
    """Check one report and keep what is verified of its sender; False if there was nothing to say or it was said.

    Raises TryLater when a key could not be asked for, unless this is the `last` attempt.
    """
    report = Report.objects.select_related("reporter").get(pk=report_id)
    if report.case_id is None or report.reporter_id is None:
        return False
    try:
        message = Message.from_bytes(evidence.get(report.evidence_id))
    except evidence.Erased:
        return False
    unseal(message, keyring.current())
    found = authenticate(message, resolver, trusted=settings.DESK.trusted_authserv)
    if not found.results:
        return False
    if not last and any(r.result == "temperror" and r.by == "self" for r in found.results):
        raise TryLater("a DKIM key could not be asked for")
    with locked(report.case_id) as case:
        said = Entry.objects.filter(chain=case.pk, kind="report.authenticated")
        if said.filter(body__contains=f'"report":{report.pk},').exists():
            return False
        party = Party.objects.get(pk=report.reporter_id)
        party.verified = verified(found, party.email)
        body = {
            "report": report,
            "results": sorted({(r.method, r.result) for r in found.results}),
            "aligned": found.aligned,
            "flagger": not {f"from:{domain.lower()}" for domain in settings.DESK.trusted_flaggers}.isdisjoint(
                party.verified
            ),
        }
        record(case, "report.authenticated", body, actor=actor, now=now, rows=[party])
    return True


def verified(found: Authentication, address: str) -> list[str]:
    """What passed, as it is kept: `method:domain`, and `from:domain` if the address is of a domain that passed."""
    passed = [f"{r.method}:{r.domain}" for r in found.results if r.result == "pass" and r.domain and r.method != "arc"]
    own = canonical.registrable(address.rpartition("@")[2])
    if found.aligned and own:
        passed.append(f"from:{own}")
    return list(dict.fromkeys(passed))[:20]


def resolver_of(table: dict[str, object]) -> Resolver:
    """A resolver by the `[dkim]` table of `desk.toml`. Raises DeskError naming the key that is wrong."""
    known: dict[str, object] = {"enabled": False, "nameservers": [], "port": 53, "timeout": 5}
    for key, value in table.items():
        if key not in known or type(value) is not type(known[key]):
            raise DeskError(f"desk.toml [dkim]: {key} is unknown or of a wrong type; known are {', '.join(known)}")
    values = known | table
    if not values["enabled"]:
        return lambda name: None
    return _resolver(tuple(values["nameservers"]), int(values["port"]), float(values["timeout"]))  # type: ignore[arg-type, call-overload]


@lru_cache(maxsize=4)
def _resolver(nameservers: tuple[str, ...], port: int, timeout: float) -> Resolver:
    import dns.exception
    import dns.resolver

    asked = dns.resolver.Resolver(configure=not nameservers)
    if nameservers:
        asked.nameservers = list(nameservers)
    asked.port, asked.lifetime, asked.timeout = port, timeout, timeout / 2

    def resolve(name: str) -> bytes | None:
        try:
            answer = asked.resolve(name, "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        except (dns.exception.Timeout, dns.resolver.NoNameservers) as error:
            raise OSError(f"{type(error).__name__} for {name}"[:200]) from error
        except (dns.exception.DNSException, UnicodeError, ValueError):  # a name that is none
            return None
        return b"".join(answer[0].strings)

    return resolve


@handler("authenticate")
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Check the report of the task."""
    resolver = resolver_of(settings.DESK.dkim)
    for task in tasks:
        check(task.arguments["report"], resolver=resolver, now=clock(), last=task.attempts >= PATIENCE)

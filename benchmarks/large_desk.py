"""A desk of any size, written straight into the tables: what three years of a busy provider leave behind.

The rows look like those of the flow (the same columns, indexes, shares), but nothing is hashed and no mail is read: this
is for measuring how lists and pages are found, not for `trustdesk verify`.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

YEARS = timedelta(days=3 * 365)
#: Of a thousand cases so many are of each category.
MIX = {
    "phishing": 330, "copyright": 240, "spam": 120, "malware": 100, "network_attack": 70, "fraud": 50, "trademark": 30,
    "compromised": 20, "botnet": 15, "illegal_goods": 10, "ncii": 5, "child_safety": 3, "terrorism": 2, "other": 5,
}  # fmt: skip
#: One case in five is open, as in "1,000,000 cases, 200,000 open".
OPEN_SHARE = 0.2
PEOPLE = 24
BATCH = 20_000
ENTRIES = ("case.opened", "report.received", "case.enriched", "notice.queued", "notice.sent")


class Table:
    """Rows of one model as the driver takes them: defaults where nothing is said, columns in the table's order."""

    def __init__(self, model: Any, vendor: str) -> None:
        self.model, self.vendor = model, vendor
        self.fields = list(model._meta.concrete_fields)
        self.columns = [str(f.column) for f in self.fields]
        self.at = {f.attname: n for n, f in enumerate(self.fields)}
        self.base = [None if f.primary_key else self.plain(f.get_default()) for f in self.fields]

    def plain(self, value: Any) -> Any:
        """A value as text or number."""
        if callable(value):
            value = value()
        if isinstance(value, dict | list):
            return json.dumps(value)
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%d %H:%M:%S.%f" + ("+00" if self.vendor == "postgresql" else ""))
        if isinstance(value, bool) and self.vendor != "postgresql":
            return int(value)
        return value

    def row(self, **values: Any) -> list[Any]:
        """One row."""
        out = self.base.copy()
        for name, value in values.items():
            out[self.at[name]] = self.plain(value) if isinstance(value, dict | list | datetime | bool) else value
        return out


def fill(cases: int, *, now: datetime, seed: int = 7) -> dict[str, int]:
    """Write a desk of so many cases into the empty database in use. Returns how many rows each table has."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.db import connection

    from trustdesk import evidence, models
    from trustdesk.queries.access import ROLES

    chance = random.Random(seed)
    for role in ROLES:
        Group.objects.get_or_create(name=role)
    people = []
    for n in range(PEOPLE):
        user = get_user_model().objects.create(username=f"person-{n}", first_name=f"Person {n}")
        role = "investigator" if n < PEOPLE - 4 else ("senior", "senior", "manager", "admin")[n - PEOPLE + 4]
        user.groups.set([Group.objects.get(name=role)])
        people.append(user.pk)
    digests = evidence.put_many([_mail(n) for n in range(200)])
    tables = {name: Table(getattr(models, name), connection.vendor) for name in (
        "Evidence", "Subject", "Asset", "Party", "Case", "Report", "Joining", "Indicator", "Fact", "Clock", "Decision",
        "Measure", "Notice", "Entry",
    )}  # fmt: skip
    made = _Made(cases, tables, people, digests, chance, now)
    with _indexes_later(connection):
        for name, rows in made.everything():
            _write(connection, tables[name], rows)
    with connection.cursor() as cursor:
        counts = {}
        for name, table in tables.items():
            cursor.execute(f"SELECT count(*) FROM {table.model._meta.db_table}")
            counts[name] = cursor.fetchone()[0]
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return counts


def _mail(n: int) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"soc-{n}@bank.example", "abuse@nube-norte.example", "Phishing"
    text = f"Hello,\n\nthis page imitates our sign-in:\n\n  https://site-{n}.example/login\n\nPlease take it down.\n"
    mail.set_content(text + "Log line follows.\n" * 30)
    return bytes(mail)


class _Made:
    """The rows, table by table, in an order in which what is referred to exists. Numbers are dealt out here."""

    def __init__(
        self,
        cases: int,
        tables: dict[str, Table],
        people: list[int],
        digests: Any,
        chance: random.Random,
        now: datetime,
    ) -> None:
        self.cases, self.t, self.people, self.chance, self.now = cases, tables, people, chance, now
        self.digests = list(digests)
        self.subjects = max(cases // 20, 10)
        self.categories = chance.choices(list(MIX), list(MIX.values()), k=cases)
        self.first_open = int(cases * (1 - OPEN_SHARE))
        # A few customers and reporters have very many cases, most have few.
        self.of = [int(self.subjects * chance.random() ** 2) + 1 for _ in range(cases)]

    def opened(self, n: int) -> datetime:
        """When case n was opened: evenly over the years, the open ones within the last sixty days."""
        if n < self.first_open:
            return self.now - YEARS + (YEARS - timedelta(days=60)) * (n / self.first_open)
        return self.now - timedelta(days=60) * (1 - (n - self.first_open) / (self.cases - self.first_open))

    def due(self, n: int) -> datetime | None:
        """The nearest due time of an open case: a few late, a few soon, one in twenty without."""
        if n % 20 == 3:
            return None
        return self.now + timedelta(minutes=(n * 7919) % 20_000 - 600)

    def everything(self) -> Iterator[tuple[str, Iterator[list[Any]]]]:
        """(table, rows) in order."""
        for name in self.t:
            yield name, getattr(self, name.lower())()

    def evidence(self) -> Iterator[list[Any]]:
        for digest in self.digests:
            yield self.t["Evidence"].row(digest=digest, size=900, media_type="message/rfc822", stored_at=self.now)

    def subject(self) -> Iterator[list[Any]]:
        for n in range(1, self.subjects + 1):
            yield self.t["Subject"].row(
                id=n, ref=f"c-{n}", name=f"Customer {n} Hosting", email=f"o{n}@c{n}.example", country="MX"
            )

    def asset(self) -> Iterator[list[Any]]:
        row = self.t["Asset"].row
        for n in range(1, self.subjects + 1):
            yield row(id=2 * n - 1, subject_id=n, kind="site", ref=f"site-{n}", value=f"s{n}.example", role="hosting")
            yield row(id=2 * n, subject_id=n, kind="account", ref=f"u-{n}", value=f"c-{n}", role="hosting")

    def party(self) -> Iterator[list[Any]]:
        for n in range(self.cases):
            who = n % 20 if n % 10 < 3 else n
            yield self.t["Party"].row(id=n + 1, kind="reporter", name=f"SOC {who}", email=f"soc-{who}@bank.example")

    def case(self) -> Iterator[list[Any]]:
        from trustdesk.queries import rulebook

        queues = {c: rulebook.queue_of(rulebook.policy(), c, "notice") for c in MIX}
        row, chance = self.t["Case"].row, self.chance
        for n in range(self.cases):
            category, subject, at = self.categories[n], self.of[n], self.opened(n)
            values: dict[str, Any] = {
                "id": n + 1, "category": category, "form": "notice", "queue": queues[category], "severity": 3,
                "title": f"https://s{subject}.example/path/{n:x}", "subject_id": subject, "asset_id": 2 * subject - 1,
                "merge_key": f"{n:064x}", "report_count": 1, "opened_at": at, "last_report_at": at, "seq": 5,
                "head": f"{n * 5 + 4:064x}", "language": "en",
            }  # fmt: skip
            if n < self.first_open:
                values |= {"state": "closed", "outcome": self.outcome(n), "closed_at": at + timedelta(hours=30)}
                values |= {"first_decision_at": at + timedelta(hours=20), "priority": 300}
            else:
                state = chance.choices(("open", "waiting", "enforcing", "held"), (900, 50, 40, 10))[0]
                values |= {"state": state, "open_key": f"{n:064x}", "priority": chance.randrange(1000)}
                values |= {"next_due_at": self.due(n), "unread": int(n % 100 == 7)}
                if n % 10 == 0:
                    values |= {"assigned_to_id": self.people[(n // 10) % 20], "assigned_at": at}
            yield row(**values)

    def outcome(self, n: int) -> str:
        return ("measures", "measures", "no_violation", "insufficient", "forwarded")[n % 5]

    def report(self) -> Iterator[list[Any]]:
        row = self.t["Report"].row
        for n in range(self.cases):
            yield row(
                id=n + 1, evidence_id=self.digests[n % len(self.digests)], identity=f"{n:064x}", channel="mail",
                received_at=self.opened(n), state="joined", form="notice", category=self.categories[n],
                confidence=0.9, language="en", title="Phishing", message_id=f"<{n}@bank.example>", reporter_id=n + 1,
                case_id=n + 1, reader="mail",
            )  # fmt: skip

    def joining(self) -> Iterator[list[Any]]:
        for n in range(self.cases):
            yield self.t["Joining"].row(id=n + 1, report_id=n + 1, case_id=n + 1, at=self.opened(n))

    def indicator(self) -> Iterator[list[Any]]:
        row = self.t["Indicator"].row
        for n in range(self.cases):
            host, asset = f"s{self.of[n]}.example", 2 * self.of[n] - 1
            yield row(
                id=2 * n + 1, report_id=n + 1, case_id=n + 1, position=0, kind="url",
                value=f"https://{host}/path/{n:x}", host=host, role="target", start=-1, end=-1, asset_id=asset,
            )  # fmt: skip
            yield row(
                id=2 * n + 2, report_id=n + 1, position=1, kind="domain", value="bank.example", host="bank.example",
                role="reference", start=-1, end=-1,
            )  # fmt: skip

    def fact(self) -> Iterator[list[Any]]:
        row = self.t["Fact"].row
        for n in range(self.first_open, self.cases):
            about, at = f"s{self.of[n]}.example", self.opened(n)
            yield row(case_id=n + 1, about=about, name="dns.a", value=["203.0.113.7"], source="dns", observed_at=at)

    def clock(self) -> Iterator[list[Any]]:
        row = self.t["Clock"].row
        for n in range(self.cases):
            at, due = self.opened(n), self.due(n)
            same = {"case_id": n + 1, "regime": "house-targets", "source": "house target", "kind": "target"}
            same |= {"actor": "provider", "started_at": at, "regime_version": "1"}
            yield row(
                **same, name="thanks", title="Say thank you", state="met", due_at=at + timedelta(hours=1), ended_at=at
            )
            first = same | {"name": "first-decision", "title": "First decision"}
            if n < self.first_open:
                yield row(**first, state="met", due_at=at + timedelta(hours=24), ended_at=at + timedelta(hours=20))
            elif due is None and n % 40 == 3:
                yield row(**first, state="breached", due_at=at, breached_at=at)
            elif due is not None:
                yield row(**first, state="running", due_at=due)

    def decision(self) -> Iterator[list[Any]]:
        row = self.t["Decision"].row
        for n in range(self.first_open):
            outcome, by = self.outcome(n), self.people[n % 20]
            yield row(
                id=n + 1, case_id=n + 1, outcome=outcome, ground="policy" if outcome == "measures" else "none",
                clause="2.1" if outcome == "measures" else "", policy="example-host@1", policy_digest="0" * 64,
                reasons="We looked at it and found the report to be right.", state="final", made_by=f"person:{by}",
                made_at=self.opened(n) + timedelta(hours=20),
                plan=[{"kind": "site_disable", "asset": 2 * self.of[n] - 1, "target": ""}] if outcome == "measures" else [],
            )  # fmt: skip

    def measure(self) -> Iterator[list[Any]]:
        row = self.t["Measure"].row
        for n in range(self.first_open):
            if self.outcome(n) == "measures":
                at = self.opened(n) + timedelta(hours=20)
                yield row(
                    case_id=n + 1, decision_id=n + 1, kind="site_disable", asset_id=2 * self.of[n] - 1, plugin="webhook",
                    key=f"m-{n}", state="confirmed" if n % 3 else "lifted", ordered_at=at, applied_at=at, confirmed_at=at,
                )  # fmt: skip

    def notice(self) -> Iterator[list[Any]]:
        row = self.t["Notice"].row
        for n in range(self.cases):
            at = self.opened(n)
            yield row(
                case_id=n + 1, report_id=n + 1, kind="acknowledgement", to_role="reporter", language="en",
                to_address=f"soc-{n % 20}@bank.example", title="We have your report", text="Thank you. " * 20,
                html="<p>Thank you.</p>", message_id=f"<n{n}@nube-norte.example>", channel="mailbox", state="sent",
                created_at=at, sent_at=at,
            )  # fmt: skip

    def entry(self) -> Iterator[list[Any]]:
        row = self.t["Entry"].row
        for n in range(self.cases):
            at = self.opened(n)
            for step, kind in enumerate(ENTRIES):
                number = n * len(ENTRIES) + step
                body = f'{{"form":"notice","report":{n + 1},"rows":{{"case/{n + 1}":"{number:064x}"}}}}'
                yield row(
                    chain=n + 1, seq=step + 1, kind=kind, at=at, actor="system", body=body, prev=f"{number:064x}",
                    hash=f"{number:064x}",
                )  # fmt: skip


def _write(connection: Any, table: Table, rows: Iterable[list[Any]]) -> None:
    from django.db import transaction

    name = table.model._meta.db_table
    numbered = table.model._meta.pk.attname == "id" and table.base[table.at["id"]] is None
    columns = table.columns
    first = next(iter(rows := iter(rows)), None)
    if first is None:
        return
    keyed = not numbered or first[table.at["id"]] is not None
    skip = None if keyed else table.at["id"]
    if skip is not None:
        columns = [c for n, c in enumerate(columns) if n != skip]
    listed = ", ".join(f'"{c}"' for c in columns)

    def every() -> Iterator[list[Any]]:
        for row in _chain(first, rows):
            yield row if skip is None else [v for n, v in enumerate(row) if n != skip]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
                for text in _lines(every()):
                    copy.write(text)
            if keyed and table.model._meta.pk.attname == "id":
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
        else:
            marks = ", ".join(["%s"] * len(columns))
            with transaction.atomic():  # else each row is synced to the disk by itself
                cursor.executemany(f"INSERT INTO {name} ({listed}) VALUES ({marks})", every())


def _lines(rows: Iterator[list[Any]]) -> Iterator[str]:
    """Rows in PostgreSQL's text form, some thousands at a time."""
    out, lines = io.StringIO(), 0
    for row in rows:
        out.write(
            "\t".join(
                "\\N" if v is None else v.replace("\\", "\\\\").replace("\t", " ").replace("\n", "\\n")
                if isinstance(v, str) else str(v)
                for v in row
            )
        )  # fmt: skip
        out.write("\n")
        lines += 1
        if lines == BATCH:
            yield out.getvalue()
            out, lines = io.StringIO(), 0
    yield out.getvalue()


def _chain(first: list[Any], rest: Iterator[list[Any]]) -> Iterator[list[Any]]:
    yield first
    yield from rest


class _indexes_later:
    """On PostgreSQL: without indexes and foreign keys while the rows come in, with them afterwards."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.made = connection, []

    def __enter__(self) -> None:
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # no foreign keys are looked up row by row
            cursor.execute(
                "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname "
                "WHERE i.tablename LIKE 'trustdesk\\_%' AND c.conname IS NULL"
            )
            self.made = cursor.fetchall()
            for name, _definition in self.made:
                cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, *_: object) -> None:
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for _name, definition in self.made:
                cursor.execute(definition)
            cursor.execute("SET session_replication_role = origin")

"""The lake of this desk: where it lies, and the one way from the desk's database to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection, connections

from trustdesk.core.types import Finding, Refused
from trustdesk.settings.desk import DeskError
from trustdesk.settings.secrets import secret

if TYPE_CHECKING:
    from trustdesk.insight.lake.source import Source
    from trustdesk.insight.lake.store import Store
    from trustdesk.insight.periods import Period

ENGINES = ("duckdb", "spark", "clickhouse", "postgresql")


@dataclass(frozen=True, slots=True)
class Lake:
    """The [lake] table of `desk.toml`.

    `place` is a folder or the URL of a bucket, `options` what the bucket needs beyond the environment. `every_minutes` is
    how often a running desk exports, 0 never. `engine` counts reports from the lake; without one they are counted from the
    journal.
    """

    place: str = ""
    every_minutes: int = 0
    engine: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def settings_of(table: dict[str, Any]) -> Lake:
    """Read the table strictly. Raises DeskError."""
    known = {f.name: f.type for f in fields(Lake)}
    for name, value in table.items():
        if name not in known:
            raise DeskError(f"desk.toml: [lake] has no key {name!r}; known are {', '.join(sorted(known))}")
        wanted = type(getattr(Lake(), name))
        if type(value) is not wanted:
            raise DeskError(f"desk.toml: [lake] {name} must be a {wanted.__name__}")
    lake = Lake(**table)
    if lake.engine not in ("", *ENGINES):
        raise DeskError(f"desk.toml: [lake] engine must be one of {', '.join(ENGINES)}")
    if lake.every_minutes < 0:
        raise DeskError("desk.toml: [lake] every_minutes must not be negative")
    return lake


def store(place: str = "") -> Store:
    """The lake at `place`, or where `desk.toml` says, or `lake` in the desk's folder."""
    from trustdesk.insight.lake.store import Store

    lake = settings_of(settings.DESK.lake)
    if place or lake.place:
        return Store(place or lake.place, lake.options if not place or place == lake.place else None)
    return Store(str(Path(settings.HOME) / "lake"))


@contextmanager
def source() -> Iterator[Source]:
    """The desk's database for an export. Closes Django's connections first: see `insight.lake.source`."""
    from trustdesk.insight.lake.source import source as opened

    url = database_url(connection.settings_dict)
    connections.close_all()
    key = secret(settings.KEYS_DIR / "lake.key").encode()
    with opened(url, key=key) as view:
        yield view


def database_url(of: dict[str, Any]) -> str:
    """Django's settings of a database as the URL that ADBC takes."""
    if "sqlite" in of["ENGINE"]:
        return f"sqlite://{quote(str(Path(of['NAME']).resolve()))}"
    who = quote(of["USER"], safe="")
    if of["PASSWORD"]:
        who += f":{quote(of['PASSWORD'], safe='')}"
    given = {"host": of["HOST"], "port": of["PORT"]}
    given |= {k: str(v) for k, v in of.get("OPTIONS", {}).items() if isinstance(v, str)}
    query = urlencode({k: v for k, v in given.items() if v})
    return f"postgresql://{who}@/{quote(of['NAME'], safe='')}?{query}"


def categories() -> list[tuple[str, str]]:
    """Categories with their titles, from the rulebook in force."""
    from trustdesk import rules

    return [(info.id, info.title()) for info in rules.current().taxonomy.categories]


def document(period: Period, *, engine: str, provider: str, place: str = "", reporters: bool = False) -> dict[str, Any]:
    """The report on `period`, counted by an engine from the lake as it was last exported.

    It names the checkpoint that was the ledger's latest then. With `reporters` it says who sent more and fewer, by
    pseudonym. Raises Refused when there is no lake, or none of a schema
    that can be read, or the engine is not here.
    """
    from trustdesk.insight.lake.engines import NoEngine, open_engine
    from trustdesk.insight.lake.manifest import latest
    from trustdesk.insight.publication import from_source

    lies = store(place)
    found = latest(lies)
    if found is None:
        raise Refused(Finding("lake.none", "There is no lake yet: `trustdesk lake export` makes one.", "engine"))
    try:
        with open_engine(engine, lies, found) as opened:
            return from_source(opened, period, checkpoint=found.checkpoint, provider=provider, reporters=reporters)
    except NoEngine as error:
        raise Refused(Finding("lake.no_engine", str(error), "engine")) from error

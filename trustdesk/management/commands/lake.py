"""`trustdesk lake`: facts as Parquet, for any engine."""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from trustdesk import clock
from trustdesk.management import lake, parts
from trustdesk.management.base import AGAIN, FINDINGS, USAGE
from trustdesk.management.base import Command as Base


class Command(Base):
    """Export, describe and check the lake."""

    help = "facts of the desk as partitioned Parquet: export them, say what they mean, hold them against the ledger"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand each."""
        parser.add_argument("what", choices=("export", "catalogue", "verify", "files", "sql"))
        parser.add_argument("rest", nargs="?", default="", help="`files`: a table; `sql`: the query")
        parser.add_argument("--place", default="", help="a folder or s3://bucket/prefix (default: [lake] of desk.toml)")
        parser.add_argument("--every", type=int, default=0, metavar="MINUTES", help="`export`: again and again")
        parser.add_argument("--format", choices=("markdown", "html"), default="markdown", help="`catalogue`")
        parser.add_argument("--out", type=Path, metavar="FILE", help="`catalogue`: write to FILE")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        """Exit codes: 0 done; 1 the lake is not what the ledger says; 2 usage; 75 another export runs."""
        getattr(self, f"_{what}")(**options)

    def _export(self, *, place: str, every: int, **_: Any) -> None:
        if every < 0:
            raise CommandError("--every: not negative", returncode=USAGE)
        if not every:
            self._once(place)
            return
        stop = threading.Event()
        parts.end_with_supervisor()
        while not stop.is_set():
            try:
                self._once(place)
            except CommandError as error:  # another export runs, or the bucket does not answer: the next one will do
                self.note(f"lake: {error}")
            stop.wait(every * 60)

    def _once(self, place: str) -> None:
        from trustdesk.insight.lake.export import export
        from trustdesk.insight.lake.source import Busy
        from trustdesk.insight.lake.store import Taken

        titles = lake.categories()
        try:
            with lake.source() as source:
                done = export(source, lake.store(place), now=clock.now(), categories=titles)
        except Busy as error:
            raise CommandError(str(error), returncode=AGAIN) from error
        except Taken as error:
            raise CommandError(
                "another desk wrote into this lake meanwhile; nothing is lost", returncode=AGAIN
            ) from error
        self.note(
            f"lake: {done.entries} new entries, {done.cases} cases, {done.written} files written, {done.kept} kept, "
            f"{done.swept} swept away"
        )

    def _manifest(self, place: str) -> Any:
        from trustdesk.insight.lake.manifest import latest

        found = latest(lake.store(place))
        if found is None:
            raise CommandError("there is no lake yet: `trustdesk lake export` makes one", returncode=USAGE)
        return found

    def _catalogue(self, *, place: str, format: str, out: Path | None, **_: Any) -> None:
        from trustdesk.insight.lake import catalogue
        from trustdesk.insight.lake.manifest import latest

        found, title = latest(lake.store(place)), f"The lake of {settings.DESK.name}"
        text = catalogue.page(found, title=title) if format == "html" else f"# {title}\n\n{catalogue.markdown(found)}"
        if out is None:
            self.stdout.write(text)
            return
        try:
            out.write_text(text, "utf-8")
        except OSError as error:
            raise CommandError(f"cannot write {out}: {error.strerror}", returncode=USAGE) from error

    def _verify(self, *, place: str, **_: Any) -> None:
        from trustdesk.insight.lake.check import check
        from trustdesk.insight.lake.source import Busy

        manifest, store, faults = self._manifest(place), lake.store(place), 0
        try:
            with lake.source() as source:
                for fault in check(source, store, manifest):
                    faults += 1
                    self.say(f"{fault.where}: {fault.what}")
        except Busy as error:
            raise CommandError(str(error), returncode=AGAIN) from error
        rows = sum(f.rows for f in manifest.files)
        self.say(f"{len(manifest.files)} files, {rows} rows, {manifest.entries} entries: {faults or 'no'} faults")
        if faults:
            sys.exit(FINDINGS)

    def _files(self, *, place: str, rest: str, **_: Any) -> None:
        store = lake.store(place)
        for file in self._manifest(place).files:
            if rest in ("", file.table):
                self.say(store.url(file.name))

    def _sql(self, *, place: str, rest: str, **_: Any) -> None:
        """DuckDB over the lake, one view a table; the answer as CSV."""
        import duckdb
        import pyarrow.csv as csv

        from trustdesk.insight.lake.engines import DuckDB

        if not rest:
            raise CommandError('say what: trustdesk lake sql "SELECT …"', returncode=USAGE)
        with DuckDB(lake.store(place), self._manifest(place)) as engine:
            try:
                answer = engine.sql(rest)
            except duckdb.Error as error:
                raise CommandError(str(error), returncode=USAGE) from error
        self.stdout.flush()
        csv.write_csv(answer, sys.stdout.buffer)

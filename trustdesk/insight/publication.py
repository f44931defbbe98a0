"""The report on a week, month or quarter as one plain document, and as JSON and CSV.

The same journal and checkpoint give the same bytes: nothing here reads a clock, and every mapping is written in a
fixed order.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from trustdesk.insight.lake.facts import Facts, Line
from trustdesk.insight.metrics import measuring
from trustdesk.insight.metrics.definition import Source
from trustdesk.insight.periods import Period
from trustdesk.insight.publications.document import document as from_source

__all__ = ["FORMULA", "account", "from_source", "in_memory", "is_over", "to_csv", "to_json"]

#: What Excel and its kin take for a formula at the beginning of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def account(
    lines: Iterable[Line], period: Period, *, checkpoint: dict[str, Any] | None, provider: str
) -> dict[str, Any]:
    """The document about `period` from the journal alone, in chain order (`queries.journal.reading`).

    docs/use/reports.md says what every number means. `previous` holds the main numbers of the period before.
    """
    return from_source(in_memory(lines), period, checkpoint=checkpoint, provider=provider)


#: So many entries are read before their facts are laid down in columns, which take a tenth of the memory.
AT_ONCE = 50_000


def in_memory(lines: Iterable[Line]) -> Source:
    """The facts of a journal as a source of their own."""
    import pyarrow as pa

    made, parts = Facts(), []
    for n, line in enumerate(lines, 1):
        made.add(line)
        if n % AT_ONCE == 0:  # what a case of which more will come has told so far stays with `made`
            parts.append(made.arrow())
            for rows in made.tables.values():
                rows.clear()
    parts.append(made.finish().arrow())
    return measuring.from_tables({name: pa.concat_tables([part[name] for part in parts]) for name in made.tables})


def is_over(document: dict[str, Any]) -> bool:
    """Whether the period had ended at the checkpoint that the document names."""
    checkpoint = document["checkpoint"]
    return bool(checkpoint) and checkpoint["at"][:19] >= document["to"][:19]


def to_json(document: dict[str, Any]) -> str:
    """The document as JSON text that ends with a newline."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def to_csv(document: dict[str, Any]) -> str:
    """The document as rows of `metric,key,value` (RFC 4180), one number a row, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("metric", "key", "value"))
    for metric, key, value in numbers(document):
        writer.writerow((cell(metric), cell(key), "" if value is None else cell(value)))
    return out.getvalue()


#: What names a row of a list in the document, so that its numbers keep their name when rows come and go.
NAMED_BY = ("day", "period", "name", "clock")


def numbers(document: dict[str, Any], above: str = "") -> Iterable[tuple[str, str, Any]]:
    """Nested tables become dotted metrics; the innermost name is the key. A row of a list is named by what it is about."""
    for name, value in document.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, dict):
            yield from numbers(value, path)
        elif isinstance(value, list):
            for one in value:
                named = [n for n in ("by", "regime", *NAMED_BY, "kind") if isinstance(one.get(n), str)]
                key = "/".join(str(one[n]) for n in named)
                for what, number in one.items():
                    if what not in named:
                        yield f"{path}.{what}", key, number
        else:
            yield (above, name, value) if above else (name, "", value)


def cell(value: Any) -> Any:
    """A text that a spreadsheet would run is marked as text with an apostrophe; a number stays a number."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

"""The report on a week, month or quarter as one plain document, and as JSON and CSV.

The same journal and checkpoint give the same bytes: nothing here reads a clock, and every mapping is written in a
fixed order.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from trustdesk.insight.periods import Period
from trustdesk.insight.tally import Line, Tally, Times, tally

#: What Excel and its kin take for a formula at the beginning of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def account(
    lines: Iterable[Line], period: Period, *, checkpoint: dict[str, Any] | None, provider: str
) -> dict[str, Any]:
    """The document about `period` from the journal, in chain order (`queries.journal.reading`).

    docs/use/reports.md says what every number means. `previous` holds the main numbers of the period before.
    """
    before, this = tally(lines, [period.before(), period])
    return _document(this, checkpoint, provider) | {"previous": {"period": before.period.name} | _brief(before)}


def _document(t: Tally, checkpoint: dict[str, Any] | None, provider: str) -> dict[str, Any]:
    c, period = t.counts, t.period
    return {
        "kind": period.kind,
        "period": period.name,
        "from": _utc(period.start),
        "to": _utc(period.end),
        "provider": provider,
        "received": {
            "total": t.forms.total(),
            "by_form": _ranked(t.forms),
            "by_category": _ranked(t.categories),
            "by_channel": _ranked(t.channels),
        },
        "set_aside": {"total": t.set_aside.total(), "by_form": _ranked(t.set_aside)},
        "opened": c["opened"],
        "closed": c["closed"],
        "reopened": c["reopened"],
        "outcomes": _ranked(t.outcomes),
        "decisions": {"total": t.outcomes.total(), "automated": c["automated"], "held": c["decision.held"],
                      "sent_back": c["decision.rejected"]},
        "time_to_first_decision": _times(t.waited) | {"by_people": _times(t.waited_for_people)},
        "clocks": _clocks(t),
        "appeals": {"lodged": c["appeal.lodged"], "resolved": c["appeal.resolved"], "overturned": c["overturned"]},
        "measures": {name: c[f"measure.{name}"] for name in ("confirmed", "lifted", "failed")},
        "notices": {name: c[f"notice.{name}"] for name in ("sent", "bounced")},
        "open_at_start": c["open_at_start"],
        "open_at_end": c["open_at_end"],
        "by_day": _days(t),
        "checkpoint": checkpoint,
    }  # fmt: skip


def _brief(t: Tally) -> dict[str, Any]:
    return {
        "received": t.forms.total(),
        "opened": t.counts["opened"],
        "closed": t.counts["closed"],
        "decisions": t.outcomes.total(),
        "median_hours": t.waited.quantile(0.5),
        "clocks": {name: _clocks(t)[name] for name in ("met", "breached")},
        "appeals": {"lodged": t.counts["appeal.lodged"], "overturned": t.counts["overturned"]},
        "open_at_end": t.counts["open_at_end"],
    }


def _ranked(counter: Counter[str]) -> dict[str, int]:
    """Largest first, then by name."""
    return dict(sorted(((name, n) for name, n in counter.items() if n), key=lambda item: (-item[1], item[0])))


def _times(times: Times) -> dict[str, Any]:
    return {"median_hours": times.quantile(0.5), "p95_hours": times.quantile(0.95), "cases": len(times.hours)}


def _clocks(t: Tally) -> dict[str, Any]:
    kinds = sorted({kind for kind, end in t.clocks if end in ("met", "breached")})
    by_kind = {kind: {end: t.clocks[kind, end] for end in ("met", "breached")} for kind in kinds}
    return {
        "met": sum(ends["met"] for ends in by_kind.values()),
        "breached": sum(ends["breached"] for ends in by_kind.values()),
        "met_without_due_time": sum(n for (_, end), n in t.clocks.items() if end == "met_without_due_time"),
        "by_kind": by_kind,
        "breached_by_clock": _ranked(t.late),
    }


def _days(t: Tally) -> list[dict[str, Any]]:
    days = (t.period.end - t.period.start).days
    names = [(t.period.start + timedelta(days=n)).date().isoformat() for n in range(days)]
    return [{"day": day} | {what: t.days[day, what] for what in ("received", "opened", "closed")} for day in names]


def _utc(at: Any) -> str:
    return str(at.strftime("%Y-%m-%dT%H:%M:%SZ")).rjust(20, "0")


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
    for metric, key, value in _rows(document):
        writer.writerow((_cell(metric), _cell(key), "" if value is None else _cell(value)))
    return out.getvalue()


def _rows(document: dict[str, Any], above: str = "") -> Iterable[tuple[str, str, Any]]:
    """Nested tables become dotted metrics; the innermost name is the key."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _rows(value, f"{above}.{name}" if above else name)
        elif isinstance(value, list):
            for day in value:
                for what in ("received", "opened", "closed"):
                    yield f"{name}.{what}", day["day"], day[what]
        else:
            yield (above, name, value) if above else (name, "", value)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run is marked as text with an apostrophe; a number stays a number."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

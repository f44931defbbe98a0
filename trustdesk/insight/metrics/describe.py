"""The page that says what every metric means, made from the metrics themselves (`docs/use/metrics.md`)."""

from __future__ import annotations

from trustdesk.insight.metrics.catalogue import METRICS
from trustdesk.insight.metrics.definition import Metric

HEAD = """# Metrics

Every number of the reports, charts and boards is one of these, and each is defined once, in
`trustdesk/insight/metrics/catalogue.py`, as an expression over the facts of the [lake](lake.md). The same expression counts
facts that were made a moment ago from the journal, and years of them in Parquet, on DuckDB, PostgreSQL, ClickHouse or Spark
([scale](../operate/scale.md)). This page is made from them: `python -m trustdesk.insight.metrics.describe`.

What happened belongs to the period in which it happened (UTC, half-open), not to the one in which somebody wrote it down.

| metric | name | meaning | grain | fact and time | dimensions | what to know |
|---|---|---|---|---|---|---|
"""
COUNTS = {
    "rows": "",
    "sum": "Sum of `{0}`. ",
    "balance": "Sum of `{0}` up to the moment. ",
    "waits": "Quantiles of `{0}`. ",
}


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_row, METRICS.values()))


def _row(m: Metric) -> str:
    how = COUNTS[m.counts].format(m.column)
    cells = (
        f"`{m.name}`", m.title, m.meaning, m.grain, f"`{m.fact}`, `{m.time}`", ", ".join(f"`{d}`" for d in m.by) or "–",
        (how + m.caveats).strip() or "–",
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    from pathlib import Path

    Path("docs/use/metrics.md").write_text(page(), "utf-8")

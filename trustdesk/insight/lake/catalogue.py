"""The catalogue: every table and column of the lake in words, with the rows of a lake where there is one."""

from __future__ import annotations

import html
from collections.abc import Iterator

from trustdesk.insight.lake import schema
from trustdesk.insight.lake.manifest import Manifest

ORIGINS = {"journal": "ledger", "row": "desk", "rule": "worked out"}


def markdown(manifest: Manifest | None = None, *, heading: str = "##") -> str:
    """The catalogue as Markdown; `heading` begins the name of each table."""
    lines = list(_summary(manifest))
    for table in schema.TABLES.values():
        lines += [f"{heading} `{table.name}`: {table.title.lower()}", "", table.meaning, ""]
        lines += [_about(table, manifest), ""]
        lines += ["| column | type | from | meaning |", "|---|---|---|---|"]
        for c in table.columns:
            joins = f" (joins `{c.points_to}`)" if c.points_to else ""
            lines.append(f"| `{c.name}` | {c.type}{'' if c.nullable else ', never empty'} | {ORIGINS[c.origin]} "
                         f"| {c.meaning}{joins} |")  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def _about(table: schema.Table, manifest: Manifest | None) -> str:
    parts = [f"Key: {', '.join(f'`{k}`' for k in table.key)}."]
    parts.append(f"Partition: month of `{table.time}`." if table.time else "Not partitioned.")
    parts.append(f"Source: {table.source}.")
    if manifest is not None:
        files = manifest.of(table.name)
        months = sorted({f.month for f in files if f.month and f.rows})
        parts.append(f"Now {manifest.rows(table.name):,} rows in {len(files)} files"
                     + (f", {months[0]} to {months[-1]}." if months else "."))  # fmt: skip
    return " ".join(parts)


def _summary(manifest: Manifest | None) -> Iterator[str]:
    yield f"Schema version {schema.VERSION}."
    if manifest is not None:
        point = manifest.checkpoint
        sealed = f"checkpoint {point['id']} of {point['at']}" if point else "no checkpoint yet"
        yield (f"Export {manifest.number} of {manifest.made_at}: {manifest.entries:,} journal entries, {sealed}, "
               f"{len(manifest.files):,} files of {sum(f.size for f in manifest.files):,} bytes.")  # fmt: skip
    yield ""


def page(manifest: Manifest | None, *, title: str) -> str:
    """The catalogue as one HTML page without script or anything from elsewhere."""
    text = html.escape
    parts = [f"<p>{text(line)}</p>" for line in _summary(manifest) if line]
    parts.append("<ul>" + "".join(
        f'<li><a href="#{t.name}">{t.name}</a> {text(t.title)}'
        + (f" ({manifest.rows(t.name):,} rows)" if manifest else "") + "</li>"
        for t in schema.TABLES.values()) + "</ul>")  # fmt: skip
    for t in schema.TABLES.values():
        parts.append(f'<h2 id="{t.name}"><code>{t.name}</code> {text(t.title)}</h2><p>{text(t.meaning)}</p>')
        parts.append(f"<p>{text(_about(t, manifest)).replace('`', '')}</p>")
        rows = "".join(
            f"<tr><th scope=row><code>{c.name}</code></th><td>{c.type}{'' if c.nullable else ', never empty'}</td>"
            f"<td>{ORIGINS[c.origin]}</td><td>{text(c.meaning)}"
            + (f' (joins <a href="#{c.points_to}">{c.points_to}</a>)' if c.points_to else "") + "</td></tr>"
            for c in t.columns
        )  # fmt: skip
        parts.append("<div class=wide><table><thead><tr><th scope=col>column<th scope=col>type<th scope=col>from"
                     f"<th scope=col>meaning</tr></thead><tbody>{rows}</tbody></table></div>")  # fmt: skip
    return PAGE.replace("{title}", text(title)).replace("{body}", "\n".join(parts))


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; font-size: 1.2rem } ul { columns: 16rem; padding-left: 1.2rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; font-weight: normal }
thead th { font-weight: 600 }
</style></head><body><main><h1>{title}</h1>
{body}
</main></body></html>
"""

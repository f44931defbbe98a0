"""The report as one HTML page that stands alone: no script, nothing fetched, fit for mail and paper, light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from trustdesk.insight import publication
from trustdesk.insight.publications import charts, sections, summary
from trustdesk.insight.publications.sections import Section
from trustdesk.insight.publications.texts import Texts, texts

CSS = Path(__file__).with_name("page.css").read_text("utf-8")
FONT = "Inter, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"


def to_html(document: dict[str, Any], language: str = "en") -> str:
    """The whole page."""
    t = texts(language)
    name, title = escape(document["provider"]), escape(t.title(document["kind"], document["period"]))
    parts = [
        _head(document, t),
        f'<p class="lead">{escape(summary.summary(document, t))}</p>',
        _cards(document, t),
        '<div class="grid">',
        *(_section(section, t) for section in sections.sections(document, t)),
        "</div>",
        _foot(document, t),
    ]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{t.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · {name}</title>\n<style>\n{CSS}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def over(d: dict[str, Any], t: Texts) -> str:
    """What stands above the title."""
    return t.gettext("Trust and safety · %(name)s") % {"name": d["provider"]}


def readers(d: dict[str, Any], t: Texts) -> str:
    """For whom a report of its kind is."""
    _ = t.gettext
    return {"weekly": _("For the team"), "monthly": _("For the department"), "quarterly": _("For leadership")}[
        d["kind"]
    ]


def note(d: dict[str, Any], t: Texts) -> str:
    """A warning above everything else, or ""."""
    if publication.is_over(d):
        return ""
    return t.gettext("These numbers may still change: the period was not over at the last checkpoint.")


def _head(d: dict[str, Any], t: Texts) -> str:
    warning = note(d, t)
    below = f'<p class="note">{escape(warning)}</p>' if warning else ""
    return (
        f'<header><p class="over">{escape(over(d, t))}</p><h1>{escape(t.title(d["kind"], d["period"]))}</h1>'
        f'<p class="days">{escape(t.days(d))} · {escape(readers(d, t))}</p>{below}</header>'
    )


def _cards(d: dict[str, Any], t: Texts) -> str:
    items = "".join(
        f'<div class="card"><dt>{escape(c.title)}</dt><dd>{escape(c.value)}</dd><dd class="sub">{escape(c.beside)}</dd></div>'
        for c in sections.cards(d, t)
    )
    return f'<dl class="cards">{items}</dl>'


def _section(s: Section, t: Texts) -> str:
    drawn = charts.svg(s, t, font=FONT, page=True)
    figure = f'<figure class="chart">{drawn}</figure>' if drawn else ""
    table = _table(s, t) if s.columns and s.rows else ""
    if table and s.folded:
        table = f"<details><summary>{escape(t.gettext('The numbers'))}</summary>{table}</details>"
    ident, half = f"h-{s.ident}", ' class="half"' if s.chart in ("bars", "changes") else ""
    return (
        f'<section{half} aria-labelledby="{ident}"><h2 id="{ident}">{escape(s.title)}</h2>'
        f'<p class="about">{escape(s.sentence)}</p>'
        f"{figure}{table}</section>"
    )


def _table(s: Section, t: Texts) -> str:
    kinds = ["" if c.kind == "text" else ' class="n"' for c in s.columns]
    head = "".join(
        f'<th scope="col"{kind}>{escape(c.title)}</th>' if c.title else "<td></td>"
        for c, kind in zip(s.columns, kinds, strict=True)
    )
    body = ""
    for row in sections.cells(s, t):
        inner = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        body += f'<tr><th scope="row">{escape(row[0])}</th>{inner}</tr>'
    label = f"{t.gettext('The numbers')}: {s.title}"
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
    return f"{scroll}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def footnotes(d: dict[str, Any], t: Texts) -> list[str]:
    """How the numbers were made, in sentences."""
    _, point = t.gettext, d["checkpoint"]
    said = [
        _(
            "Counted from the journal alone. Reports count on the day they were received, missed time limits on the day "
            "they were due."
        ),
        _("Not counted above: %(n)s messages such as bounces, automatic replies and newsletters.")
        % {"n": t.count(d["set_aside"]["total"])},
    ]
    if point:
        said.append(
            _("Checkpoint %(id)s of %(at)s, root %(root)s.")
            % {"id": point["id"], "at": point["at"], "root": point["root"]}
        )
    else:
        said.append(_("The ledger has no checkpoint yet."))
    return said


def _foot(d: dict[str, Any], t: Texts) -> str:
    return "<footer>" + "".join(f"<p>{escape(line)}</p>" for line in footnotes(d, t)) + "</footer>"

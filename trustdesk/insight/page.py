"""The report on a period as one HTML page that stands alone: no script, no file beside it, fit for paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from trustdesk.insight import publication, words

CSS = Path(__file__).with_name("page.css").read_text("utf-8")


def to_html(document: dict[str, Any]) -> str:
    """The whole page."""
    d, received = document, document["received"]
    name, title = escape(d["provider"]), escape(words.title(d))
    parts = (
        _head(d),
        f'<p class="lead">{escape(words.summary(d))}</p>',
        _figures(d),
        _section("Day by day", "Reports received, cases opened and closed, in UTC days.", _by_day(d["by_day"])),
        '<div class="pair">',
        _ranking("Reports by category", "What the reports were about.", received["by_category"]),
        _ranking("Decisions by outcome", _decided(d), d["outcomes"]),
        _ranking("Reports by form", "The legal shape that a report came in.", received["by_form"]),
        _ranking("Reports by channel", "The door that they came in by.", received["by_channel"]),
        "</div>",
        _section("Time limits", "Our own duties only. A duty that was done late is missed.", _clocks(d["clocks"])),
        _section("Against the period before", f"{title} and {escape(d['previous']['period'])}.", _compared(d)),
        _foot(d),
    )
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · {name}</title>\n<style>\n{CSS}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _head(d: dict[str, Any]) -> str:
    note = ""
    if not publication.is_over(d):
        note = '<p class="note">These numbers may still change: the period was not over at the last checkpoint.</p>'
    return (
        f'<header><p class="over">Trust and safety · {escape(d["provider"])}</p>'
        f"<h1>{escape(words.title(d))}</h1><p class='days'>{escape(words.days(d))}</p>{note}</header>"
    )


def _figures(d: dict[str, Any]) -> str:
    met, late = d["clocks"]["met"], d["clocks"]["breached"]
    before, appeals = d["previous"], d["appeals"]
    median, earlier = d["time_to_first_decision"]["median_hours"], before["median_hours"]
    kept_before = _share(before["clocks"]["met"], before["clocks"]["met"] + before["clocks"]["breached"])
    cards = (
        ("Reports received", f"{d['received']['total']:,}", f"{before['received']:,} before"),
        ("Cases open at the end", f"{d['open_at_end']:,}", f"{d['opened']:,} opened, {d['closed']:,} closed"),
        ("Median to first decision", words.hours(median), f"{words.hours(earlier)} before"),
        ("Time limits kept", _share(met, met + late), f"{kept_before} before"),
        ("Decisions overturned", f"{appeals['overturned']:,}", f"{words.count(appeals['lodged'], 'appeal')} lodged"),
    )
    items = "".join(
        f'<div class="card"><dt>{escape(label)}</dt><dd>{escape(value)}</dd><dd class="sub">{escape(sub)}</dd></div>'
        for label, value, sub in cards
    )
    return f'<dl class="cards">{items}</dl>'


def _share(part: int, whole: int) -> str:
    """A share that never says 100% while something is missing."""
    if not whole:
        return "–"
    return "100%" if part == whole else f"{min(part / whole, 0.999):.1%}"


def _decided(d: dict[str, Any]) -> str:
    made = d["decisions"]
    return f"{made['automated']:,} of {made['total']:,} automated; {made['held']:,} held for a second person."


def _section(title: str, about: str, inner: str) -> str:
    return f'<section><h2>{escape(title)}</h2><p class="about">{about}</p>{inner}</section>'


def _ranking(title: str, about: str, numbers: dict[str, int]) -> str:
    """A table whose rows carry their own bars."""
    if not numbers:
        return _section(title, escape(about), '<p class="none">Nothing in this period.</p>')
    most, total = max(numbers.values()), sum(numbers.values())
    rows = "".join(
        f'<tr><th scope="row">{escape(words.label(name))}</th><td class="bar" aria-hidden="true">{_bar(n / most)}</td>'
        f'<td class="n">{n:,}</td><td class="n dim">{_share(n, total)}</td></tr>'
        for name, n in numbers.items()
    )
    what, _, by = title.partition(" by ")
    head = (
        f'<tr><th scope="col">{escape(by.capitalize())}</th><td></td>'
        f'<th scope="col" class="n">{escape(what)}</th><th scope="col" class="n">Share</th></tr>'
    )
    return _section(title, escape(about), f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>")


def _bar(share: float, tone: str = "accent") -> str:
    return (
        '<svg viewBox="0 0 100 6" preserveAspectRatio="none" width="100%" height="6">'
        f'<rect width="{max(share * 100, 1):.1f}" height="6" rx="1" class="{tone}"/></svg>'
    )


def _by_day(days: Sequence[dict[str, Any]]) -> str:
    """Columns, and the same numbers as a table (folded away where it would be long)."""
    series = ("received", "opened", "closed")
    most = max((day[s] for day in days for s in series), default=0) or 1
    step, height = 720 / max(len(days), 1), 120
    width = min(step * 0.24, 22)
    drawn = []
    for n, day in enumerate(days):
        left = n * step + (step - 3 * width) / 2
        for k, name in enumerate(series):
            tall = day[name] / most * height
            drawn.append(
                f'<rect x="{left + k * width:.1f}" y="{height - tall:.1f}" width="{width * 0.9:.1f}" '
                f'height="{tall:.1f}" class="{name}"/>'
            )
        if len(days) <= 10 or n % 7 == 0:
            drawn.append(f'<text x="{n * step + step / 2:.1f}" y="138">{day["day"][8:]}.{day["day"][5:7]}.</text>')
    legend = "".join(f'<li><i class="{name}"></i>{name}</li>' for name in series)
    chart = (
        f'<figure aria-hidden="true"><ul class="legend">{legend}<li class="dim">most on a day: {most:,}</li></ul>'
        f'<svg viewBox="0 0 720 142" width="100%" class="days">'
        f'<line x1="0" x2="720" y1="120" y2="120"/>{"".join(drawn)}</svg></figure>'
    )
    table = _table(
        ("Day", *(s.capitalize() for s in series)), [(day["day"], *(day[s] for s in series)) for day in days]
    )
    return f"{chart}<details{' open' if len(days) <= 7 else ''}><summary>The numbers</summary>{table}</details>"


def _clocks(clocks: dict[str, Any]) -> str:
    if not clocks["by_kind"]:
        return '<p class="none">No time limit ended in this period.</p>'
    kinds = [(words.label(kind), n["met"], n["breached"], _share(n["met"], n["met"] + n["breached"]))
             for kind, n in clocks["by_kind"].items()]  # fmt: skip
    table = _table(("Set by", "Kept", "Missed", "Share kept"), kinds)
    if clocks["breached_by_clock"]:
        named = [(words.label(k.partition("/")[2]), words.label(k.partition("/")[0]), n)
                 for k, n in clocks["breached_by_clock"].items()]  # fmt: skip
        table += "<h3>What was missed</h3>" + _table(("Time limit", "Rule", "Missed"), named, texts=2)
    return table


def _compared(d: dict[str, Any]) -> str:
    before = d["previous"]
    median, earlier = d["time_to_first_decision"]["median_hours"], before["median_hours"]
    rows = [
        ("Reports received", d["received"]["total"], before["received"]),
        ("Cases opened", d["opened"], before["opened"]),
        ("Cases closed", d["closed"], before["closed"]),
        ("Decisions", d["decisions"]["total"], before["decisions"]),
        ("Median to first decision", words.hours(median), words.hours(earlier)),
        ("Time limits kept", d["clocks"]["met"], before["clocks"]["met"]),
        ("Time limits missed", d["clocks"]["breached"], before["clocks"]["breached"]),
        ("Appeals lodged", d["appeals"]["lodged"], before["appeals"]["lodged"]),
        ("Decisions overturned", d["appeals"]["overturned"], before["appeals"]["overturned"]),
        ("Open at the end", d["open_at_end"], before["open_at_end"]),
    ]
    return _table(("", d["period"], before["period"]), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]], texts: int = 1) -> str:
    """The first `texts` columns are words, the others numbers."""

    def cell(n: int, value: Any) -> str:
        text = f"{value:,}" if isinstance(value, int) else escape(str(value))
        if n == 0:
            return f'<th scope="row">{text}</th>'
        return f"<td>{text}</td>" if n < texts else f'<td class="n">{text}</td>'

    def column(n: int, name: str) -> str:
        kind = "" if n < texts else ' class="n"'
        return f'<th scope="col"{kind}>{escape(name)}</th>' if name else "<td></td>"

    top = "".join(column(n, name) for n, name in enumerate(head))
    body = "".join(f"<tr>{''.join(cell(n, value) for n, value in enumerate(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _foot(d: dict[str, Any]) -> str:
    aside, point = d["set_aside"]["total"], d["checkpoint"]
    text = (
        "Counted from the journal alone. Reports count on the day they were received, missed time limits on the day "
        f"they were due. Not counted above: {words.count(aside, 'message')} such as bounces, automatic replies and "
        "newsletters."
    )
    seal = (
        f"Checkpoint {point['id']} of {escape(point['at'])}, root <code>{escape(point['root'])}</code>."
        if point
        else "The ledger has no checkpoint yet."
    )
    return f"<footer><p>{escape(text)}</p><p>{seal}</p></footer>"

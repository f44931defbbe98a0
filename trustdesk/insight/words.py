"""What a period's numbers say in plain words: sentences made from the numbers by rules, never by hope."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
SPAN = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}
#: A change below this share is called "about as many".
STEADY = 0.05
SMALL = 20


def title(document: dict[str, Any]) -> str:
    """`Week 47 of 2026`, `October 2026`, `Third quarter of 2026`."""
    name, kind = document["period"], document["kind"]
    if kind == "weekly":
        return f"Week {int(name[6:])} of {name[:4]}"
    if kind == "monthly":
        return f"{MONTHS[int(name[5:]) - 1]} {name[:4]}"
    return f"{('First', 'Second', 'Third', 'Fourth')[int(name[6:]) - 1]} quarter of {name[:4]}"


def days(document: dict[str, Any]) -> str:
    """The days that the period covers: `16 to 22 November 2026`."""
    start = datetime.fromisoformat(document["from"])
    last = datetime.fromisoformat(document["to"]) - timedelta(days=1)
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if start.year != last.year:
        return f"{start.day} {MONTHS[start.month - 1]} {start.year} to {end}"
    if start.month != last.month:
        return f"{start.day} {MONTHS[start.month - 1]} to {end}"
    return f"{start.day} to {end}"


def label(name: str) -> str:
    """A word of the vocabulary as people write it: `network_attack` is `network attack`."""
    return {"dmca": "DMCA notice", "ncii": "intimate images", "api": "API", "us-dmca-512c": "US DMCA 512(c)"}.get(
        name, name.replace("_", " ")
    )


def count(number: int, one: str, many: str = "") -> str:
    """`1 report`, `1,204 reports`, `no reports`."""
    text = "no" if number == 0 else f"{number:,}"
    return f"{text} {one if number == 1 else many or one + 's'}"


def hours(value: float | None) -> str:
    """A waiting time in the unit that fits: minutes under two hours, days from three days on."""
    if value is None:
        return "–"
    if value < 2:
        return f"{round(value * 60)} min"
    return f"{value:.1f} h" if value < 72 else f"{value / 24:.1f} days"


def summary(document: dict[str, Any]) -> str:
    """The first paragraph."""
    sentences = (
        _came(document),
        _about(document),
        _worked(document),
        _speed(document),
        _kept(document),
        _asked(document),
    )
    return " ".join(s for s in sentences if s)


def _came(d: dict[str, Any]) -> str:
    now, before, span = d["received"]["total"], d["previous"]["received"], SPAN[d["kind"]]
    text = f"{d['provider']} received {count(now, 'report')} this {span}"
    if not before:
        return f"{text}; there were none the {span} before."
    change = (now - before) / before
    if abs(change) < STEADY:
        return f"{text}, about as many as the {span} before ({before:,})."
    # A share of a handful says nothing.
    by = f"{abs(change):.0%}" if before >= SMALL else f"{abs(now - before):,}"
    return f"{text}, {by} {'more' if change > 0 else 'fewer'} than the {span} before ({before:,})."


def _about(d: dict[str, Any]) -> str:
    ranked = list(d["received"]["by_category"].items())[:2]
    if not ranked:
        return ""
    named = " and ".join(f"{label(name)} ({n:,})" for name, n in ranked)
    most = len(ranked) == 2 and sum(n for _, n in ranked) * 2 > d["received"]["total"]
    return (
        f"{'Most were about' if most else 'The largest groups were' if len(ranked) == 2 else 'All were about'} {named}."
    )


def _worked(d: dict[str, Any]) -> str:
    change = d["open_at_end"] - d["open_at_start"]
    than = "as many as" if not change else f"{abs(change):,} {'more' if change > 0 else 'fewer'} than"
    opened, closed = d["opened"], d["closed"]
    reopened = f", {d['reopened']:,} reopened" if d["reopened"] else ""
    return (
        f"{count(opened, 'case').capitalize()} {_were(opened)} opened{reopened} and {closed:,} closed; "
        f"{d['open_at_end']:,} {_were(d['open_at_end'])} open at the end, {than} at the beginning."
    )


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _speed(d: dict[str, Any]) -> str:
    times = d["time_to_first_decision"]
    people = times["by_people"]
    if not times["cases"]:
        return "No case got its first decision."
    text = (
        f"Half of the first decisions came within {hours(times['median_hours'])} of the report, "
        f"95% within {hours(times['p95_hours'])}"
    )
    if people["cases"] and people["cases"] != times["cases"]:
        text += f" (those made by people: {hours(people['median_hours'])} and {hours(people['p95_hours'])})"
    return text + "."


def _kept(d: dict[str, Any]) -> str:
    met, late = d["clocks"]["met"], d["clocks"]["breached"]
    if not met + late:
        return ""
    if not late:
        return (
            f"All {met:,} time limits that ended were kept." if met > 1 else "The one time limit that ended was kept."
        )
    worst = next(iter(d["clocks"]["breached_by_clock"]))
    regime, _, name = worst.partition("/")
    text = f"Of {count(met + late, 'time limit')} that ended, {met:,} {_were(met)} kept and {late:,} missed"
    statutory = d["clocks"]["by_kind"].get("statutory", {}).get("breached", 0)
    if statutory:
        text += f", {statutory:,} of them set by law"
    return f"{text}; most often missed was {label(name)} ({label(regime)})."


def _asked(d: dict[str, Any]) -> str:
    lodged, over = d["appeals"]["lodged"], d["appeals"]["overturned"]
    if not lodged and not over:
        return "Nobody appealed."
    text = f"{count(lodged, 'appeal').capitalize()} {_were(lodged)} lodged"
    return f"{text}; {count(over, 'decision')} {_were(over)} overturned on appeal."

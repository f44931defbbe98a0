"""What a report shows to whom, as plain tables with a sentence each; page, paper and workbook draw the same ones.

The team gets its week: days, queues, what was missed. The department gets its month: what changed and why, quality.
Leadership gets its quarter: the direction, promises kept and broken, what to expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trustdesk.insight.publications.texts import NOTHING, Texts

Row = tuple[Any, ...]
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `kind`: text, count, hours, share (of 1) or change (with its sign)."""

    title: str
    kind: str = "count"


@dataclass(frozen=True, slots=True)
class Section:
    """One table with its sentence. `chart` draws it: bars, columns, lines or changes ("" for none); `series` are the
    columns that the chart shows."""

    ident: str
    title: str
    sentence: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chart: str = ""
    series: tuple[int, ...] = field(default=())
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One figure at the top."""

    title: str
    value: str
    beside: str


def said(value: Any, kind: str, t: Texts) -> str:
    """A cell as people read it."""
    if kind == "text":
        return str(value)
    if value is None:
        return NOTHING
    said_as: dict[str, Callable[[float], str]] = {
        "count": t.count, "hours": t.hours, "share": t.share, "change": t.change,
    }  # fmt: skip
    return said_as[kind](value)


def cards(d: Doc, t: Texts) -> list[Card]:
    """Five figures."""
    _, before, clocks = t.gettext, d["previous"], d["clocks"]
    earlier = before["clocks"]
    beside = _("%(n)s before")

    def kept(c: dict[str, int]) -> float | None:
        return c["met"] / (c["met"] + c["breached"]) if c["met"] + c["breached"] else None

    return [
        Card(_("Reports received"), t.count(d["received"]["total"]), beside % {"n": t.count(before["received"])}),
        Card(_("Cases open at the end"), t.count(d["open_at_end"]),
             _("%(opened)s opened, %(closed)s closed") % {"opened": t.count(d["opened"]), "closed": t.count(d["closed"])}),
        Card(_("Median to first decision"), t.hours(d["time_to_first_decision"]["median_hours"]),
             beside % {"n": t.hours(before["median_hours"])}),
        Card(_("Time limits kept"), t.share(kept(clocks)), beside % {"n": t.share(kept(earlier))}),
        Card(_("Decisions overturned"), t.count(d["appeals"]["overturned"]),
             _("%(n)s appeals lodged") % {"n": t.count(d["appeals"]["lodged"])}),
    ]  # fmt: skip


def sections(d: Doc, t: Texts) -> list[Section]:
    """The sections of a report of its kind, in order; empty ones are left out."""
    made = (make(d, t) for make in FOR[d["kind"]])
    return [section for section in made if section is not None]


def _days(d: Doc, t: Texts) -> Section:
    _ = t.gettext
    rows = tuple((day["day"], day["received"], day["opened"], day["closed"]) for day in d["by_day"])
    most = max(d["by_day"], key=lambda day: (day["received"], day["day"]))
    sentence = _("Most reports came on %(day)s: %(n)s. Days are UTC.") % {
        "day": most["day"],
        "n": t.count(most["received"]),
    }
    columns = (Column(_("Day"), "text"), Column(_("Received")), Column(_("Opened")), Column(_("Closed")))
    return Section("days", _("Day by day"), sentence, columns, rows, "columns", (1, 2, 3), folded=len(rows) > 7)


def _trend(d: Doc, t: Texts) -> Section | None:
    _ = t.gettext
    if len(d["trend"]) < 2:
        return None
    rows = tuple((one["period"], one["received"], one["closed"]) for one in d["trend"])
    sentence = _("The last %(n)s periods, this one included.") % {"n": len(rows)}
    columns = (Column(_("Period"), "text"), Column(_("Received")), Column(_("Closed")))
    return Section("trend", _("The direction"), sentence, columns, rows, "lines", (1, 2), folded=True)


def _ranking(
    ident: str, title: Callable[[Texts], tuple[str, str, str]], numbers: Callable[[Doc], dict[str, int]]
) -> Any:
    def make(d: Doc, t: Texts) -> Section | None:
        counts = numbers(d)
        if not counts:
            return None
        head, first, second = title(t)
        total = sum(counts.values())
        rows = tuple((t.label(name), n, n / total if total else None) for name, n in counts.items())
        top = max(counts, key=lambda name: (counts[name], name))
        sentence = t.gettext("%(name)s: %(n)s of %(total)s.") % {
            "name": t.label(top)[:1].upper() + t.label(top)[1:], "n": t.count(counts[top]), "total": t.count(total)}  # fmt: skip
        columns = (Column(first, "text"), Column(second), Column(t.gettext("Share"), "share"))
        return Section(ident, head, sentence, columns, rows, "bars", (1,))

    return make


def _t(*texts: str) -> Callable[[Texts], tuple[str, str, str]]:
    return lambda t: (t.gettext(texts[0]), t.gettext(texts[1]), t.gettext(texts[2]))


def _(text: str) -> str:
    """Marks a text for the catalogues; it is looked up when a report is drawn."""
    return text


CATEGORIES = _ranking(
    "categories", _t(_("Reports by category"), _("Category"), _("Reports")), lambda d: d["received"]["by_category"]
)
OUTCOMES = _ranking("outcomes", _t(_("Decisions by outcome"), _("Outcome"), _("Decisions")), lambda d: d["outcomes"])
FORMS = _ranking("forms", _t(_("Reports by form"), _("Form"), _("Reports")), lambda d: d["received"]["by_form"])
CHANNELS = _ranking(
    "channels", _t(_("Reports by channel"), _("Channel"), _("Reports")), lambda d: d["received"]["by_channel"]
)
QUEUES = _ranking("queues", _t(_("Open cases by queue"), _("Queue"), _("Cases")), lambda d: d["backlog"]["by_queue"])


def _ages(d: Doc, t: Texts) -> Section | None:
    _, ages = t.gettext, d["backlog"]["by_age"]
    total = sum(ages.values())
    if not total:
        return None
    names = (_("Under 7 days"), _("7 to 29 days"), _("30 to 89 days"), _("90 days and more"))
    rows = tuple((name, n, n / total) for name, n in zip(names, ages.values(), strict=True))
    old = total - ages["under_7_days"]
    sentence = _("%(old)s of %(all)s open cases are a week old or older.") % {
        "old": t.count(old),
        "all": t.count(total),
    }
    columns = (Column(_("Age"), "text"), Column(_("Cases")), Column(_("Share"), "share"))
    return Section("ages", _("Open cases by age"), sentence, columns, rows, "bars", (1,))


def _promises(d: Doc, t: Texts) -> Section | None:
    _ = t.gettext
    if not d["promises"]:
        return None
    rows = tuple((t.label(p["clock"]), t.label(p["regime"]), t.label(p["kind"]), p["kept"], p["broken"], p["share_kept"],
                  p["broken_before"]) for p in d["promises"])  # fmt: skip
    law = [p for p in d["promises"] if p["kind"] == "statutory"]
    kept, broken = sum(p["kept"] for p in law), sum(p["broken"] for p in law)
    if law:
        sentence = _("Set by law: %(kept)s kept, %(broken)s broken.") % {
            "kept": t.count(kept),
            "broken": t.count(broken),
        }
    else:
        sentence = _("None of these was set by law.")
    sentence += " " + _("Our own duties only; what was done late is broken, on the day it was due.")
    columns = (Column(_("Time limit"), "text"), Column(_("Rule"), "text"), Column(_("Set by"), "text"), Column(_("Kept")),
               Column(_("Broken")), Column(_("Share kept"), "share"), Column(_("Broken before")))  # fmt: skip
    return Section("promises", _("Promises kept and broken"), sentence, columns, rows)


def _compared(d: Doc, t: Texts) -> Section:
    _, before, year = t.gettext, d["compared"]["previous"], d["compared"]["year_before"]
    names = {
        "received": _("Reports received"), "opened": _("Cases opened"), "closed": _("Cases closed"),
        "reopened": _("Cases reopened"), "decisions": _("Decisions"), "median_hours": _("Median to first decision"),
        "p95_hours": _("First decision, slowest 5 of 100"), "clocks_met": _("Time limits kept"),
        "clocks_breached": _("Time limits missed"), "appeals_lodged": _("Appeals lodged"),
        "overturned": _("Decisions overturned"), "measures_confirmed": _("Measures confirmed"),
        "notices_sent": _("Letters sent"), "open_at_end": _("Open at the end"),
    }  # fmt: skip

    def cell(value: float | None, name: str) -> str:
        return said(value, "hours" if name.endswith("hours") else "count", t)

    def percent(numbers: dict[str, Any]) -> str:
        return NOTHING if numbers["percent"] is None else f"{t.change(numbers['percent'])}{t.percent}"

    rows = []
    for name, title in names.items():
        one = before["numbers"][name]
        row: tuple[Any, ...] = (title, cell(one["now"], name), cell(one["then"], name), percent(one))
        if year:
            row += (cell(year["numbers"][name]["then"], name), percent(year["numbers"][name]))
        rows.append(row)
    columns: tuple[Column, ...] = (
        Column("", "text"),
        Column(d["period"], "number"),
        Column(before["period"], "number"),
        Column(_("Change"), "number"),
    )
    if year:
        columns += (Column(year["period"], "number"), Column(_("Change"), "number"))
        sentence = _("Against the period before and the same one a year ago.")
    else:
        sentence = _("Against the period before. The ledger does not reach back to the same one a year ago.")
    return Section("compared", _("Compared"), sentence, columns, tuple(rows))


def _contribution(ident: str, of: str, by: str, title: str, first: str) -> Any:
    def make(d: Doc, t: Texts) -> Section | None:
        whole = d["contributions"][of]
        parts = [p for p in whole[by] or () if p["change"] or p["now"]]
        if len(parts) < 2:
            return None
        shown, rest = parts[:10], parts[10:]
        rows: list[Row] = [(t.label(p["name"]), p["then"], p["now"], p["change"]) for p in shown]
        if rest:
            sums = tuple(sum(p[key] for p in rest) for key in ("then", "now", "change"))
            rows.append((t.gettext("all others"), *sums))
        said_ = {
            "total": t.change(whole["change"]),
            "name": t.label(parts[0]["name"]),
            "n": t.change(parts[0]["change"]),
        }
        sentence = (
            t.gettext("The change of %(total)s is the sum of these rows; the largest part is %(name)s (%(n)s).") % said_
        )
        columns = (Column(t.gettext(first), "text"), Column(t.gettext("Before")), Column(t.gettext("Now")),
                   Column(t.gettext("Change"), "change"))  # fmt: skip
        return Section(ident, t.gettext(title), sentence, columns, tuple(rows), "changes", (3,))

    return make


WHY_CATEGORY = _contribution("why-category", "received", "by_category", _("What changed, by category"), _("Category"))
WHY_CHANNEL = _contribution("why-channel", "received", "by_channel", _("What changed, by channel"), _("Channel"))
WHY_QUEUE = _contribution("why-queue", "received", "by_queue", _("What changed, by queue"), _("Queue"))
WHY_REPORTER = _contribution("why-reporter", "received", "by_reporter", _("What changed, by reporter"), _("Reporter"))
WHY_BACKLOG = _contribution("why-backlog", "backlog", "by_queue", _("What changed in open cases"), _("Queue"))


def _quality(d: Doc, t: Texts) -> Section:
    _, now, before = t.gettext, d["quality"]["now"], d["quality"]["previous"]

    def line(title: str, part: str, whole: str, share: str) -> Row:
        return (title, now[part], now[whole] if whole else None, now[share], before[share])

    rows = (
        line(_("Decisions overturned, of appeals decided"), "overturned", "appeals_resolved", "overturned_share"),
        line(_("Cases reopened, of those closed"), "reopened", "", "reopened_share"),
        line(_("Held decisions sent back by the second person"), "second_person_sent_back", "second_person_settled",
             "second_person_disagreed_share"),
        line(_("Reviews that disagreed"), "reviews_disagreed", "reviews", "reviews_disagreed_share"),
        line(_("Reviews of automated decisions that disagreed"), "reviews_of_automated_disagreed", "reviews_of_automated",
             "reviews_of_automated_disagreed_share"),
    )  # fmt: skip
    sentence = _("%(n)s decisions were overturned on appeal and %(back)s sent back by a second person.") % {
        "n": t.count(now["overturned"]), "back": t.count(now["second_person_sent_back"])}  # fmt: skip
    columns = (
        Column("", "text"),
        Column(_("Number")),
        Column(_("Out of")),
        Column(_("Share"), "share"),
        Column(_("Share before"), "share"),
    )
    return Section("quality", _("Quality"), sentence, columns, rows)


def _why_reviews(d: Doc, t: Texts) -> Section | None:
    _, why = t.gettext, d["quality"]["now"]["reviews_disagreed_by_reason"]
    if not why:
        return None
    sentence = _("%(n)s of %(all)s reviews disagreed; %(drawn)s decisions were drawn for one in this period.") % {
        "n": t.count(sum(why.values())),
        "all": t.count(d["quality"]["now"]["reviews"]),
        "drawn": t.count(d["quality"]["now"]["reviews_drawn"]),
    }
    rows = tuple((t.label(name), n) for name, n in why.items())
    return Section(
        "why-reviews", _("Why reviews disagreed"), sentence, (Column(_("Reason"), "text"), Column(_("Reviews"))), rows
    )


def _misuse(d: Doc, t: Texts) -> Section | None:
    _, found = t.gettext, d["repeat_misuse"]
    if not found["customers"] and not found["senders"]:
        return None
    rows = (
        (_("Customers who went on after a warning: the policy's step was taken"), found["customers"]),
        (_("Reporters suspended for plainly unfounded notices"), found["senders"].get("reporter", 0)),
        (_("Complainants suspended for plainly unfounded complaints"), found["senders"].get("complainant", 0)),
    )
    sentence = _("Each was warned before, and ordered by a person (DSA Article 23).")
    return Section("misuse", _("Repeated misuse"), sentence, (Column("", "text"), Column(_("Number"))), rows)


def _anomalies(d: Doc, t: Texts) -> Section | None:
    _, found = t.gettext, d["anomalies"]["found"]
    if len(d["trend"]) < 9 and not found:
        return None
    names = {"total": _("all reports"), "category": _("category"), "channel": _("channel")}
    rows = tuple(
        (names[one["by"]], t.label(one["name"]) if one["name"] else NOTHING, one["value"], one["low"], one["high"])
        for one in found
    )
    rule = _("More than 3.5 robust standard deviations from the median of the last 12 periods.")
    sentence = (
        rule
        if rows
        else _("Nothing. The rule: more than 3.5 robust standard deviations from the median of the last 12 periods.")
    )
    columns = (
        Column(_("Of"), "text"),
        Column(_("Name"), "text"),
        Column(_("Reports")),
        Column(_("Usual from")),
        Column(_("to")),
    )
    return Section("anomalies", _("Out of the ordinary"), sentence, columns, rows)


def _forecast(d: Doc, t: Texts) -> Section:
    _, ahead = t.gettext, d["forecast"]["received"]
    if not ahead["possible"]:
        sentence = _("No forecast: %(known)s complete periods are known, and at least 16 are needed.") % {
            "known": ahead["periods"]
        }
        return Section("forecast", _("What to expect"), sentence, (), ())
    sentence = _("Reports in the next period, by exponential smoothing of %(n)s periods.") % {"n": ahead["periods"]}
    columns = (
        Column("", "text"),
        Column(_("Expected")),
        Column(_("At least (4 times in 5)")),
        Column(_("At most")),
    )
    return Section(
        "forecast",
        _("What to expect"),
        sentence,
        columns,
        ((_("Reports"), ahead["expected"], ahead["low"], ahead["high"]),),
    )


def _satisfaction(d: Doc, t: Texts) -> Section:
    _, s = t.gettext, d["satisfaction"]
    columns: tuple[Column, ...] = (Column("", "text"), Column(_("Value"), "number"))
    if not s["asked"] and not s["answered"]:
        return Section("satisfaction", _("Satisfaction"), _("Nobody was asked in this period."), (), ())
    few = s["answered"] is None or s["satisfied_share"] is None
    answered = _("fewer than 5") if s["answered"] is None else t.count(s["answered"])
    rows: list[Row] = [
        (_("Asked"), t.count(s["asked"])),
        (_("Answered"), answered),
        (_("Response rate"), t.share(s["response_share"])),
    ]
    if not few:
        rows += [(_("Said yes"), t.share(s["satisfied_share"])), (_("Said partly"), t.share(s["partly_share"]))]
    sentence = _("Who answers chooses to: the answers are no sample of those who were asked.")
    if few:
        sentence = (
            _("Fewer than 5 answers: shares are not shown, because they would tell of single people.") + " " + sentence
        )
    return Section("satisfaction", _("Satisfaction"), sentence, columns, tuple(rows))


Maker = Callable[[Doc, Texts], Section | None]
FOR: dict[str, Sequence[Maker]] = {
    "weekly": (_days, CATEGORIES, QUEUES, _ages, _promises, WHY_CATEGORY, WHY_QUEUE, WHY_REPORTER, _anomalies,
               OUTCOMES, FORMS, CHANNELS, _compared, _quality, _why_reviews, _satisfaction, _forecast),
    "monthly": (_compared, _trend, CATEGORIES, WHY_CATEGORY, WHY_CHANNEL, WHY_QUEUE, WHY_REPORTER, WHY_BACKLOG,
                _promises, _quality, _why_reviews, _misuse, OUTCOMES, FORMS, CHANNELS, QUEUES, _ages, _anomalies, _forecast,
                _satisfaction, _days),
    "quarterly": (_trend, _compared, _forecast, _promises, _quality, _why_reviews, _misuse, CATEGORIES, WHY_CATEGORY, WHY_CHANNEL,
                  WHY_REPORTER, OUTCOMES, FORMS, _ages, _anomalies, _satisfaction),
}  # fmt: skip


def cells(section: Section, t: Texts) -> Iterable[list[str]]:
    """The rows of a section as people read them."""
    for row in section.rows:
        yield [
            str(value) if c.kind in ("text", "number") else said(value, c.kind, t)
            for value, c in zip(row, section.columns, strict=True)
        ]

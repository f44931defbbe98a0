"""The report on a period as one plain document: what `publication.account` returns. Numbers from the metrics alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from trustdesk.insight.metrics import measuring
from trustdesk.insight.metrics.definition import Source, Window
from trustdesk.insight.periods import Period
from trustdesk.insight.publications import changes, outlook, suppression

Row = dict[str, Any]
#: Bands of age of open cases in days, upper bounds exclusive.
AGES = ((7, "under_7_days"), (30, "7_to_29_days"), (90, "30_to_89_days"))
OLDEST = "90_days_and_more"
CAVEAT = "Who answers chooses to: the answers are no sample of those who were asked."
#: Several entries of one kind each.
BY_ENTRY = ("held", "approved", "sent_back", "appeals_lodged", "appeals_resolved", "measures_confirmed", "measures_lifted",
            "measures_failed", "notices_sent", "notices_bounced", "drawn")  # fmt: skip
REVIEWS = ("reviews", "disagreed", "reviews_of_automated", "disagreed_with_automated")
SURVEY = ("answered", "satisfied", "partly_satisfied")


class Figures:
    """Everything that is asked of the source, once, for all windows."""

    def __init__(self, source: Source, period: Period, *, reporters: bool) -> None:
        self.source, self.period = source, period
        self.before, self.year = period.before(), period.year_before()
        self.windows = [Window("now", period.start, period.end), Window("before", self.before.start, self.before.end)]
        if self.year is not None:
            self.windows.append(Window("year", self.year.start, self.year.end))
        self.began = measuring.began(source)
        kinds: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
            ("forms", ("received", "set_aside"), ("form",)),
            ("categories", ("received",), ("category",)),
            ("channels", ("received",), ("channel",)),
            ("queues", ("received",), ("queue",)),
            ("steps", ("opened", "closed", "reopened"), ("queue",)),
            ("outcomes", ("decided", "automated", "repeat"), ("outcome",)),
            ("clocks", ("met", "breached", "met_without_due_time"), ("regime", "name", "kind")),
            ("entries", BY_ENTRY, ()),
            ("overturned", ("overturned",), ()),
            ("reviews", REVIEWS, ()),
            ("reasons", ("disagreed",), ("reason",)),
            ("suspensions", ("suspensions",), ("who",)),
            ("asked", ("asked",), ("to_role",)),
            ("answers", SURVEY, ("by_role",)),
        )
        if reporters:
            kinds += (("reporters", ("received",), ("reporter_key",)),)
        self.rows = {name: measuring.counted(source, metrics, self.windows, by) for name, metrics, by in kinds}
        this = self.windows[:1]
        self.days_received = measuring.counted(source, ("received",), this, ("day",))
        self.days_steps = measuring.counted(source, ("opened", "closed"), this, ("day",))
        self.waits = measuring.waits(source, "time_to_first_decision", self.windows)
        self.waits_by_people = measuring.waits(source, "time_to_first_decision_by_people", self.windows)
        self.moments = [m for w in self.windows for m in (w.start, w.end)]
        self.balance = measuring.open_at(source, self.moments, ("queue",))

    def table(self, rows: str, metric: str, window: str, key: Callable[[Row], str]) -> Counter[str]:
        """One metric by a dimension."""
        found: Counter[str] = Counter()
        for row in self.rows[rows]:
            if row["window"] == window and row[metric]:
                found[key(row)] += row[metric]
        return found

    def total(self, rows: str, metric: str, window: str) -> int:
        """One metric in one window."""
        return sum(row[metric] for row in self.rows[rows] if row["window"] == window)

    def open_at(self, window: str, end: bool) -> Counter[str]:
        """Open cases by queue at the start or end of a window."""
        at = 2 * [w.name for w in self.windows].index(window) + end
        return Counter({row["queue"]: row[f"at_{at}"] for row in self.balance if row[f"at_{at}"]})


def document(
    source: Source, period: Period, *, checkpoint: dict[str, Any] | None, provider: str, reporters: bool = False
) -> dict[str, Any]:
    """The document about `period` from the facts in `source`.

    `reporters`: also who sent more and fewer, by pseudonym. That is in the desk's rows and not in the journal, follows
    erasures, and is therefore left out of what must be the same bytes for ever.
    """
    f = Figures(source, period, reporters=reporters)
    base, before = _base(f, "now"), _base(f, "before")
    year = None
    if f.year is not None and f.began is not None and f.year.end > f.began:
        year = {"period": f.year.name, "numbers": changes.compared(base, _base(f, "year"))}
    history = _history(f)
    return {
        "kind": period.kind,
        "period": period.name,
        "from": utc(period.start),
        "to": utc(period.end),
        "provider": provider,
        **base,
        "by_day": _days(f),
        "checkpoint": checkpoint,
        "previous": {"period": f.before.name} | _brief(before),
        "compared": {
            "previous": {"period": f.before.name, "numbers": changes.compared(base, before)},
            "year_before": year,
        },
        "contributions": _contributions(f, reporters),
        "quality": {"now": _quality(f, "now", base), "previous": _quality(f, "before", before)},
        "backlog": _backlog(f),
        "promises": _promises(f),
        "forecast": {"received": outlook.forecast(history["received"])},
        "anomalies": {"rule": outlook.RULE, "found": _anomalies(f, history)},
        "trend": history["trend"],
        "satisfaction": _satisfaction(f),
        "repeat_misuse": {"customers": f.total("outcomes", "repeat", "now"),
                          "senders": ranked(f.table("suspensions", "suspensions", "now", _by("who")))},
        "suppression": {"threshold": suppression.THRESHOLD,
                        "rule": "rows that stand for fewer people than the threshold are not shown one by one"},
    }  # fmt: skip


def _base(f: Figures, w: str) -> dict[str, Any]:
    forms, outcomes = f.table("forms", "received", w, _by("form")), f.table("outcomes", "decided", w, _by("outcome"))
    aside, entry = f.table("forms", "set_aside", w, _by("form")), {n: f.total("entries", n, w) for n in BY_ENTRY}
    return {
        "received": {
            "total": forms.total(),
            "by_form": ranked(forms),
            "by_category": ranked(f.table("categories", "received", w, _by("category"))),
            "by_channel": ranked(f.table("channels", "received", w, _by("channel"))),
        },
        "set_aside": {"total": aside.total(), "by_form": ranked(aside)},
        "opened": f.total("steps", "opened", w),
        "closed": f.total("steps", "closed", w),
        "reopened": f.total("steps", "reopened", w),
        "outcomes": ranked(outcomes),
        "decisions": {"total": outcomes.total(), "automated": f.total("outcomes", "automated", w), "held": entry["held"],
                      "sent_back": entry["sent_back"]},
        "time_to_first_decision": _times(f.waits.get(w)) | {"by_people": _times(f.waits_by_people.get(w))},
        "clocks": _clocks(f, w),
        "appeals": {"lodged": entry["appeals_lodged"], "resolved": entry["appeals_resolved"],
                    "overturned": f.total("overturned", "overturned", w)},
        "measures": {name: entry[f"measures_{name}"] for name in ("confirmed", "lifted", "failed")},
        "notices": {name: entry[f"notices_{name}"] for name in ("sent", "bounced")},
        "open_at_start": f.open_at(w, False).total(),
        "open_at_end": f.open_at(w, True).total(),
    }  # fmt: skip


def _brief(base: dict[str, Any]) -> dict[str, Any]:
    return {
        "received": base["received"]["total"],
        "opened": base["opened"],
        "closed": base["closed"],
        "decisions": base["decisions"]["total"],
        "median_hours": base["time_to_first_decision"]["median_hours"],
        "clocks": {name: base["clocks"][name] for name in ("met", "breached")},
        "appeals": {name: base["appeals"][name] for name in ("lodged", "overturned")},
        "open_at_end": base["open_at_end"],
    }


def _clocks(f: Figures, w: str) -> dict[str, Any]:
    met, late = f.table("clocks", "met", w, _by("kind")), f.table("clocks", "breached", w, _by("kind"))
    return {
        "met": met.total(),
        "breached": late.total(),
        "met_without_due_time": f.total("clocks", "met_without_due_time", w),
        "by_kind": {kind: {"met": met[kind], "breached": late[kind]} for kind in sorted({*met, *late})},
        "breached_by_clock": ranked(f.table("clocks", "breached", w, _clock)),
    }


def _promises(f: Figures) -> list[Row]:
    """Kept and broken by regime and kind of rule, and how it was before; most broken first."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in f.rows["clocks"]:
        if row["window"] == "year" or not row["met"] + row["breached"]:
            continue
        one = found.setdefault(
            (row["regime"], row["name"], row["kind"]),
            {"regime": row["regime"], "clock": row["name"], "kind": row["kind"], "kept": 0, "broken": 0, "share_kept": None,
             "kept_before": 0, "broken_before": 0},
        )  # fmt: skip
        after = "" if row["window"] == "now" else "_before"
        one[f"kept{after}"] += row["met"]
        one[f"broken{after}"] += row["breached"]
    for one in found.values():
        one["share_kept"] = share(one["kept"], one["kept"] + one["broken"])
    return [one for _, one in sorted(found.items(), key=lambda item: (-item[1]["broken"], -item[1]["kept"], item[0]))]


def _contributions(f: Figures, reporters: bool) -> dict[str, Any]:
    def of(rows: str, key: str, metric: str = "received") -> list[Row]:
        return changes.contributions(f.table(rows, metric, "now", _by(key)), f.table(rows, metric, "before", _by(key)))

    received = {"by_category": of("categories", "category"), "by_channel": of("channels", "channel"),
                "by_queue": of("queues", "queue"), "by_form": of("forms", "form")}  # fmt: skip
    total = f.total("forms", "received", "now") - f.total("forms", "received", "before")
    said: dict[str, Any] = {"change": total, **received, "by_reporter": _reporters(f) if reporters else None}
    start, end = f.open_at("now", False), f.open_at("now", True)
    late, before = f.table("clocks", "breached", "now", _clock), f.table("clocks", "breached", "before", _clock)
    return {
        "received": said,
        "backlog": {"change": end.total() - start.total(), "by_queue": changes.contributions(end, start)},
        "breached": {"change": late.total() - before.total(), "by_clock": changes.contributions(late, before)},
    }


def _reporters(f: Figures) -> list[Row]:
    """By pseudonym; those who sent little are one row, so that nobody is known by a number of one."""
    now, then = (f.table("reporters", "received", w, _by("reporter_key")) for w in ("now", "before"))
    most = Counter({name: max(now[name], then[name]) for name in {*now, *then}})
    unknown = most.pop("", 0)
    kept, rest, _ = suppression.pooled(most)
    shown = sorted(kept, key=lambda name: (-abs(now[name] - then[name]), name))[:12]
    parts = changes.contributions({n: now[n] for n in shown}, {n: then[n] for n in shown})
    others: Row = {"name": "others", "then": then.total() - sum(then[n] for n in shown),
              "now": now.total() - sum(now[n] for n in shown)}  # fmt: skip
    if rest or unknown or len(kept) > len(shown):
        parts.append(others | {"change": others["now"] - others["then"]})
    return parts


def _quality(f: Figures, w: str, base: dict[str, Any]) -> dict[str, Any]:
    settled = f.total("entries", "approved", w) + base["decisions"]["sent_back"]
    reviews, disagreed = f.total("reviews", "reviews", w), f.total("reviews", "disagreed", w)
    automated, wrong = (f.total("reviews", name, w) for name in ("reviews_of_automated", "disagreed_with_automated"))
    resolved, over = base["appeals"]["resolved"], base["appeals"]["overturned"]
    return {
        "appeals_resolved": resolved,
        "overturned": over,
        "overturned_share": share(over, resolved),
        "reopened": base["reopened"],
        "reopened_share": share(base["reopened"], base["closed"]),
        "second_person_settled": settled,
        "second_person_sent_back": base["decisions"]["sent_back"],
        "second_person_disagreed_share": share(base["decisions"]["sent_back"], settled),
        "reviews": reviews,
        "reviews_disagreed": disagreed,
        "reviews_disagreed_share": share(disagreed, reviews),
        "reviews_drawn": f.total("entries", "drawn", w),
        "reviews_of_automated": automated,
        "reviews_of_automated_disagreed": wrong,
        "reviews_of_automated_disagreed_share": share(wrong, automated),
        "reviews_disagreed_by_reason": ranked(f.table("reasons", "disagreed", w, _by("reason"))),
    }


def _backlog(f: Figures) -> dict[str, Any]:
    ages: Counter[str] = Counter()
    for since in measuring.open_ages(f.source, f.period.end):
        days = (f.period.end - since) / timedelta(days=1)
        ages[next((name for below, name in AGES if days < below), OLDEST)] += 1
    names = (*(name for _, name in AGES), OLDEST)
    return {"by_queue": ranked(f.open_at("now", True)), "by_age": {name: ages[name] for name in names}}


def _history(f: Figures) -> dict[str, Any]:
    """The periods before this one, oldest first, from the first whole one that the ledger knows."""
    past = [p for p in f.period.past(outlook.LEARNT) if f.began is not None and p.start >= f.began]
    first = past[0].start if past else f.period.start
    span = [Window("all", first, f.period.end)]
    rows = measuring.counted(f.source, ("received",), span, ("day", "category"))
    doors = measuring.counted(f.source, ("received",), span, ("day", "channel"))
    steps = measuring.counted(f.source, ("closed",), span, ("day",))
    every = [*past, f.period]
    totals, closed = _sums(every, rows, None), _sums(every, steps, None, "closed")
    trend = [{"period": p.name, "received": totals[n][""], "closed": closed[n][""]} for n, p in enumerate(every)][-13:]
    return {
        "received": [one[""] for one in totals[:-1]],
        "total": totals,
        "category": _sums(every, rows, "category"),
        "channel": _sums(every, doors, "channel"),
        "trend": trend,
    }


def _sums(
    periods: Sequence[Period], rows: Iterable[Row], key: str | None, value: str = "received"
) -> list[Counter[str]]:
    places = {p.name: n for n, p in enumerate(periods)}
    from trustdesk.insight.periods import holding

    found: list[Counter[str]] = [Counter() for _ in periods]
    names: dict[Any, int] = {}
    for row in rows:
        day = row["day"]
        if day not in names:
            at = datetime.fromisoformat(f"{day.isoformat()}T00:00:00+00:00")
            names[day] = places[holding(periods[0].kind, at).name]
        found[names[day]][row[key] if key else ""] += row[value]
    return found


def _anomalies(f: Figures, history: dict[str, Any]) -> list[Row]:
    found = []
    for metric in ("total", "category", "channel"):
        *past, now = history[metric]
        found += [{"by": metric} | one for one in outlook.anomalies(now, past)]
    return found


def _satisfaction(f: Figures) -> dict[str, Any]:
    """Shares only where enough people answered; by role only where none of the parts is small."""
    asked, answered = (f.table(*names) for names in (("asked", "asked", "now", _by("to_role")),
                                                     ("answers", "answered", "now", _by("by_role"))))  # fmt: skip
    yes, partly = (f.total("answers", name, "now") for name in ("satisfied", "partly_satisfied"))
    total, enough = answered.total(), answered.total() >= suppression.THRESHOLD
    return {
        "asked": asked.total(),
        "answered": total if enough or not total else None,
        "response_share": share(total, asked.total()) if enough else None,
        "satisfied_share": share(yes, total) if enough else None,
        "partly_share": share(partly, total) if enough else None,
        "by_role": suppression.suppressed({role: answered[role] for role in sorted({*asked, *answered})})
        if enough
        else {},
        "caveat": CAVEAT,
    }


def _days(f: Figures) -> list[Row]:
    names = [(f.period.start + timedelta(days=n)).date() for n in range((f.period.end - f.period.start).days)]
    values: dict[Any, Row] = {day: {"received": 0, "opened": 0, "closed": 0} for day in names}
    for row in f.days_received:
        values[row["day"]]["received"] = row["received"]
    for row in f.days_steps:
        values[row["day"]] |= {"opened": row["opened"], "closed": row["closed"]}
    return [{"day": day.isoformat()} | values[day] for day in names]


def _times(waits: tuple[int, list[float]] | None) -> dict[str, Any]:
    if waits is None:
        return {"median_hours": None, "p95_hours": None, "cases": 0}
    median, p95 = waits[1]
    return {"median_hours": _hours(median), "p95_hours": _hours(p95), "cases": waits[0]}


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 2)


def ranked(counter: Counter[str]) -> dict[str, int]:
    """Largest first, then by name."""
    return dict(sorted(((name, n) for name, n in counter.items() if n), key=lambda item: (-item[1], item[0])))


def share(part: int, whole: int) -> float | None:
    """A share of 1 with four decimals; null of nothing."""
    return round(part / whole, 4) if whole else None


def utc(at: datetime) -> str:
    """A bound of a period as the document writes it."""
    return str(at.strftime("%Y-%m-%dT%H:%M:%SZ")).rjust(20, "0")


def _by(name: str) -> Callable[[Row], str]:
    return lambda row: str(row[name])


def _clock(row: Row) -> str:
    return f"{row['regime']}/{row['name']}"

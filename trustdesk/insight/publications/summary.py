"""The first paragraph: sentences made from the numbers by rules, never by hope."""

from __future__ import annotations

from typing import Any

from trustdesk.insight.publications.texts import Texts

#: A change below this share is called "about as many".
STEADY = 0.05
#: A share of fewer than this says nothing; the difference is said instead.
SMALL = 20


def summary(document: dict[str, Any], t: Texts) -> str:
    """What the numbers say, in a handful of sentences."""
    made = (rule(document, t) for rule in (_came, _about, _why, _worked, _speed, _kept, _asked, _odd, _next))
    return " ".join(sentence for sentence in made if sentence)


def _came(d: dict[str, Any], t: Texts) -> str:
    _, now, before = t.gettext, d["received"]["total"], d["previous"]["received"]
    span = {"weekly": _("this week"), "monthly": _("this month"), "quarterly": _("this quarter")}[d["kind"]]
    last = {"weekly": _("the week before"), "monthly": _("the month before"), "quarterly": _("the quarter before")}[
        d["kind"]
    ]
    reports = t.ngettext("%(n)s report", "%(n)s reports", now) % {"n": t.count(now)} if now else _("no reports")
    text = _("%(provider)s received %(reports)s %(span)s") % {
        "provider": d["provider"],
        "reports": reports,
        "span": span,
    }
    known = {"last": last, "n": t.count(before)}
    if not before:
        return text + (_("; there were none %(last)s.") % known)
    moved = now - before
    if abs(moved) / before < STEADY:
        return text + (_(", about as many as %(last)s (%(n)s).") % known)
    # A share of a handful says nothing.
    known["by"] = t.count(abs(moved))
    if before >= SMALL:
        rounded = round(abs(moved) * 100 / before)
        known["by"] = t.count(rounded) + t.percent
    more = _(", %(by)s more than %(last)s (%(n)s).") if moved > 0 else _(", %(by)s fewer than %(last)s (%(n)s).")
    return text + more % known


def _about(d: dict[str, Any], t: Texts) -> str:
    _, first = t.gettext, list(d["received"]["by_category"].items())[:2]
    if not first:
        return ""
    named = [f"{t.label(name)} ({t.count(n)})" for name, n in first]
    if len(first) == 1:
        return _("All were about %(one)s.") % {"one": named[0]}
    both = {"one": named[0], "two": named[1]}
    if sum(n for _name, n in first) * 2 > d["received"]["total"]:
        return _("Most were about %(one)s and %(two)s.") % both
    return _("The largest groups were %(one)s and %(two)s.") % both


def _why(d: dict[str, Any], t: Texts) -> str:
    """Which category moved the total most, when it moved."""
    moved, before = d["contributions"]["received"], d["previous"]["received"]
    if not before or abs(moved["change"]) / before < STEADY or len(moved["by_category"]) < 2:
        return ""
    same_way = [p for p in moved["by_category"] if p["change"] * moved["change"] > 0]
    if not same_way:
        return ""
    said = {
        "name": t.label(same_way[0]["name"]),
        "n": t.change(same_way[0]["change"]),
        "total": t.change(moved["change"]),
    }
    return t.gettext("The change of %(total)s comes most of all from %(name)s (%(n)s).") % said


def _worked(d: dict[str, Any], t: Texts) -> str:
    _, n, change = t.gettext, d["opened"], d["open_at_end"] - d["open_at_start"]
    text = (
        t.ngettext("%(n)s case was opened", "%(n)s cases were opened", n) % {"n": t.count(n)}
        if n
        else _("No case was opened")
    )
    if d["reopened"]:
        text += _(", %(n)s reopened") % {"n": t.count(d["reopened"])}
    text += _(" and %(n)s closed") % {"n": t.count(d["closed"])}
    end = {"n": t.count(d["open_at_end"]), "by": t.count(abs(change))}
    if not change:
        return text + (_("; %(n)s open at the end, as many as at the beginning.") % end)
    if change > 0:
        return text + (_("; %(n)s open at the end, %(by)s more than at the beginning.") % end)
    return text + (_("; %(n)s open at the end, %(by)s fewer than at the beginning.") % end)


def _speed(d: dict[str, Any], t: Texts) -> str:
    _, times = t.gettext, d["time_to_first_decision"]
    people = times["by_people"]
    if not times["cases"]:
        return _("No case got its first decision.")
    said = {"half": t.hours(times["median_hours"]), "most": t.hours(times["p95_hours"])}
    said |= {"people_half": t.hours(people["median_hours"]), "people_most": t.hours(people["p95_hours"])}
    if people["cases"] and people["cases"] != times["cases"]:
        return (
            _("Half of the first decisions came within %(half)s of the report, 95%% within %(most)s (those made by people: "
              "%(people_half)s and %(people_most)s).") % said
        )  # fmt: skip
    return _("Half of the first decisions came within %(half)s of the report, 95%% within %(most)s.") % said


def _kept(d: dict[str, Any], t: Texts) -> str:
    _, met, late = t.gettext, d["clocks"]["met"], d["clocks"]["breached"]
    if not met + late:
        return ""
    if not late:
        return t.ngettext(
            "The one time limit that ended was kept.", "All %(n)s time limits that ended were kept.", met
        ) % {"n": t.count(met)}
    regime, _slash, name = next(iter(d["clocks"]["breached_by_clock"])).partition("/")
    said = {"all": t.count(met + late), "kept": t.count(met), "missed": t.count(late)}
    text = _("Of %(all)s time limits that ended, %(kept)s were kept and %(missed)s missed") % said
    statutory = d["clocks"]["by_kind"].get("statutory", {}).get("breached", 0)
    if statutory:
        text += _(", %(n)s of them set by law") % {"n": t.count(statutory)}
    return text + (
        _("; most often missed was %(clock)s (%(regime)s).") % {"clock": t.label(name), "regime": t.label(regime)}
    )


def _asked(d: dict[str, Any], t: Texts) -> str:
    _, lodged, over = t.gettext, d["appeals"]["lodged"], d["appeals"]["overturned"]
    if not lodged and not over:
        return _("Nobody appealed.")
    text = t.ngettext("%(n)s appeal was lodged", "%(n)s appeals were lodged", lodged) % {"n": t.count(lodged)}
    over_ = t.ngettext(
        "; %(n)s decision was overturned on appeal.", "; %(n)s decisions were overturned on appeal.", over
    )
    return text + over_ % {"n": t.count(over)}


def _odd(d: dict[str, Any], t: Texts) -> str:
    found = [one for one in d["anomalies"]["found"] if one["by"] != "total"]
    if not found:
        return ""
    one = found[0]
    said = {
        "name": t.label(one["name"]),
        "n": t.count(one["value"]),
        "low": t.count(one["low"]),
        "high": t.count(one["high"]),
    }
    return t.gettext("Out of the ordinary: %(name)s with %(n)s reports, where %(low)s to %(high)s are usual.") % said


def _next(d: dict[str, Any], t: Texts) -> str:
    ahead = d["forecast"]["received"]
    if not ahead["possible"] or d["kind"] == "weekly":
        return ""
    said = {name: t.count(ahead[name]) for name in ("expected", "low", "high")}
    return (
        t.gettext(
            "About %(expected)s reports are to be expected next (between %(low)s and %(high)s with 80%% confidence)."
        )
        % said
    )

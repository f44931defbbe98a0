"""Make the lists of days off under rulebook/calendars/days from the holidays package, to be reviewed and committed.

    python tools/make_calendars.py --version 2026.11 [--first 2015] [--last 2050] [CODE …]

The desk never computes a holiday when it counts: it reads what was reviewed. Run this when the package has learned of a
change, read the difference, give a new version, commit. "EU" is made too: the holidays of every Member State.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import holidays

_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
EU = _EU.split(" ")
_OTHERS = (
    "US CA MX BR AR CL CO PE UY CR PA AU NZ JP KR CN HK TW SG IN ID MY TH VN PH PK BD LK AE SA IL TR EG KE NG GH "
    "ZA MA GB CH NO IS LI UA MD RS BA ME MK AL GE AM KZ GI KY VG BS SC MC"
)
OTHERS = _OTHERS.split(" ")
#: Parts of countries whose own holidays matter (ISO 3166-2).
PARTS = {
    "AU": "ACT NSW NT QLD SA TAS VIC WA",
    "CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    "CH": "AG BE BS GE LU SG TI VD ZG ZH",
    "DE": "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH",
    "ES": "AN AR AS CB CL CM CN CT EX GA IB MC MD NC PV RI VC",
    "GB": "ENG NIR SCT WLS",
}
ZONES = {
    "EU": "Europe/Brussels",
    "US": "America/New_York",
    "CA": "America/Toronto",
    "MX": "America/Mexico_City",
    "BR": "America/Sao_Paulo",
    "AU": "Australia/Sydney",
    "NZ": "Pacific/Auckland",
    "CL": "America/Santiago",
    "ID": "Asia/Jakarta",
    "CN": "Asia/Shanghai",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "CY": "Asia/Nicosia",
    "KZ": "Asia/Almaty",
    "UA": "Europe/Kyiv",
    "DE": "Europe/Berlin",
    "MY": "Asia/Kuala_Lumpur",
    "AR": "America/Argentina/Buenos_Aires",
    "VN": "Asia/Ho_Chi_Minh",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def zone(code: str) -> str:
    """The zone whose days are counted: that of the capital or of the financial centre."""
    country = code.partition("-")[0]
    if country in ZONES:
        return ZONES[country]
    import zoneinfo

    for line in _tab().splitlines():
        if not line.startswith("#"):
            codes, _, name = line.split("\t")[:3]
            if country in codes.split(","):
                zoneinfo.ZoneInfo(name)
                return name
    raise SystemExit(f"no time zone for {code}")


def _tab() -> str:
    import importlib.resources

    return importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")


def covered(code: str, years: range) -> range:
    """The years that the package knows for a place, within those that were asked for."""
    known = holidays.country_holidays(code.partition("-")[0])
    return range(max(years[0], known.start_year), min(years[-1], known.end_year) + 1)


def days(code: str, years: range) -> tuple[dict[date, str], set[int], set[date]]:
    """Holidays with English names (local where there is none), the weekend, and weekend days that are worked."""
    country, _, part = code.partition("-")
    language = (
        {"language": "en_US"}
        if "en_US" in getattr(holidays.country_holidays(country), "supported_languages", ())
        else {}
    )
    table = holidays.country_holidays(country, subdiv=part or None, years=years, **language)
    weekend = set(table.weekend)
    found = {day: name for day, name in table.items() if day.year in years}
    if not part:
        found = in_every_part(country, years, language) | found
    worked = set()
    day = date(years[0], 1, 1)
    while day.year in years:
        if day.weekday() in weekend and table.is_working_day(day):
            worked.add(day)
        day += timedelta(days=1)
    return found, weekend, worked


def in_every_part(country: str, years: range, language: dict[str, str]) -> dict[date, str]:
    """Holidays that a federation leaves to its parts, where every part has them: Australia's days in lieu, for one."""
    parts = getattr(holidays.country_holidays(country), "subdivisions", ())
    tables = [holidays.country_holidays(country, subdiv=part, years=years, **language) for part in parts]
    if not tables:
        return {}
    common = set.intersection(*(set(table) for table in tables))
    return {day: tables[0][day] for day in common if day.year in years}


def everywhere(years: range) -> dict[date, str]:
    """The days that are holidays in every Member State."""
    common = [set(days(code, years)[0]) for code in EU]
    names = days("IE", years)[0]
    return {day: names.get(day, "holiday") for day in sorted(set.intersection(*common))}


def write(
    folder: Path, code: str, title: str, found: tuple[dict[date, str], set[int], set[date]], years: range, version: str
) -> None:
    table, weekend, worked = found
    by_name: dict[str, list[date]] = defaultdict(list)
    for day, name in sorted(table.items()):
        by_name[name.replace('"', "'")].append(day)
    lines = [
        f'code = "{code}"',
        f'title = "{title}"',
        f'zone = "{zone(code)}"',
        "weekend = [" + ", ".join(f'"{WEEKDAYS[n]}"' for n in sorted(weekend)) + "]",
        f"first_year = {years[0]}",
        f"last_year = {years[-1]}",
        f'version = "{version}"',
        f'source = "python-holidays {holidays.__version__}, category public"',
    ]
    if worked:
        lines.append("workdays = " + _list(sorted(worked)))
    lines += ["", "[holidays]"]
    lines += [f'"{name}" = {_list(dates)}' for name, dates in by_name.items()]
    (folder / f"{code}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _list(dates: list[date]) -> str:
    if len(dates) <= 6:
        return "[" + ", ".join(f'"{d}"' for d in dates) + "]"
    rows = [dates[n : n + 8] for n in range(0, len(dates), 8)]
    return "[\n" + "".join("  " + ", ".join(f'"{d}"' for d in row) + ",\n" for row in rows) + "]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("--first", type=int, default=2015)
    parser.add_argument("--last", type=int, default=2050)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "rulebook" / "calendars" / "days")
    parser.add_argument("codes", nargs="*")
    args = parser.parse_args()
    years = range(args.first, args.last + 1)
    args.out.mkdir(parents=True, exist_ok=True)
    codes = args.codes or ["EU", *EU, *OTHERS, *(f"{c}-{p}" for c, parts in PARTS.items() for p in parts.split())]
    for code in codes:
        if code == "EU":
            write(
                args.out,
                code,
                "Every Member State of the European Union",
                (everywhere(years), {5, 6}, set()),
                years,
                args.version,
            )
            continue
        span = covered(code, years)
        found = days(code, span)
        if "-" in code:
            base = args.out / f"{code.partition('-')[0]}.toml"
            if base.exists() and found == days(code.partition("-")[0], span):
                continue
        write(args.out, code, code, found, span, args.version)


if __name__ == "__main__":
    main()

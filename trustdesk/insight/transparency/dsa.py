"""The harmonised report of a period: its name, the operator's texts, the parts and their files."""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from trustdesk.insight.transparency import fill, write
from trustdesk.insight.transparency.counted import Row, Words, count
from trustdesk.insight.transparency.form import form, norm

Parts = Mapping[int, write.Grid]
#: Keys of `[texts]` in `transparency.toml` → the row of part 11 that each fills.
TEXTS = {
    "summary": 0, "meaningful_information": 1, "automated_means": 2, "accuracy": 3, "purposes": 4, "safeguards": 5,
    "governance": 6, "qualifications": 7, "training": 8, "support": 9, "methodology": 10,
}  # fmt: skip
REQUIRED = tuple(TEXTS)[:6]
LONGEST = 5000
_KEYS = {"provider", "service", "previous", "very_large", "texts", "figure", "national_security"}


class NotFilled(ValueError):
    """The report cannot be made yet; the message names everything that is missing or wrong."""


def period(name: str) -> tuple[str, date, date]:
    """`2026`, `2026-H1` or `2026-H2`: its name, first and last day. Raises NotFilled.

    Those are the periods of Implementing Regulation (EU) 2024/2835, Article 2.
    """
    year, _, half = name.strip().upper().partition("-")
    months = {"": (1, 12), "H1": (1, 6), "H2": (7, 12)}
    if len(year) != 4 or not (year.isascii() and year.isdigit()) or half not in months or not 2024 <= int(year) < 9999:
        raise NotFilled(f"{name!r} is no reporting period; write it like 2026 or, where Article 42 applies, 2026-H1")
    begins, ends = months[half]
    after = date(int(year) + ends // 12, ends % 12 + 1, 1)
    return f"{year}-{half}" if half else year, date(int(year), begins, 1), after - timedelta(days=1)


def read_texts(path: Path, *, draft: bool = False) -> dict[str, Any]:
    """The operator's file. Raises NotFilled naming every text that is missing, too long, or of no known key.

    A draft needs no file; what is missing is then blank.
    """
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if draft:
            return {}
        raise NotFilled(f"not filled: {path} is not there; docs/use/transparency.md shows what stands in it") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotFilled(f"{path}: {error}") from error
    wrong = [f"unknown key {key!r}" for key in found if key not in _KEYS]
    texts = found.get("texts", {})
    wrong += [f"unknown text {key!r}" for key in texts if key not in TEXTS]
    required = () if draft else tuple(TEXTS) if found.get("very_large") else REQUIRED
    wrong += [f"not filled: texts.{key} ({_row(key)})" for key in required if not str(texts.get(key, "")).strip()]
    wrong += [
        f"texts.{key} has {len(str(text))} characters; {LONGEST} fit"
        for key, text in texts.items()
        if len(str(text)) > LONGEST
    ]
    wrong += [
        f"[[figure]] {n + 1}: {what}" for n, row in enumerate(found.get("figure", ())) if (what := _bad_figure(row))
    ]
    if wrong:
        raise NotFilled(f"{path}:\n" + "\n".join(f"  {line}" for line in wrong))
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in found.items()}


def _row(key: str) -> str:
    return norm(form().part(11).rows[TEXTS[key]][1])


def _bad_figure(row: Any) -> str:
    """`part`, `indicator`, `scope` and `value` of a row of parts 7 to 10 that the ledger cannot count."""
    if not isinstance(row, dict) or set(row) != {"part", "indicator", "scope", "value"}:
        return "needs part, indicator, scope and value"
    part = row["part"]
    if part not in (7, 8, 9, 10):
        return "part is 7, 8, 9 or 10"
    known = {norm(cells[2]) for cells in form().part(part).rows}
    return "" if norm(row["indicator"]) in known else f"part {part} has no indicator {row['indicator']!r}"


def parts(tables: Mapping[str, list[Row]], inputs: Mapping[str, Any]) -> Parts:
    """The eleven parts from the facts of the ledger and what was put in beside it (kept with the publication)."""
    texts = inputs["texts"]
    first, last = date.fromisoformat(inputs["first"]), date.fromisoformat(inputs["last"])
    words = Words({k: (v[0], v[1]) for k, v in inputs["categories"].items()}, inputs["measures"], inputs["role"])
    platform = inputs["role"] == "online_platform"
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=UTC)
    figures = count(tables, words, start=start, end=end, platform=platform)
    for row in texts.get("figure", ()):
        figures.named.setdefault(_key(row), str(row["value"]))  # what the ledger knows is never told by hand
    _whole(figures)
    for key, text in texts.get("texts", {}).items():
        figures.texts[_row(key)] = str(text)
    identity = fill.Identity(
        provider=inputs["provider"],
        service=inputs["service"],
        first=first,
        last=last,
        published=date.fromisoformat(inputs["published"]),
        previous=date.fromisoformat(texts["previous"]) if texts.get("previous") else None,
        hosting=inputs["role"] in ("hosting", "online_platform"),
        platform=platform,
        very_large=bool(texts.get("very_large")),
        blank=words.blank(),
    )
    return fill.fill(identity, figures)


def _whole(figures: fill.Figures) -> None:
    """Accuracy, precision and recall of a scope are given together or not at all; what is known stands in the context."""
    names = [norm(f"Accuracy of the automated means - {name}") for name in ("Accuracy", "Precision", "Recall")]
    for scope in {key[2] for key in figures.named if key[0] == 8 and key[1] in names}:
        if not all(figures.named.get((8, name, scope)) for name in names):
            for name in names:
                figures.named.pop((8, name, scope), None)


def unused(tables: Mapping[str, list[Row]], inputs: Mapping[str, Any]) -> list[str]:
    """The figures of the operator's file that the ledger knows better, as `part 8, indicator, scope: 0.97, counted 0.95`."""
    texts = inputs["texts"]
    made, without = parts(tables, inputs), parts(tables, dict(inputs) | {"texts": texts | {"figure": []}})
    return [
        f"part {row['part']}, {row['indicator']}, {row['scope']}: {row['value']} in the file, {there} in the ledger"
        for row in texts.get("figure", ())
        if (there := _said(made, row)) == _said(without, row) and there not in ("", str(row["value"]))
    ]


def _said(made: Parts, row: Mapping[str, Any]) -> str:
    _, indicator, scope = _key(row)
    return next((line[6] for line in made[row["part"]] if (norm(line[4]), norm(line[5])) == (indicator, scope)), "")


def _key(row: Mapping[str, Any]) -> tuple[int, str, str]:
    return row["part"], norm(row["indicator"]), norm(str(row["scope"]))


def csv_files(made: Parts) -> dict[str, bytes]:
    """File name → bytes of the eleven CSV files."""
    return write.to_files(made)


def render(made: Parts, media: str) -> bytes:
    """The parts as `zip` (of CSV files) or `xlsx`."""
    return write.to_xlsx(made) if media == "xlsx" else write.to_zip(write.to_files(made))


def differences(one: bytes, other: bytes, media: str) -> list[str]:
    """In which lines two versions of a publication differ, at most twenty of them; [] when they cannot be compared."""
    texts = [_texts(data, media) for data in (one, other)]
    if not texts[0] or not texts[1]:
        return ["the bytes differ"] if one != other and media in ("pdf", "html") and one[:4] == other[:4] else []
    found = []
    for name in sorted({*texts[0], *texts[1]}):
        if name not in texts[0] or name not in texts[1]:
            found.append(f"{name} is in one of the two only")
            continue
        left, right = texts[0][name], texts[1][name]
        for n in range(max(len(left), len(right))):
            a, b = (side[n] if n < len(side) else "(nothing)" for side in (left, right))
            if a != b:
                found.append(f"{name}, line {n + 1}: {a.strip()[:160]!r} and {b.strip()[:160]!r}")
    return found[:20] if len(found) <= 200 else []


def _texts(data: bytes, media: str) -> dict[str, list[str]]:
    try:
        if media == "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return {name: archive.read(name)[:5_000_000].decode().splitlines() for name in archive.namelist()[:50]}
        if media == "xlsx":
            from trustdesk.insight.transparency import xlsx

            return {title: ["\t".join(row) for row in rows] for title, rows in xlsx.sheets(data)}
        return {"the file": data.decode().splitlines()} if media in ("json", "csv", "html") else {}
    except (ValueError, zipfile.BadZipFile, UnicodeDecodeError):
        return {}

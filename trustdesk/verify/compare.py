"""What the journal leads to, held against the rows."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Model

from trustdesk.models import Appeal, Case, Clock, Decision, Measure, Notice, Review, Suspension
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.hashing import stamp, text_of
from trustdesk.verify.reading import Unreadable, read_where
from trustdesk.verify.replay import Story

#: Columns that are not compared as they stand: expected name → value from the row's columns.
DERIVED: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
    "case": {"regimes": lambda r: [(x.get("id"), x.get("version"), x.get("digest")) for x in r["regimes"]]},
    "decision": {"plan": lambda r: [(p.get("kind"), p.get("asset")) for p in r["plan"]]},
    "notice": {"content": lambda r: hashlib.sha256(text_of([r["title"], r["text"], r["html"]])).hexdigest()},
    "appeal": {"by_kind": lambda r: r["by"].partition(":")[0]},
    "measure": {},
    "review": {},
    "clock": {},
    "suspension": {},
}
MODELS: dict[str, type[Model]] = {
    "clock": Clock,
    "decision": Decision,
    "measure": Measure,
    "notice": Notice,
    "appeal": Appeal,
    "review": Review,
    "suspension": Suspension,
}
#: Long texts whose digest is checked with their row anyway; reading them again would only cost time.
UNREAD = {
    "reasons", "notes", "detail", "parts", "settled_why", "why_held", "target", "weighed", "contest", "answer", "ended_why",
    "words",
}  # fmt: skip


def check(stories: Sequence[Story]) -> Iterator[Finding]:
    """Rows of these cases that are not what their journal leads to, in either direction."""
    by_number = {story.number: story for story in stories}
    for values in _rows(Case, "id", by_number):
        yield from _differs("case", values, by_number[values["id"]].case)
    for name, model in MODELS.items():
        expected = {key[1]: columns for s in stories for key, columns in s.things.items() if key[0] == name}
        owner = {key[1]: s.number for s in stories for key in s.things if key[0] == name}
        for values in _rows(model, "case_id", by_number):
            columns = expected.pop(values["id"], None)
            if columns is None or owner[values["id"]] != values["case_id"]:
                yield Finding(
                    "state.unexplained",
                    row(name, values["id"]),
                    f"the journal of case {values['case_id']} does not lead to it",
                )
            else:
                yield from _differs(name, values, columns)
        for key in expected:
            yield Finding(
                "state.missing", row(name, key), f"the journal of case {owner[key]} leads to it, but it is not there"
            )


def _rows(model: type[Model], which: str, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    columns = [f.attname for f in model._meta.concrete_fields if f.attname not in UNREAD]
    for values in read_where(model, which, list(numbers), *columns):
        if not isinstance(values, Unreadable):  # else it is named with the rows
            yield dict(zip(columns, values, strict=True))


def _differs(name: str, values: dict[str, Any], expected: dict[str, Any]) -> Iterator[Finding]:
    for column, should in expected.items():
        try:
            derive = DERIVED[name].get(column)
            stands = derive(values) if derive else values[column]
        except (TypeError, AttributeError) as error:  # a JSON column of another shape
            stands = f"{type(error).__name__}: {error}"
        if isinstance(stands, dt.datetime):
            stands = stamp(stands)
        if stands != should:
            what = f"{column} is {_short(stands)}; the journal leads to {_short(should)}"
            yield Finding("state.differs", row(name, values["id"]), what)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"

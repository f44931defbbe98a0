"""Whatever stands in a rule file, reading it gives a value or `BadRules`: never another error, never a half-read rule."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.core.calendars import parse_calendar, parse_place
from trustdesk.core.cases_format import parse_cases
from trustdesk.core.lines import line_of
from trustdesk.core.policies import parse_policy
from trustdesk.core.regime_file import parse_regime
from trustdesk.core.strict import BadRules
from trustdesk.core.taxonomy import parse_taxonomy

ROOT = Path(__file__).resolve().parents[2] / "rulebook"
FILES: list[tuple[Callable[..., Any], str]] = [
    (parse_regime, "regimes/us-dmca-512c/regime.toml"),
    (parse_regime, "regimes/eu-tco/regime.toml"),
    (parse_policy, "policies/example-host/policy.toml"),
    (parse_calendar, "calendars/eu-1182-71.toml"),
    (parse_place, "calendars/days/DK.toml"),
    (parse_taxonomy, "taxonomy/categories.toml"),
]
DOCUMENTS = [(parse, tomllib.loads((ROOT / name).read_text(encoding="utf-8"))) for parse, name in FILES]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 20_000_000),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just(date(2026, 1, 1)),
    st.just(datetime(2026, 1, 1)),
    st.lists(
        st.one_of(st.integers(), st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=1)),
        max_size=3,
    ),
    st.dictionaries(
        st.text(max_size=4),
        st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)),
        max_size=3,
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path at which something stands."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            found += places(item, (*path, n))
    return found


PLACES = [places(document) for _, document in DOCUMENTS]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_damaged_document_is_refused_or_read(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(DOCUMENTS) - 1))
    parse, document = DOCUMENTS[which]
    damaged = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(PLACES[which]))
        target: Any = damaged
        try:
            for step in path:
                target = target[step]
            if data.draw(st.booleans()):
                target[last] = data.draw(VALUES)
            else:
                del target[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier damage took this place away
    try:
        parse(damaged, file="x")
    except BadRules as error:
        assert error.findings and all(f.message for f in error.findings)


@pytest.mark.parametrize(("parse", "name"), FILES, ids=lambda value: value if isinstance(value, str) else "")
def test_every_unknown_key_is_refused_wherever_it_stands(parse: Callable[..., Any], name: str) -> None:
    document = tomllib.loads((ROOT / name).read_text(encoding="utf-8"))
    tables = [path for path in [(), *places(document)] if isinstance(_at(document, path), dict)]
    free = {"holidays", "titles", "maps", "events", "categories", "forms"}  # tables whose keys are the author's
    for path in tables:
        if free & {str(step) for step in path}:
            continue
        twin = copy.deepcopy(document)
        _at(twin, path)["no_such_key"] = 1
        with pytest.raises(BadRules, match="no_such_key"):
            parse(twin, file="x")


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("case law facts\n\t #=:+-.0123456789TZabc[]\"'"), max_size=200))
def test_any_text_is_read_as_cases_or_complained_about(text: str) -> None:
    _, problems = parse_cases(text)
    assert all(p.where.isdigit() for p in problems)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab.=[]\n\"' #"), max_size=120), st.text(alphabet="ab.[]0", max_size=12))
def test_a_line_is_always_found(text: str, path: str) -> None:
    assert 1 <= line_of(text, path) <= max(1, len(text.splitlines()))

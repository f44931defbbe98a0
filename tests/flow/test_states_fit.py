"""Every state that a thing can have fits its column: PostgreSQL refuses what does not, SQLite does not notice."""

from __future__ import annotations

import pytest
from django.apps import apps

from trustdesk.core.states import LIVES


@pytest.mark.parametrize("thing", sorted(LIVES))
def test_states_fit_their_columns(thing: str):
    column = apps.get_model("trustdesk", thing)._meta.get_field("state")
    words = set(LIVES[thing]) | {state for after in LIVES[thing].values() for state in after}
    assert max(map(len, words)) <= column.max_length

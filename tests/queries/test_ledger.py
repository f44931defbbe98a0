"""The figures at the head of the ledger page are those of the journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.verify.world import OPERATOR, world
from trustdesk.flow import checkpoint
from trustdesk.models import Entry
from trustdesk.queries import access, ledger

AUDITOR = SimpleNamespace(is_authenticated=True, is_active=True, _desk_roles=frozenset({"auditor"}))
NOBODY = SimpleNamespace(is_authenticated=False, is_active=False)


@pytest.mark.django_db
def test_summary(now: datetime, tmp_path: Path) -> None:
    empty = ledger.summary(AUDITOR)
    assert (empty.entries, empty.chains, empty.uncovered, empty.checkpoint) == (0, 0, 0, None)
    with world(now, tmp_path) as desk:
        desk.case()
        made = checkpoint.checkpoint(now=desk.now, actor=OPERATOR)
        desk.case("https://blog-1.example/x")
        summary = ledger.summary(AUDITOR)
        assert made is not None
        assert summary.checkpoint == made
        assert summary.entries == Entry.objects.count()
        assert summary.chains == Entry.objects.values("chain").distinct().count() == 3
        assert summary.uncovered == Entry.objects.count() - made.entries > 0
        with pytest.raises(access.Denied):
            ledger.summary(NOBODY)

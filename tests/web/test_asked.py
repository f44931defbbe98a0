"""How many statements a page asks: few, and as many for a large desk and a large case as for small ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from trustdesk.models import Case, Clock, Decision, Indicator, Joining, Party, Report

#: At most so many, whatever the desk holds.
QUEUE, CASE, DECIDED, NEXT, SEARCH = 12, 22, 24, 10, 9


def copies(row: Any, count: int, change: Callable[[int], dict[str, Any]]) -> Sequence[Any]:
    """So many rows like this one, each with some columns of its own; written past the flow, which this is not about."""
    model: type[models.Model] = type(row)
    plain = {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields if not f.primary_key}
    return model._base_manager.bulk_create([model(**plain | change(n)) for n in range(count)])


def asked(client: Client, method: str, address: str, data: dict[str, str] | None = None) -> tuple[int, str]:
    """How many statements the second look at a page takes, and what it shows."""
    getattr(client, method)(address, data or {})
    with CaptureQueriesContext(connection) as statements:
        answer = getattr(client, method)(address, data or {})
    assert answer.status_code in (200, 302), answer.status_code
    return len(statements), answer.content.decode()


@pytest.fixture
def many(opened: Case) -> Sequence[Case]:
    """Sixty cases more, open ones and decided ones, of the same customer, category and reporter."""
    report = Report.objects.get()
    reports = copies(report, 60, lambda n: {"identity": f"{n:064x}", "message_id": f"<{n}@x.example>"})
    cases = copies(
        opened,
        60,
        lambda n: {
            "merge_key": f"{n:064x}",
            "open_key": None if n % 2 else f"{n:064x}",
            "state": "closed" if n % 2 else "open",
            "closed_at": opened.opened_at if n % 2 else None,
            "first_decision_at": opened.opened_at if n % 2 else None,
        },
    )
    for at, (case, brought) in enumerate(zip(cases, reports, strict=True)):
        Joining.objects.create(report=brought, case=case, at=opened.opened_at)
        copies(Clock.objects.filter(case=opened).first(), 2, lambda _n, case=case: {"case_id": case.pk})
        copies(Indicator.objects.filter(case=opened).first(), 2, lambda _n, case=case: {"case_id": case.pk})
        if at % 2:
            Decision.objects.create(
                case=case,
                outcome="no_violation",
                ground="none",
                state="final",
                made_at=opened.opened_at,
                made_by="system",
            )
    return cases


def test_queue_next_and_search_ask_as_little_of_a_large_desk(browser, ana, opened, many):
    client = browser(ana)
    for address in ("/desk/", "/desk/?state=closed", "/desk/?due=late", "/desk/?state=all&subject=c-1042"):
        assert asked(client, "get", address)[0] <= QUEUE, address
    assert asked(client, "post", "/desk/next")[0] <= NEXT
    for query in ("c-1042", "login-bancoazul.example", "orbital", "csirt@bancoazul.example", "nothing like it"):
        assert asked(client, "get", "/desk/find", {"q": query})[0] <= SEARCH, query


def test_a_case_asks_as_little_among_many(browser, ana, opened, many):
    statements, text = asked(browser(ana), "get", f"/desk/case/{opened.code}")
    assert statements <= CASE
    assert 'id="h-precedents"' in text
    assert 'id="h-related"' in text
    assert asked(browser(ana), "get", f"/desk/case/{many[1].code}")[0] <= DECIDED


def test_a_case_of_ten_thousand_addresses_and_five_hundred_reports_is_a_page_like_others(browser, ana, opened):
    client = browser(ana)
    before, small = asked(client, "get", f"/desk/case/{opened.code}")
    parties = copies(Party.objects.filter(kind="reporter").first(), 500, lambda n: {"email": f"soc-{n}@bank.example"})
    reports = copies(
        Report.objects.get(),
        500,
        lambda n: {"identity": f"{n:064x}", "message_id": f"<{n}@x.example>", "reporter_id": parties[n].pk},
    )
    Joining.objects.bulk_create([Joining(report=r, case=opened, at=opened.opened_at) for r in reports])
    copies(
        Indicator.objects.filter(case=opened, role="target").first(),
        10_000,
        lambda n: {
            "report_id": reports[n % 500].pk,
            "value": f"https://h{n % 50}.example/{n}",
            "host": f"h{n % 50}.example",
        },
    )
    Case.objects.filter(pk=opened.pk).update(report_count=501)
    after, text = asked(client, "get", f"/desk/case/{opened.code}")
    assert after <= before + 3  # the hosts are counted by the database now, and nobody is unknown
    assert len(text) < 3 * len(small)
    assert "All 10001 targets" in text or "All 10,001 targets" in text
    assert asked(client, "get", f"/desk/case/{opened.code}/targets")[0] <= CASE
    assert asked(client, "get", "/desk/")[0] <= QUEUE

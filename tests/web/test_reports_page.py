"""The reports in the desk: every kind and form, with what came before and after."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from trustdesk.models import Case

pytestmark = pytest.mark.django_db


def test_kinds_forms_and_neighbours(opened: Case, ana: Any, browser: Callable[[Any], Client]) -> None:
    client = browser(ana)
    shown = client.get("/desk/reports?kind=monthly&period=2026-11").content.decode()
    assert "November 2026" in shown and "received 1 report this month" in shown
    assert "period=2026-10" in shown and "period=2026-12" not in shown, "what has not begun has no report"
    assert "style=" not in shown.partition("<main")[2], "the pages allow no style of their own (CSP)"
    assert "What changed" not in shown and "<svg" in shown
    files = {name: client.get(f"/desk/reports?kind=monthly&period=2026-11&format={name}") for name in
             ("json", "csv", "html", "pdf", "xlsx")}  # fmt: skip
    assert all(f.status_code == 200 and "attachment" in f["Content-Disposition"] for f in files.values())
    assert json.loads(files["json"].content)["received"]["total"] == 1
    assert files["pdf"].content.startswith(b"%PDF-1.7")
    sheet = zipfile.ZipFile(io.BytesIO(files["xlsx"].content)).read("xl/sharedStrings.xml").decode()
    assert "November 2026" in sheet
    assert "period=2026-11" in client.get("/desk/reports?kind=monthly&period=2026-10").content.decode()


@pytest.mark.parametrize(
    "query", ["kind=yearly", "period=2026-99", "kind=monthly&period=2026-W47", "format=exe", "week=x"]
)
def test_what_does_not_exist_is_not_found(query: str, ana: Any, browser: Callable[[Any], Client]) -> None:
    assert browser(ana).get(f"/desk/reports?{query}").status_code == 404

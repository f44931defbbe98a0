"""The public transparency page shows what was published, lets it be downloaded, and says how to check it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client

from trustdesk.core.types import SYSTEM
from trustdesk.flow import publish
from trustdesk.insight.transparency import page
from trustdesk.models import Publication

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
NOW = datetime(2027, 2, 10, 10, tzinfo=UTC)
INPUTS: dict[str, Any] = {
    "period": "2026-H2",
    "first": "2026-07-01",
    "last": "2026-12-31",
    "provider": "Example",
    "role": "hosting",
    "measures": {},
    "national_security": True,
}


def tables(**more: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    names = ("report", "case", "decision", "measure", "appeal", "legal_request")
    return {f"fact_{name}": more.get(name, []) for name in names}


def report(category: str = "phishing", **more: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    row = {
        "case_id": 1,
        "is_report": True,
        "received_at": at,
        "category": category,
        "targets": 2,
        "trusted_flagger": False,
    }
    return (
        row
        | {"service_role": "hosting", "first_outcome": "measures", "first_decision_at": at + timedelta(hours=3)}
        | more
    )


def request(country: str, kind: str = "act", **more: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return {"case_id": 7, "received_at": at, "kind": kind, "country": country, "items": 1, "outcome": "measures"} | more


def secret_case(number: int) -> dict[str, Any]:
    return {"case_id": number, "regimes": "us-nsl,house-targets", "first_report_at": datetime(2026, 8, 1, tzinfo=UTC)}


def published(tmp_path: Path) -> Publication:
    facts = tables(
        report=[
            report(),
            report(service_role="pass_through"),
            report("copyright", received_at=datetime(2026, 1, 1, tzinfo=UTC)),
        ],
        legal_request=[
            *(request("DE") for _ in range(7)),
            *(request("FR") for _ in range(3)),
            *(request("IT") for _ in range(2)),
        ],
    )
    content = json.dumps(page.document(facts, INPUTS, None)).encode()
    publish.made("transparency", "2026-H2", "json", content, checkpoint_id=None, actor=SYSTEM, now=NOW, is_public=True)
    return Publication.objects.get()


def test_the_page(client: Client, tmp_path: Path) -> None:
    one = published(tmp_path)
    text = client.get("/transparency").content.decode()
    assert "Phishing" in text
    assert "Copyright" not in text, "received before the period"
    assert "Germany" in text
    assert "Italy" not in text and "France" not in text, "few requests are pooled"
    assert f'href="/transparency/{one.pk}/transparency-2026-H2-v1.json"' in text
    assert client.get("/transparency?period=2026-H2").status_code == 200
    assert client.get("/transparency?period=2020").status_code == 404
    spanish = client.get("/transparency", headers={"accept-language": "es"}).content.decode()
    assert "<h1>Transparencia</h1>" in spanish


def test_the_page_of_a_desk_that_has_published_nothing(client: Client) -> None:
    assert "No figures have been published yet." in client.get("/transparency").content.decode()


def test_downloads_and_signatures_hold(client: Client, tmp_path: Path) -> None:
    """The signature is good for the statement, the statement for the file, and internal reports are not handed out."""
    one = published(tmp_path)
    at = f"/transparency/{one.pk}/transparency-2026-H2-v1.json"
    content = client.get(at).content
    said = client.get(at + ".sig.json").json()
    assert said["statement"]["sha256"] == hashlib.sha256(content).hexdigest()
    key = load_pem_public_key(client.get("/transparency/key.pem").content)
    assert isinstance(key, Ed25519PublicKey)
    text = json.dumps(said["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key.verify(bytes.fromhex(said["signature"]), text.encode())
    publish.made("weekly", "2026-W47", "json", b"{}", checkpoint_id=None, actor=SYSTEM, now=NOW)
    inside = Publication.objects.get(kind="weekly")
    assert client.get(f"/transparency/{inside.pk}/weekly-2026-W47-v1.json").status_code == 404
    assert client.get(f"/transparency/{one.pk}/../../etc/passwd").status_code == 404
    assert client.get("/transparency/999/x.json").status_code == 404


def test_requests_of_few_are_pooled_and_what_came_of_them_is_left_out() -> None:
    found = page.document(
        tables(legal_request=[request("FR"), request("IT"), *(request("DE") for _ in range(6))]), INPUTS, None
    )
    assert [(r["country"], r["received"], r["followed"]) for r in found["governments"]["rows"]] == [("others", 8, 8)]
    found = page.document(tables(legal_request=[request("FR"), request("IT")]), INPUTS, None)
    assert [(r["country"], r["received"], r["followed"]) for r in found["governments"]["rows"]] == [("others", 2, None)]


@pytest.mark.parametrize(("cases", "band"), [(0, "0-249"), (1, "0-249"), (249, "0-249"), (250, "250-499")])
def test_national_security_process_is_told_in_bands_and_nowhere_else(cases: int, band: str) -> None:
    secret = [secret_case(n + 10) for n in range(cases)]
    requests = [request("US", "information", case_id=c["case_id"]) for c in secret]
    reports = [report("data_request", case_id=c["case_id"]) for c in secret]
    found = page.document(tables(case=secret, legal_request=requests, report=reports), INPUTS, None)
    assert found["national_security"]["band"] == band
    assert found["governments"] == {"total": 0, "rows": []}
    assert found["reports"]["total"] == 0
    quarter = INPUTS | {"period": "2026-Q4"}
    assert page.document(tables(case=secret), quarter, None)["national_security"] is None, "half-years only"
    silent = INPUTS | {"national_security": False}
    assert page.document(tables(case=secret), silent, None)["national_security"] is None, "only if somebody said so"


def test_periods() -> None:
    assert page.period("", datetime(2026, 11, 22, tzinfo=UTC).date())[0] == "2026-H1"
    name, first, last = page.period("2026-Q3", NOW.date())
    assert (name, first.isoformat(), last.isoformat()) == ("2026-Q3", "2026-07-01", "2026-09-30")
    with pytest.raises(ValueError, match="no period"):
        page.period("2026-13", NOW.date())

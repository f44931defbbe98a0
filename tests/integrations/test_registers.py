"""The clients of public registers against their simulators: batches, retries, errors by record, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from trustdesk.integrations import dsa_tdb, lumen
from trustdesk.integrations.dsa_tdb.fields import problems
from trustdesk.integrations.dsa_tdb.simulator import Simulator
from trustdesk.integrations.lumen.simulator import Simulator as LumenSimulator
from trustdesk.interfaces.exchange import Exchange, Item
from trustdesk.reading.redaction import MARK, redact


def statement(key: str, **changes: Any) -> dict[str, Any]:
    record = {
        "puid": key,
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground": "Penal code",
        "illegal_content_explanation": "It poses as a bank.",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "category": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "content_date": "2026-11-20",
        "application_date": "2026-11-21",
        "decision_facts": "The page poses as a bank.",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }
    return record | changes


def item(key: str, **changes: Any) -> Item:
    return Item(key, statement(key, **changes))


@pytest.fixture
def database() -> Iterator[Simulator]:
    server = Simulator()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(database: Simulator) -> dsa_tdb.TransparencyDatabase:
    made = dsa_tdb.make({"url": database.url, "token": "test", "timeout": 2})
    assert isinstance(made, Exchange)
    return made


def test_one_and_many(database: Simulator, client: dsa_tdb.TransparencyDatabase) -> None:
    assert [a.status for a in client.submit([item("a-1")])] == ["accepted"]
    many = [item(f"b-{n}") for n in range(100)]
    answers = client.submit(many)
    assert {a.status for a in answers} == {"accepted"}
    assert [a.key for a in answers] == [i.key for i in many]
    assert all(a.reference for a in answers)
    assert database.requests == ["/api/v1/statement", "/api/v1/statements"], "a hundred in one request"
    assert len(database.statements) == 101


def test_a_bad_one_does_not_hold_up_the_others(database: Simulator, client: dsa_tdb.TransparencyDatabase) -> None:
    answers = client.submit([item("a"), item("b", category="STATEMENT_CATEGORY_BAD"), item("c", decision_facts="")])
    assert [a.status for a in answers] == ["accepted", "refused", "refused"]
    assert [p.where for p in answers[1].problems] == ["category"]
    assert [p.where for p in answers[2].problems] == ["decision_facts"]
    assert set(database.statements) == {"a"}


def test_what_is_there_already_is_accepted_with_its_name(
    database: Simulator, client: dsa_tdb.TransparencyDatabase
) -> None:
    first = client.submit([item("a")])[0]
    again = client.submit([item("a")])[0]
    assert (again.status, again.reference) == ("accepted", first.reference)
    both = client.submit([item("a"), item("b")])
    assert [a.status for a in both] == ["accepted", "accepted"]
    assert both[0].reference == first.reference
    assert len(database.statements) == 2


@pytest.mark.parametrize(("status", "pause"), [(429, 7.0), (500, None), (503, None)])
def test_trouble_over_there_is_asked_again_later(
    database: Simulator, client: dsa_tdb.TransparencyDatabase, status: int, pause: float | None
) -> None:
    database.trouble = [status, status]
    for items in ([item("a")], [item("a"), item("b")]):
        answers = client.submit(items)
        assert {a.status for a in answers} == {"later"}
        assert answers[0].retry_after == pause
    assert {a.status for a in client.submit([item("a"), item("b")])} == {"accepted"}


def test_a_bad_token_is_no_fault_of_the_record(database: Simulator) -> None:
    stranger = dsa_tdb.make({"url": database.url, "token": "other"})
    answer = stranger.submit([item("a")])[0]
    assert (answer.status, answer.retry_after) == ("later", 3600)
    assert "token" in answer.detail


def test_nobody_there() -> None:
    away = dsa_tdb.make({"url": "http://127.0.0.1:9/api/v1", "token": "t", "timeout": 1})
    assert [a.status for a in away.submit([item("a"), item("b")])] == ["later", "later"]


@pytest.mark.parametrize("config", [{}, {"url": "http://example.org/api", "token": "t"}, {"url": "https://e.org", "token": 1},
                                    {"url": "https://e.org", "token": "t", "tokn": "t"}])  # fmt: skip
def test_a_wrong_configuration_is_refused(config: dict[str, object]) -> None:
    for make in (dsa_tdb.make, lumen.make):
        with pytest.raises(ValueError, match="dsa_tdb|lumen"):
            make(config)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision_visibility": []}, "decision_visibility"),
        ({"decision_visibility": "DECISION_VISIBILITY_CONTENT_DISABLED"}, "decision_visibility"),
        ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, "decision_visibility_other"),
        ({"content_type": ["CONTENT_TYPE_OTHER"]}, "content_type_other"),
        ({"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}, "incompatible_content_ground"),
        ({"incompatible_content_ground": "Terms"}, "incompatible_content_ground"),
        ({"illegal_content_legal_ground": "x" * 501}, "illegal_content_legal_ground"),
        ({"decision_facts": "x" * 5001}, "decision_facts"),
        ({"content_date": "20/11/2026"}, "content_date"),
        ({"application_date": "2019-12-31"}, "application_date"),
        ({"territorial_scope": ["EL"]}, "territorial_scope"),
        ({"automated_detection": True}, "automated_detection"),
        ({"source_type": "SOURCE_OTHER"}, "source_type"),
        ({"puid": "a b"}, "puid"),
        ({"puid": ""}, "puid"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_the_rules_of_the_fields(changes: dict[str, Any], field: str) -> None:
    assert list(problems(statement("a"))) == []
    assert field in {p.where for p in problems(statement("a", **changes))}


def notice(**changes: Any) -> dict[str, Any]:
    roles = [{"name": name, "entity_attributes": {"name": "Example"}} for name in ("recipient", "sender")]
    works = [{"description": "A song", "infringing_urls_attributes": [{"url": "https://example.org/a"}]}]
    return {
        "type": "DMCA",
        "title": "Notice",
        "works_attributes": works,
        "entity_notice_roles_attributes": roles,
    } | changes


def test_lumen() -> None:
    server = LumenSimulator()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        client = lumen.make({"url": server.url, "token": "test", "timeout": 2})
        assert isinstance(client, Exchange)
        good, bad = Item("a", notice()), Item("b", notice(works_attributes=[]))
        answers = client.submit([good, bad])
        assert [a.status for a in answers] == ["accepted", "refused"]
        assert answers[0].reference.endswith("/notices/1")
        assert [p.where for p in answers[1].problems] == ["works_attributes"]
        assert {p.where for p in client.check(bad)} == {"works_attributes"}
        server.trouble = [503]
        assert [a.status for a in client.submit([good, good])] == ["later", "later"], "the rest is not tried"
        assert lumen.make({"url": server.url, "token": "x"}).submit([good])[0].status == "later"
        assert set(server.notices) == {"a"}
    finally:
        server.shutdown()
        server.server_close()


def test_redaction() -> None:
    text = (
        "Ana María Pérez (ana@example.org, ana [at] example.org, +34 600 123 456, Tel. 600 12 34 56) of Example Bank wrote from "
        "192.0.2.7 and 2001:db8:0:1::7 about https://shop.example/u/ana?id=1; IBAN ES91 2100 0418 4502 0005 1332."
    )
    clean, kinds = redact(text, ["Ana María Pérez", "Example Bank"])
    assert set(kinds) == {"url", "email", "address", "phone", "iban", "name"}
    for secret in ("ana", "600", "192.0", "2001:db8", "shop.example", "ES91", "Pérez", "Example Bank"):
        assert secret not in clean
    assert clean.count(MARK) == 10
    assert redact("On 2026-11-22 we looked at 3 pages.") == ("On 2026-11-22 we looked at 3 pages.", ())
    assert redact("See https://example.org/a", keep=frozenset({"url"}))[0] == "See https://example.org/a"

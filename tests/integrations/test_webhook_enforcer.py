"""The webhook enforcer against real local HTTP servers: what it sends, and what it makes of each answer."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks.webhooks import Webhook

from trustdesk.integrations import webhook
from trustdesk.integrations.guarded import Fetched
from trustdesk.integrations.webhook.breaker import Breaker
from trustdesk.integrations.webhook.enforcer import WebhookEnforcer
from trustdesk.integrations.webhook.observe import blocked_by, meets
from trustdesk.interfaces.enforcer import Order

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORDER = Order("m-1", "site_disable", "site", "site-7", "http://shop-7.example/cart", "C-1", "Clause P-4.2", "phishing")


class Peer(ThreadingHTTPServer):
    """Answers every request with what `script` says next (the last line repeats) and keeps what it was sent."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"{}")]
        self.delay = 0.0
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), PeerHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # the enforcer hangs up on answers that are too long or too late

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PeerHandler(BaseHTTPRequestHandler):
    server: Peer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fields = {k.lower(): v for k, v in self.headers.items()}
        self.server.seen.append((self.command, self.path, fields, body))
        time.sleep(self.server.delay)
        status, headers, answer = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def peer() -> Iterator[Peer]:
    server = Peer()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def enforcer(peer: Peer, **more: object) -> WebhookEnforcer:
    return webhook.make({"base_url": peer.url + "/v1/", "secret": SECRET, "probe": {"*.example": peer.url}} | more)


def test_what_is_sent_is_signed_and_complete(peer: Peer) -> None:
    until = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    order = Order("m-9", "path_block", "site", "site-7", "http://shop-7.example/ñ", "C-1", "Cláusula", "razón", until)
    assert enforcer(peer).apply(order).status == "done"
    command, path, fields, body = peer.seen[0]
    assert (command, path) == ("POST", "/v1/measures")
    assert fields["webhook-id"] == "m-9"
    payload = Webhook(SECRET).verify(body, fields)  # raises when signature or timestamp are wrong
    assert payload["type"] == "measure.apply"
    assert payload["data"] == {
        "key": "m-9",
        "kind": "path_block",
        "asset_kind": "site",
        "asset_ref": "site-7",
        "target": "http://shop-7.example/ñ",
        "case": "C-1",
        "legal_basis": "Cláusula",
        "reason": "razón",
        "until": "2026-12-01T09:00:00+00:00",
    }
    assert enforcer(peer).lift(order).status == "done"
    assert peer.seen[1][2]["webhook-id"] == "m-9.lift"
    assert json.loads(peer.seen[1][3])["type"] == "measure.lift"


def test_another_secret_does_not_verify(peer: Peer) -> None:
    enforcer(peer, secret="whsec_" + "QUJD" * 8).apply(ORDER)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(peer.seen[0][3], peer.seen[0][2])


@pytest.mark.parametrize(
    ("status", "outcome", "retry"),
    [
        (200, "done", False),
        (201, "done", False),
        (204, "done", False),
        (202, "pending", False),
        (400, "failed", False),
        (401, "failed", False),
        (404, "failed", False),
        (409, "failed", False),
        (410, "failed", False),
        (422, "failed", False),
        (408, "failed", True),
        (425, "failed", True),
        (429, "failed", True),
        (500, "failed", True),
        (503, "failed", True),
    ],
)
def test_what_each_status_means(peer: Peer, status: int, outcome: str, retry: bool) -> None:
    peer.script = [(status, {}, b"")]
    got = enforcer(peer).apply(ORDER)
    assert (got.status, got.retry, got.code) == (outcome, retry, f"http_{status}")
    assert f"HTTP {status}" in got.observed


def test_code_and_detail_come_from_the_answer_and_junk_does_no_harm(peer: Peer) -> None:
    peer.script = [
        (404, {}, b'{"code": "unknown_asset", "detail": "shop-7 is not here"}'),
        (200, {}, b"[1, 2"),
        (200, {}, b'["a list"]'),
        (200, {}, b"x" * 1_000_000),
    ]
    e = enforcer(peer)
    first = e.apply(ORDER)
    assert (first.code, first.detail) == ("unknown_asset", "shop-7 is not here")
    assert [e.apply(ORDER).status for _ in range(3)] == ["done", "done", "done"]


def test_retry_after_as_seconds_date_and_nonsense(peer: Peer) -> None:
    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    e = WebhookEnforcer({"base_url": peer.url, "secret": SECRET}, clock=at.timestamp)
    later = (at + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    for field, wanted in (("17", 17), (later, 90), ("soon", None), ("-5", None), ("9" * 30, 86_400), ("", None)):
        peer.script = [(429, {"Retry-After": field}, b"")]
        assert e.apply(ORDER).retry_after == wanted, field


def test_a_redirect_is_not_followed(peer: Peer) -> None:
    peer.script = [(307, {"Location": peer.url + "/elsewhere"}, b"")]
    got = enforcer(peer).apply(ORDER)
    assert (got.status, got.retry, got.code) == ("failed", False, "http_307")
    assert len(peer.seen) == 1


def test_silence_and_absence_are_outcomes(peer: Peer) -> None:
    peer.delay = 1.0
    began = time.monotonic()
    slow = enforcer(peer, timeout=0.2).apply(ORDER)
    assert (slow.status, slow.code, slow.retry) == ("failed", "timeout", True)
    assert time.monotonic() - began < 0.9
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = webhook.make({"base_url": f"http://127.0.0.1:{free.getsockname()[1]}", "secret": SECRET}).apply(ORDER)
    assert (gone.status, gone.code, gone.retry) == ("failed", "unreachable", True)


def test_the_breaker_stops_the_asking_and_tries_again(peer: Peer) -> None:
    peer.script = [(503, {}, b"")]
    seconds = [0.0]
    config = {"base_url": peer.url, "secret": SECRET, "breaker_threshold": 3, "breaker_cooldown": 30.0}
    e = WebhookEnforcer(config, monotonic=lambda: seconds[0])
    assert [e.apply(ORDER).code for _ in range(3)] == ["http_503"] * 3
    kept_off = e.lift(ORDER)
    assert (kept_off.code, kept_off.retry, kept_off.retry_after) == ("breaker_open", True, 31)
    assert len(peer.seen) == 3
    seconds[0] = 30.0
    assert e.apply(ORDER).code == "http_503" and len(peer.seen) == 4
    assert e.apply(ORDER).code == "breaker_open" and len(peer.seen) == 4
    seconds[0] = 60.0
    peer.script = [(200, {}, b"{}")]
    assert e.apply(ORDER).status == "done" and e.apply(ORDER).status == "done"


def test_a_refusal_is_an_answer_and_does_not_open_the_breaker(peer: Peer) -> None:
    peer.script = [(422, {}, b"")]
    e = enforcer(peer, breaker_threshold=2)
    assert [e.apply(ORDER).code for _ in range(5)] == ["http_422"] * 5


def test_breaker_life() -> None:
    b = Breaker(threshold=2, cooldown=10)
    assert b.state(0) == "closed" and b.allow(0) and b.wait(0) == 0
    b.failed(0)
    b.succeeded()
    b.failed(1)
    assert b.state(1) == "closed"  # only failures in a row count
    b.failed(2)
    assert b.state(2) == "open" and not b.allow(11.9) and b.wait(5) == 7
    assert b.state(12) == "half_open"
    assert b.allow(12) and not b.allow(12) and not b.allow(21.9)  # one trial at a time
    assert b.allow(22)  # the first trial never reported
    b.failed(23)
    assert b.state(24) == "open" and not b.allow(32.9) and b.allow(33)
    b.succeeded()
    assert b.state(34) == "closed" and b.allow(34) and b.allow(34)
    for wrong in ((0, 1.0), (1, 0.0)):
        with pytest.raises(ValueError):
            Breaker(*wrong)


def test_confirm_asks_the_site_and_not_the_control_api(peer: Peer) -> None:
    peer.script = [(451, {"Link": '<https://host.example/>; rel="blocked-by"'}, b"gone")]
    got = enforcer(peer).confirm(ORDER)
    assert got.status == "done" and "HTTP 451" in got.observed and "https://host.example/" in got.observed
    command, path, fields, _ = peer.seen[0]
    assert (command, path, fields["host"]) == ("GET", "/cart", "shop-7.example")
    assert enforcer(peer).confirm_lifted(ORDER).code == "still_there"


def test_451_without_the_link_is_not_our_measure(peer: Peer) -> None:
    peer.script = [(451, {}, b"")]
    assert enforcer(peer).confirm(ORDER).code == "not_seen"


def test_only_the_probe_table_opens_a_way(peer: Peer) -> None:
    e = enforcer(peer)
    for target in ("http://other.test/", "http://169.254.169.254/latest", "http://127.0.0.1/", "localhost.localdomain"):
        got = e.confirm(Order("m", "site_disable", "site", "s", target))
        assert (got.status, got.code, got.retry) == ("failed", "no_route", False), target
    assert peer.seen == []
    direct = enforcer(peer, probe={"*": "direct"}).confirm(Order("m", "site_disable", "site", "s", "http://127.0.0.1/"))
    assert (direct.status, direct.code) == ("failed", "address")


def test_silence_confirms_nothing_but_a_witnessed_null_route(peer: Peer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    disabled = enforcer(peer, probe={"*": nowhere})
    assert disabled.confirm(ORDER).status == "pending" and disabled.confirm_lifted(ORDER).status == "pending"
    route = Order("m", "null_route", "prefix", "net-1", "203.0.113.9")
    assert disabled.confirm(route).code == "no_witness"
    assert enforcer(peer, probe={"*": nowhere}, witness="http://up.example/").confirm(route).code == "road_closed"
    seen = enforcer(peer, probe={"203.0.113.9": nowhere, "*": peer.url}, witness="http://up.example/").confirm(route)
    assert seen.status == "done" and "witness GET http://up.example/" in seen.observed
    assert enforcer(peer, probe={"*": peer.url}).confirm(route).code == "not_seen"
    assert enforcer(peer, probe={"*": peer.url}).confirm_lifted(route).status == "done"


def test_what_cannot_be_visited_is_said(peer: Peer) -> None:
    account = Order("m", "account_suspend", "account", "u-1", "u-1")
    assert enforcer(peer).confirm(account).code == "not_observable"
    peer.script = [(403, {"Measure": "account_suspend"}, b"")]
    e = enforcer(peer, observe={"account": "http://{ref}.users.example/"})
    assert e.confirm(account).status == "done"
    assert peer.seen[-1][2]["host"] == "u-1.users.example"


@pytest.mark.parametrize(
    ("link", "by"),
    [
        ('<https://a.example/>; rel="blocked-by"', "https://a.example/"),
        ("<https://a.example/>; rel=blocked-by", "https://a.example/"),
        ('<x>; rel="next", <https://a.example/>; title="t"; rel="other blocked-by"', "https://a.example/"),
        ('<x>; REL="Blocked-By"', "x"),
        ('<x>; rel="not-blocked-by"', ""),
        ("<x>; rel=blocked-by-someone", ""),
        ("blocked-by", ""),
        ("<" * 100_000, ""),
        ('<x>; rel="' + " " * 100_000, ""),
    ],
)
def test_link_field(link: str, by: str) -> None:
    assert blocked_by(Fetched("u", 451, (("link", link),), b"", False, "")) == by


def test_measure_field() -> None:
    def answer(status: int, value: str) -> Fetched:
        return Fetched("u", status, (("measure", value),), b"", False, "")

    assert meets("warning_page", answer(200, "warning_page; since=1"))
    assert not meets("warning_page", answer(200, "site_disable"))
    assert not meets("warning_page", answer(404, "warning_page"))
    assert not meets("account_suspend", answer(200, "account_suspend"))


def test_plan_says_what_and_what_not() -> None:
    e = webhook.make({"base_url": "http://127.0.0.1:1", "secret": SECRET})
    assert e.plan(ORDER) == (
        "shop-7.example answers 451 with the legal basis; the customer's other sites and account are untouched."
    )
    until = Order("m", "null_route", "prefix", "n", "192.0.2.0/28", until=datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert e.plan(until).endswith("It ends by itself on 2026-12-01 09:00 UTC.")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"base_url": "http://a.example", "secret": ""},
        {"base_url": "http://a.example", "secret": "whsec_%%%"},
        {"base_url": "ftp://a.example", "secret": SECRET},
        {"base_url": "not a url", "secret": SECRET},
        {"base_url": "http://a.example", "secret": SECRET, "timeout": "5"},
        {"base_url": "http://a.example", "secret": SECRET, "probe": {"*": "http://name.example"}},
        {"base_url": "http://a.example", "secret": SECRET, "retries": 5},
    ],
)
def test_a_wrong_configuration_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        webhook.make(config)

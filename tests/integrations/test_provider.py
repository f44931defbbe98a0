"""The sample provider: its control API, what visitors meet, and that a kill -9 loses and doubles nothing."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from examples.provider import INVENTORY, Provider, enforcer_config, home_secret, serve
from examples.provider.world import sites
from trustdesk.integrations import webhook
from trustdesk.interfaces.enforcer import Order

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLIENT = httpx2.Client(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
ROOT = Path(__file__).resolve().parents[2]
DATA = {
    "key": "k-1",
    "kind": "site_disable",
    "asset_kind": "site",
    "asset_ref": "site-1003",
    "target": "kreativ-notizen.example",
    "legal_basis": "Clause <1>",
    "until": None,
}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with serve(tmp_path, 0, 0, SECRET) as running:
        yield running


def order(provider: Provider, event: str = "measure.apply", ident: str = "k-1", **data: Any) -> httpx2.Response:
    body = json.dumps({"type": event, "timestamp": "2026-11-22T12:00:00Z", "data": DATA | data})
    return post(provider, body, ident, datetime.now(UTC))


def post(provider: Provider, body: str, ident: str, at: datetime, secret: str = SECRET) -> httpx2.Response:
    headers = {
        "webhook-id": ident,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ident, at, body),
    }
    return CLIENT.post(f"http://127.0.0.1:{provider.control_port}/measures", content=body, headers=headers)


def state(provider: Provider) -> dict[str, Any]:
    return CLIENT.get(f"http://127.0.0.1:{provider.control_port}/state").json()


def visit(provider: Provider, url: str, **more: Any) -> httpx2.Response:
    parsed = httpx2.URL(url)
    own = f"http://127.0.0.1:{provider.sites_port}{parsed.raw_path.decode()}"
    return CLIENT.get(own, headers={"Host": parsed.netloc.decode()}, **more)


def test_every_page_of_every_site_answers_by_host_and_by_path(provider: Provider) -> None:
    assert len(sites()) >= 20
    for site in sites().values():
        for path, page in site.pages.items():
            path = path.replace("*", "some-name")
            by_host = visit(provider, f"http://{site.host}{path}")
            by_path = visit(provider, f"http://127.0.0.1/~{site.host}{path}")
            assert by_host.status_code == by_path.status_code == 200, (site.host, path)
            assert page.title in by_host.text and "{base}" not in by_host.text
            assert f'href="/~{site.host}/' in by_path.text
            assert "link" not in by_host.headers and "measure" not in by_host.headers
    assert visit(provider, "http://tienda-lola.example/no-such").status_code == 404
    assert visit(provider, "http://nobody.example/").status_code == 404
    assert visit(provider, "http://tienda-lola.example/_nn/site.css").headers["content-type"].startswith("text/css")
    assert "tienda-lola.example" in visit(provider, "http://127.0.0.1/").text


def test_a_form_keeps_nothing(provider: Provider, tmp_path: Path) -> None:
    own = f"http://127.0.0.1:{provider.sites_port}/~login-bancoazul.example/acceso/verificar"
    answer = CLIENT.post(own, data={"user": "someone", "pass": "Tr0ub4dor"})
    assert answer.status_code == 200 and "neither read nor stored" in answer.text
    assert all(b"Tr0ub4dor" not in file.read_bytes() for file in tmp_path.iterdir())


def test_disable_and_lift(provider: Provider) -> None:
    assert order(provider).json() == {"code": "applied"}
    away = visit(provider, "http://kreativ-notizen.example/2026/10/herbstlicht")
    assert away.status_code == 451
    assert away.headers["link"] == '<https://nube-norte.example/>; rel="blocked-by"'
    assert "Clause &lt;1&gt;" in away.text
    assert visit(provider, "http://www.kreativ-notizen.example/").status_code == 451
    assert visit(provider, "http://pixelfarm.example/").status_code == 200
    assert order(provider, "measure.lift", "k-1.lift").json() == {"code": "lifted"}
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 200


def test_the_same_order_takes_effect_once(provider: Provider) -> None:
    answers = [order(provider) for _ in range(4)]
    assert [a.status_code for a in answers] == [200] * 4
    assert answers[3].json() == {"code": "applied", "repeated": True}
    assert order(provider, ident="another-id").json()["code"] == "already_applied"
    told = state(provider)
    assert told["applied"] == 1
    assert told["measures"][0] | {"requests": None} == {
        "key": "k-1",
        "kind": "site_disable",
        "asset_kind": "site",
        "asset_ref": "site-1003",
        "target": "kreativ-notizen.example",
        "state": "applied",
        "applied": 1,
        "lifted": 0,
        "requests": None,
    }
    assert told["measures"][0]["requests"]["apply"] == 4


def test_one_id_is_one_order(provider: Provider) -> None:
    order(provider)
    other = order(provider, target="lavozdelnorte.example", asset_ref="site-1006")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert visit(provider, "http://lavozdelnorte.example/").status_code == 200


def test_a_lift_that_overtakes_its_order_wins(provider: Provider) -> None:
    assert order(provider, "measure.lift", "k-1.lift").json() == {"code": "never_applied"}
    assert order(provider).status_code == 409
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 200
    assert state(provider)["applied"] == 0


def test_two_measures_on_one_site_end_one_by_one(provider: Provider) -> None:
    order(provider)
    order(provider, ident="k-2", key="k-2")
    order(provider, "measure.lift", "k-1.lift")
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 451
    order(provider, "measure.lift", "k-2.lift", key="k-2")
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 200


def test_until(provider: Provider) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=0.6)).isoformat()
    order(provider, until=soon)
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 451
    time.sleep(0.7)
    assert visit(provider, "http://kreativ-notizen.example/").status_code == 200


def test_path_block_takes_the_path_and_no_more(provider: Provider) -> None:
    order(provider, kind="path_block", asset_ref="site-1004", target="https://dateikiste.example/d/k7Qm2x")
    for path, status in (
        ("/d/k7Qm2x", 451),
        ("/d/k7Qm2x/part", 451),
        ("/d/k7Qm2xy", 404),
        ("/d/pZ81aa", 200),
        ("/", 200),
    ):
        assert visit(provider, f"http://dateikiste.example{path}").status_code == status, path


def test_a_path_is_blocked_however_it_is_written(provider: Provider) -> None:
    order(provider, kind="path_block", asset_ref="site-1001", target="http://tienda-lola.example/%63heckout")
    assert visit(provider, "http://tienda-lola.example/checkout").status_code == 451
    assert visit(provider, "http://tienda-lola.example/check%6fut").status_code == 451


def test_warning_lets_people_through(provider: Provider) -> None:
    url = "http://swiftparcel-delivery.example/track/pay"
    order(provider, kind="warning_page", asset_ref="site-1012", target=url)
    warned = visit(provider, url)
    assert (
        warned.status_code == 200 and warned.headers["measure"] == "warning_page" and "Card number" not in warned.text
    )
    assert "Card number" in visit(provider, url + "?understood").text
    assert "measure" not in visit(provider, "http://swiftparcel-delivery.example/").headers


def test_account_hold_and_null_route(provider: Provider) -> None:
    order(
        provider, ident="a", key="a", kind="account_suspend", asset_kind="account", asset_ref="u-1016", target="u-1016"
    )
    assert visit(provider, "http://pixelfarm.example/").status_code == 403
    assert visit(provider, "http://brew-and-bean.example/").status_code == 403
    assert visit(provider, "http://tienda-lola.example/").status_code == 200  # same address, other account
    order(provider, ident="b", key="b", kind="domain_hold", asset_kind="domain", target="dateikiste.example")
    held = visit(provider, "http://dateikiste.example/")
    assert (held.status_code, held.headers["measure"]) == (404, "domain_hold")
    order(
        provider, ident="c", key="c", kind="null_route", asset_kind="prefix", asset_ref="net", target="203.0.113.56/29"
    )
    for silent in ("http://swiftparcel-delivery.example/", "http://203.0.113.62/"):
        with pytest.raises(httpx2.RemoteProtocolError):
            visit(provider, silent)
    assert visit(provider, "http://login-bancoazul.example/").status_code == 200  # .41, outside


def test_the_resource_may_be_named_by_any_asset_it_belongs_to(provider: Provider) -> None:
    """A desk that knows a site orders on the site; the provider knows its account, its name and its address."""
    url = "https://swiftparcel-delivery.example/track/pay"
    for number, (kind, asset_kind, ref) in enumerate(
        [
            ("account_suspend", "site", "site-1012"),
            ("account_suspend", "domain", "dom-1012"),
            ("domain_hold", "domain", "dom-1012"),
            ("domain_hold", "site", "site-1012"),
            ("null_route", "site", "site-1012"),
            ("site_disable", "domain", "dom-1012"),
        ]
    ):
        key, about = f"n-{number}", {"kind": kind, "asset_kind": asset_kind, "asset_ref": ref, "target": url}
        assert order(provider, ident=key, key=key, **about).status_code == 200, about
        if kind == "null_route":
            with pytest.raises(httpx2.RemoteProtocolError):
                visit(provider, "http://swiftparcel-delivery.example/track/pay")
        else:
            met = visit(provider, "http://swiftparcel-delivery.example/track/pay")
            assert (met.status_code, met.headers["measure"]) == (
                {"account_suspend": 403, "domain_hold": 404, "site_disable": 451}[kind],
                kind,
            )
        assert order(provider, "measure.lift", f"{key}.lift", key=key, **about).status_code == 200
        assert visit(provider, "http://swiftparcel-delivery.example/track/pay").status_code == 200
    about = {"kind": "domain_hold", "asset_kind": "domain", "asset_ref": "dom-1012"}
    order(provider, ident="d", key="d", **about, target="http://login.swiftparcel-delivery.example/")
    assert visit(provider, "http://swiftparcel-delivery.example/").headers["measure"] == "domain_hold"
    assert visit(provider, "http://login.swiftparcel-delivery.example/").headers["measure"] == "domain_hold"


def test_what_the_control_api_refuses(provider: Provider) -> None:
    body = json.dumps({"type": "measure.apply", "data": DATA})
    now = datetime.now(UTC)
    assert post(provider, body, "k", now, "whsec_" + "QUJD" * 8).status_code == 401
    assert post(provider, body, "k", now - timedelta(minutes=6)).status_code == 401
    assert post(provider, body, "k", now + timedelta(minutes=6)).status_code == 401
    url = f"http://127.0.0.1:{provider.control_port}/measures"
    assert CLIENT.post(url, content=body).status_code == 401
    odd = {"webhook-id": "k", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": "no comma"}
    assert CLIENT.post(url, content=body, headers=odd).status_code == 401
    signed = Webhook(SECRET).sign("k", now, body)
    changed = odd | {"webhook-signature": signed}
    assert CLIENT.post(url, content=body.replace("1003", "1006"), headers=changed).status_code == 401
    assert CLIENT.post(url, content=b"x" * 300_000).status_code == 413
    assert order(provider, kind="shout").status_code == 422
    assert order(provider, target=5).status_code == 422
    assert order(provider, until="tomorrow").status_code == 422
    assert order(provider, until="2026-12-01T00:00:00").status_code == 422
    assert order(provider, "measure.dance").status_code == 422
    unknown = order(provider, asset_ref="site-9", target="http://not-ours.example/")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_asset")
    assert state(provider)["measures"] == []


def test_the_control_api_answers_to_its_own_name_only(provider: Provider) -> None:
    url = f"http://127.0.0.1:{provider.control_port}/state"
    assert CLIENT.get(url, headers={"Host": "rebind.example"}).status_code == 421


def test_both_doors_are_on_the_loopback(provider: Provider) -> None:
    for server in (provider._control, provider._front):
        assert server.server_address[0] == "127.0.0.1"


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = home_secret(tmp_path / "p")
    assert home_secret(tmp_path / "p") == first and Webhook(first)
    assert (tmp_path / "p" / "provider.secret").stat().st_mode & 0o077 == 0
    assert home_secret(tmp_path / "q") != first


def test_inventory_and_sites_agree() -> None:
    with (INVENTORY / "assets.csv").open(encoding="utf-8") as file:
        assets = list(csv.DictReader(file))
    with (INVENTORY / "customers.csv").open(encoding="utf-8") as file:
        customers = list(csv.DictReader(file))
    assert len(customers) >= 25 and len(assets) >= 60
    assert sum(1 for c in customers if c["protected"]) >= 2 and sum(1 for c in customers if c["until"]) >= 2
    current = {(a["ref"], a["value"]) for a in assets if a["kind"] == "site" and not a["until"]}
    assert current == {(s.ref, s.host) for s in sites().values()}


def _free() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _start(home: Path, control: int, front: int) -> subprocess.Popen[str]:
    environment = os.environ | {
        "TRUSTDESK_SAMPLE_CONTROL_PORT": str(control),
        "TRUSTDESK_SAMPLE_SITES_PORT": str(front),
        "TRUSTDESK_SAMPLE_SECRET": SECRET,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.provider", "--home", str(home)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(2):
        assert "sample provider" in process.stdout.readline()
    return process


def test_kill_9_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    control, front = _free(), _free()
    enforcer = webhook.make(enforcer_config(control, front, SECRET) | {"breaker_threshold": 1000})
    hosts = sorted(sites())[:12]
    orders = [Order(f"k-{n}", "site_disable", "site", sites()[h].ref, h) for n, h in enumerate(hosts)]
    process = _start(tmp_path, control, front)
    try:
        acknowledged = 0
        for n, each in enumerate(orders):
            if n % 4 == 2:
                process.send_signal(signal.SIGKILL)
                process.wait()
                assert enforcer.apply(each).retry
                process = _start(tmp_path, control, front)
            for _ in range(2):  # every order is sent twice
                assert enforcer.apply(each).status == "done"
            acknowledged += 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = _start(tmp_path, control, front)
        assert [enforcer.confirm(each).status for each in orders] == ["done"] * len(orders)
        told = CLIENT.get(f"http://127.0.0.1:{control}/state").json()
        assert told["applied"] == acknowledged == 12
        assert all(m["applied"] == 1 for m in told["measures"])
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began < 5
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

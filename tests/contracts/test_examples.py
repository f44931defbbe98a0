"""The plugins in the pages on extending work as printed, and keep the contracts."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from trustdesk.interfaces import contracts, registry
from trustdesk.interfaces.channel import Letter
from trustdesk.interfaces.enforcer import Order

DOCS = Path(__file__).resolve().parents[2] / "docs" / "extend"


def plugin(page: str, name: str) -> Any:
    """The class `name` from the Python in `page`."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL):
        exec(compile(block, page, "exec"), names)
    return names[name]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A web server that answers 451 for the hosts in a map file; the file and its door."""
    blocked = tmp_path / "blocked.map"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["Host"]
            named = blocked.exists() and any(line.startswith(host + " ") for line in blocked.read_text().splitlines())
            self.send_response(451 if named else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield blocked, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_enforcer(site: tuple[Path, str]) -> None:
    file, door = site
    config: dict[str, object] = {"file": str(file), "probe": {"*": door}}
    order = Order("key-1", "site_disable", "site", "site-7", "shop-7.example")
    made = plugin("enforcer.md", "MapFile")
    assert contracts.enforcer(made(config), order) == ()
    assert contracts.strict_config(made, config) == ()


def test_enricher() -> None:
    made = plugin("enricher.md", "Flagged")
    now = datetime(2026, 11, 18, tzinfo=UTC)
    assert contracts.enricher(made({"names": ["bank.example"]}), "domain", "bank.example", now) == ()
    assert contracts.strict_config(made, {"names": ["bank.example"]}) == ()


def test_channel(capsys: pytest.CaptureFixture[str]) -> None:
    made = plugin("channel.md", "Console")
    letter = Letter("<a@desk.example>", "Desk <abuse@desk.example>", "a@b.example", "Subject", "Text")
    assert contracts.channel(made({}), letter) == ()
    assert "Subject: Subject" in capsys.readouterr().out


def test_a_plugin_that_breaks_its_promises_is_found_out() -> None:
    class Liar:
        name = "liar"
        kinds = frozenset({"site_disable"})

        def plan(self, order: Order) -> str:
            return ""

        def apply(self, order: Order) -> None:
            raise RuntimeError("boom")

        confirm = lift = confirm_lifted = apply

    broken = contracts.enforcer(Liar(), Order("k", "site_disable", "site", "s", "a.example"))  # type: ignore[arg-type]
    assert any("plan gives no sentence" in b for b in broken) and any("RuntimeError: boom" in b for b in broken)


@pytest.mark.parametrize(
    ("group", "name", "config"),
    [
        ("trustdesk.enforcers", "webhook", {"base_url": "http://127.0.0.1:1", "secret": "whsec_QUJDQUJD"}),
        ("trustdesk.enrichers", "dns", {"nameservers": ["127.0.0.1"]}),
        ("trustdesk.inventories", "csv", {"path": "."}),
        ("trustdesk.channels", "mailbox", {"path": "."}),
        ("trustdesk.channels", "smtp", {"host": "127.0.0.1"}),
    ],
)
def test_the_built_in_ones_are_found_by_the_same_door(group: str, name: str, config: dict[str, object]) -> None:
    assert getattr(registry.make(group, name, config), "name") == name  # noqa: B009
    with pytest.raises(registry.PluginError):
        registry.make(group, name, config | {"no_such_key": 1})

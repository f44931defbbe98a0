"""Every built-in channel keeps the contract."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from trustdesk.integrations import mailbox, smtp_channel
from trustdesk.interfaces import contracts
from trustdesk.interfaces.channel import Letter

LETTER = Letter(
    "<c-1.2.x@desk.example>", "Desk <abuse@desk.example>", "a@b.example", "Subject", "Text", "<p>Text</p>", "en",
    (("References", "<y@b.example>"),), datetime(2026, 11, 18, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
def relay() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    yield port
    controller.stop()


def test_mailbox(tmp_path: Path) -> None:
    assert contracts.channel(mailbox.make({"path": str(tmp_path)}), LETTER) == ()
    assert contracts.strict_config(mailbox.make, {"path": str(tmp_path)}) == ()


def test_smtp(relay: int) -> None:
    config: dict[str, object] = {"host": "127.0.0.1", "port": relay, "tls": "none"}
    assert contracts.channel(smtp_channel.make(config), LETTER) == ()
    assert contracts.strict_config(smtp_channel.make, config) == ()

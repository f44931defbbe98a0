"""The mailbox channel: one letter once, whole or not at all."""

from __future__ import annotations

import mailbox
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trustdesk.integrations.mailbox import make
from trustdesk.interfaces.channel import Delivery, Letter

LETTER = Letter(
    "<c-1.2.x@nube-norte.example>", "Desk <abuse@nube-norte.example>", "a@b.example", "Subject", "Text",
    sent_at=datetime(2026, 11, 18, tzinfo=UTC),
)  # fmt: skip


def test_any_maildir_reader_finds_the_letter(tmp_path: Path) -> None:
    assert make({"path": str(tmp_path / "box")}).deliver(LETTER).status == "sent"
    box = mailbox.Maildir(tmp_path / "box", create=False)
    (message,) = list(box)
    assert message["Message-ID"] == LETTER.message_id
    assert all(b"\r" not in file.read_bytes() for file in (tmp_path / "box" / "new").iterdir())
    assert (tmp_path / "box").stat().st_mode & 0o077 == 0 or (tmp_path / "box" / "new").stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path / "box" / "tmp") == []


def test_the_same_letter_is_kept_once_wherever_it_was_moved(tmp_path: Path) -> None:
    channel = make({"path": str(tmp_path)})
    assert channel.deliver(LETTER).code == "stored"
    assert channel.deliver(LETTER) == Delivery("sent", "already", "a letter with this Message-ID is there")
    (file,) = (tmp_path / "new").iterdir()
    file.rename(tmp_path / "cur" / (file.name + ":2,S"))
    assert channel.deliver(LETTER).code == "already"
    assert list((tmp_path / "new").iterdir()) == []
    assert channel.deliver(replace(LETTER, message_id="<other@nube-norte.example>")).code == "stored"


def test_many_at_once_leave_one(tmp_path: Path) -> None:
    codes: list[str] = []
    threads = [
        threading.Thread(target=lambda: codes.append(make({"path": str(tmp_path)}).deliver(LETTER).code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["already"] * 7 + ["stored"]
    assert len(list((tmp_path / "new").iterdir())) == 1 and list((tmp_path / "tmp").iterdir()) == []


def test_a_disk_that_refuses_is_a_retry(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    delivery = make({"path": str(tmp_path / "file")}).deliver(LETTER)
    assert (delivery.status, delivery.code) == ("retry", "disk")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert make({"path": str(tmp_path)}).deliver(LETTER).status == "retry"
    monkeypatch.undo()
    assert list((tmp_path / "tmp").iterdir()) == list((tmp_path / "new").iterdir()) == []
    assert make({"path": str(tmp_path)}).deliver(LETTER).code == "stored"

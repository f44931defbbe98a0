"""Messages from files: what is one message, what is several, and what is none."""

from __future__ import annotations

import io
import mailbox
import tracemalloc
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from trustdesk.doors.files import Found, date_of, messages

LIMIT = 1 << 20
FROM = b"From a@reporter.example Wed Nov 18 09:00:00 2026\n"


def read(path: Path, limit: int = LIMIT) -> list[Found]:
    return list(messages(str(path), limit=limit))


def one(number: int) -> bytes:
    return b"From: a@reporter.example\nSubject: %d\n\nbody %d\n" % (number, number)


def test_a_single_mail_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(b"Subject: x\r\n\r\nFrom a@b Wed Nov 18 09:00:00 2026\r\n\r\nend")
    assert read(path) == [Found(str(path), path.read_bytes())]


def test_json_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf {"xarf_version": "4.2.0"}')
    assert [f.media_type for f in read(path)] == ["application/json"]


def test_an_mbox_is_split(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(FROM + one(1) + b"\n" + FROM + one(2) + b"\n" + FROM + one(3))
    found = read(path)
    assert [f.name for f in found] == [f"{path}#1", f"{path}#2", f"{path}#3"]
    assert [f.raw for f in found] == [one(1), one(2), one(3)]


def test_sentences_that_begin_with_from_do_not_split(tmp_path: Path) -> None:
    body = b"Subject: x\n\nFrom here on it hurts.\n\nFrom Monday at noon\ntext\nFrom a Wed Nov 18 09:00:00 2026\n"
    path = tmp_path / "box"
    path.write_bytes(FROM + body + b"\n" + FROM + one(2))
    assert [f.raw for f in read(path)] == [body, one(2)]


def test_what_python_writes_is_read_back(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(3):
        message = EmailMessage()
        message["Subject"] = str(number)
        message.set_content(f"From the start\n\nFrom me Wed Nov 18 09:00:00 2026\n>From quoted\n{number}\n")
        box.add(message)
    box.flush()
    found = read(tmp_path / "box")
    assert len(found) == 3
    for number, f in enumerate(found):
        assert f.raw.decode().partition("\n\n")[2].splitlines()[0] == "From the start"
        assert f"\n{number}" in f.raw.decode()


def test_a_folder_is_walked_in_order_and_a_maildir_as_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    box = mailbox.Maildir(tmp_path / "in" / "maildir")
    for number in range(3):
        box.add(one(number))
    (tmp_path / "in" / "maildir" / "tmp" / "half").write_bytes(b"half")
    (tmp_path / "in" / "b.eml").write_bytes(one(7))
    (tmp_path / "in" / ".hidden").write_bytes(one(8))
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    found = read(tmp_path / "in")
    assert found[0].raw == one(7)
    assert sorted(f.raw for f in found[1:]) == [one(0), one(1), one(2)]


def test_what_is_too_large_is_said_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "box"
    exact = (b"Subject: x\n\n").ljust(LIMIT - 1, b"y") + b"\n"
    path.write_bytes(FROM + b"x" * LIMIT + b"yz\n\n" + FROM + one(2) + b"\n" + FROM + exact + b"\n")
    assert [(f.problem, len(f.raw)) for f in read(path)] == [("too_large", 0), ("", len(one(2))), ("", LIMIT)]
    (tmp_path / "big.eml").write_bytes(b"x" * (LIMIT + 1))
    assert [f.problem for f in read(tmp_path / "big.eml")] == ["too_large"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FROM + one(1) + b"\n" + FROM + one(2))))
    assert [(f.name, f.raw) for f in messages("-", limit=LIMIT)] == [("-#1", one(1)), ("-#2", one(2))]


def test_a_long_mbox_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "box"
    with open(path, "wb") as out:
        for number in range(20_000):
            out.write(FROM + one(number) + b"\n")
    tracemalloc.start()
    assert sum(1 for _ in messages(str(path), limit=LIMIT)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000


@pytest.mark.parametrize(
    "date, expected",
    [
        (b"Mon, 2 Nov 2026 10:00:00 +0100", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        (b"Mon, 2 Nov 2026 10:00:00", datetime(2026, 11, 2, 10, tzinfo=UTC)),
        (b"Mon, 2 Nov 2099 10:00:00 +0000", None),
        (b"Mon, 2 Nov 1066 10:00:00 +0000", None),
        (b"yesterday", None),
        (b"Mon, 99 Foo 2026 99:00:00 +9999999999", None),
        (b"\xff\xfe", None),
    ],
)
def test_when_a_message_says_it_was_sent(date: bytes, expected: datetime | None, now: datetime) -> None:
    assert date_of(b"Subject: x\r\nDATE: " + date + b"\r\n\r\nDate: Tue, 3 Nov 2026 10:00:00 +0000", now=now) == (
        expected or now
    )


def test_a_date_in_the_body_does_not_count(now: datetime) -> None:
    assert date_of(b"Subject: x\n\nDate: Mon, 2 Nov 2026 10:00:00 +0100\n", now=now) == now

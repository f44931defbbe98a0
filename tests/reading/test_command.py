"""`trustdesk parse`: what others script against."""

from __future__ import annotations

import io
import json
import mailbox
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.reading.samples import ARF, mail


def parse(*paths: str, jsonl: bool = True) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("parse", *paths, jsonl=jsonl, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def test_json_of_one_message(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(mail("Phishing site: http://evil.test/login\n", subject="phishing"))
    out, code = parse(str(file))
    row = json.loads(out)
    assert code == 0
    assert {"file", "form", "category", "confidence", "language", "reporter", "indicators", "problems"} <= set(row)
    assert row["file"] == str(file)
    assert (row["form"], row["category"], row["reporter"]["email"]) == ("notice", "phishing", "rita@reporter.example")
    target = next(i for i in row["indicators"] if i["role"] == "target")
    assert (target["kind"], target["value"]) == ("url", "http://evil.test/login")
    assert target["end"] - target["start"] == len("http://evil.test/login")


def test_directory_mbox_maildir_and_json(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.eml").write_bytes(ARF)
    box = mailbox.mbox(tmp_path / "box")
    box.add(mail("From here: attack from 192.0.2.1\n", subject="attack"))
    box.add(mail("attack from 192.0.2.2\n", subject="attack"))
    box.close()
    maildir = mailbox.Maildir(tmp_path / "dir", create=True)
    maildir.add(mail("attack from 192.0.2.3\n", subject="attack"))
    out, code = parse(str(tmp_path))
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(rows) == 4
    targets = {i["value"] for row in rows for i in row["indicators"] if i["role"] == "target"}
    assert {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9"} <= targets


def test_exit_codes(tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    assert parse(str(tmp_path / "empty.eml"))[1] == 1
    assert parse(str(tmp_path / "nowhere"))[1] == 2


def test_text_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(ARF)
    out, _ = parse(str(tmp_path / "a.eml"), jsonl=False)
    assert "192.0.2.9" in out and "spam" in out


@pytest.mark.parametrize("name", ["a.eml"])
def test_no_database_is_touched(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("parse must not touch the database")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    (tmp_path / name).write_bytes(ARF)
    assert parse(str(tmp_path / name))[1] == 0

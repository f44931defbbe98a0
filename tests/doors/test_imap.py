"""The IMAP door against a real Dovecot."""

from __future__ import annotations

import json
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings

from tests.doors.desk import Desk, mail
from tests.doors.servers import PASSWORD, USER, Dovecot, dovecot, token
from tests.processes import free_ports, own_desk
from trustdesk.doors.imap import TROUBLE, Door
from trustdesk.doors.imap_settings import account
from trustdesk.models import Report
from trustdesk.settings.desk import DeskError

TOML = 'name = "Host"\naddress = "abuse@host.example"\n'


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as started:
        yield started


@pytest.fixture
def empty(server: Dovecot) -> Dovecot:
    """The server with nothing in its mailboxes."""
    client = server.client()
    for folder in ("INBOX", "Taken"):
        kind, count = client.select(folder)
        if kind == "OK" and count != [b"0"]:
            client.store("1:*", "+FLAGS.SILENT", "\\Deleted")
            client.expunge()
    client.logout()
    return server


@contextmanager
def reading(home: Path, server: Dovecot, **more: str | int | bool) -> Iterator[Desk]:
    """A desk that reads the mailbox of `server`."""
    password = home / "password"
    password.write_text(PASSWORD + "\n")
    table: dict[str, object] = {
        "host": "127.0.0.1", "user": USER, "port": server.tls_port, "ca_file": str(server.certificate),
        "password_file": str(password), **more,
    }  # fmt: skip
    lines = [f"{key} = {value if key == 'since' else json.dumps(value)}" for key, value in table.items()]
    with own_desk(home) as environment:
        desk = Desk(environment, TOML + "[imap]\n" + "\n".join(lines) + "\n")
        desk.set_up()
        try:
            yield desk
        finally:
            desk.close()


def once(desk: Desk, code: int = 0) -> dict[str, int]:
    done = desk.command("imap", "--once")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture
def door(
    empty: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> Callable[..., Door]:
    """A door of this process, with notes of its own."""
    monkeypatch.setattr(settings, "HOME", tmp_path)
    monkeypatch.setattr(settings, "EVIDENCE_DIR", tmp_path / "evidence")
    monkeypatch.setenv("TRUSTDESK_IMAP_PASSWORD", PASSWORD)
    table = {"host": "127.0.0.1", "user": USER, "port": empty.tls_port, "ca_file": str(empty.certificate)}

    def make(**more: object) -> Door:
        found = account(table | more)
        assert found is not None
        return Door(found)

    return make


def look(door: Door) -> dict[str, int]:
    """One look; the counts that are not zero."""
    with door.connect() as box:
        tally = asdict(door.look(box))
    return {name: count for name, count in tally.items() if count}


def soon(true: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_takes_in_what_is_there_once_and_byte_for_byte(tmp_path: Path, empty: Dovecot) -> None:
    sent = [mail(1), mail(2, text="8 bit: \xe1\xff"), mail(3, text="x" * 200_000)]
    for raw in sent:
        empty.append(raw)
    with reading(tmp_path, empty) as desk:
        assert once(desk) == {"new": 3, "duplicates": 0, "too_large": 0, "not_taken": 0}
        assert desk.evidence() == sent
        assert empty.count("INBOX", "SEEN") == 3
        assert once(desk)["new"] == 0
        empty.append(mail(4))
        assert once(desk) == {"new": 1, "duplicates": 0, "too_large": 0, "not_taken": 0}
        assert desk.query("SELECT DISTINCT channel FROM trustdesk_report") == [("mail",)]


@pytest.mark.one_database
def test_the_day_of_arrival_is_the_servers(door: Callable[..., Door], empty: Dovecot) -> None:
    empty.append(mail(1), datetime(2026, 3, 1, 8, 30, tzinfo=UTC))
    assert look(door()) == {"new": 1}
    assert Report.objects.get().received_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.mark.one_database
def test_moves_to_the_archive_and_leaves_what_others_deleted(door: Callable[..., Door], empty: Dovecot) -> None:
    for number in range(5):
        empty.append(mail(number))
    assert look(door(archive="Taken")) == {"new": 5}
    assert (empty.count("INBOX"), empty.count("Taken")) == (0, 5)
    client = empty.client()
    empty.append(mail(9))
    empty.append(mail(1))  # somebody moved it back
    client.select("INBOX")
    client.store("1", "+FLAGS", "\\Deleted")
    assert look(door()) == {"new": 1, "duplicates": 1}
    assert empty.count("INBOX", "DELETED") == 1, "what others marked is theirs to remove"


@pytest.mark.one_database
def test_signs_in_with_an_access_token(door: Callable[..., Door], empty: Dovecot, tmp_path: Path) -> None:
    """XOAUTH2: a token out of a file that somebody renews, or out of a command; one that has run out is refused."""
    empty.append(mail(1))
    kept = tmp_path / "token"
    kept.write_text(token() + "\n")
    assert look(door(token_file=str(kept))) == {"new": 1}
    empty.append(mail(2))
    assert look(door(token_command=["cat", str(kept)])) == {"new": 1}
    for bad in (token(lasts=-5), token(secret=b"another")):
        kept.write_text(bad)
        with pytest.raises(TROUBLE), door(token_file=str(kept)).connect():
            pass
    with pytest.raises(OSError, match="token_command ended with 3: no"):
        door(token_command=["sh", "-c", "echo no >&2; exit 3"]).connect()
    kept.write_text(token())
    assert look(door(token_file=str(kept))) == {}, "renewed"


def test_killed_between_taking_and_marking(
    door: Callable[..., Door], empty: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reports are there, the mailbox and the notes of the door know nothing: the next look finds one report each."""
    for number in range(40):
        empty.append(mail(number))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Door, "_mark", die)
        with pytest.raises(KeyboardInterrupt):
            look(door(archive="Taken"))
    assert Report.objects.count() == 40
    assert (empty.count("INBOX", "UNSEEN"), empty.count("Taken")) == (40, 0)
    assert look(door(archive="Taken")) == {"duplicates": 40}
    assert (Report.objects.count(), empty.count("INBOX"), empty.count("Taken")) == (40, 0, 40)


def test_killed_at_work_nothing_is_lost_or_doubled(tmp_path: Path, empty: Dovecot) -> None:
    for number in range(300):
        empty.append(mail(number))
    with reading(tmp_path, empty, archive="Taken") as desk:
        for _ in range(3):
            process = desk.start("imap")
            before = desk.one("SELECT count(*) FROM trustdesk_report")
            soon(lambda before=before: desk.one("SELECT count(*) FROM trustdesk_report") > before or before == 300)
            desk.kill(process)
        once(desk)
        assert desk.one("SELECT count(*) FROM trustdesk_report") == 300
        assert (empty.count("INBOX"), empty.count("Taken")) == (0, 300)


@pytest.mark.one_database
def test_idles_and_comes_back_when_the_server_was_away(tmp_path: Path, server: Dovecot, empty: Dovecot) -> None:
    with reading(tmp_path, server) as desk:
        process = desk.start("imap")
        server.append(mail(1))
        soon(lambda: desk.one("SELECT count(*) FROM trustdesk_report") == 1)
        time.sleep(0.5)  # it idles again
        begun = time.monotonic()
        server.append(mail(2))
        soon(lambda: desk.one("SELECT count(*) FROM trustdesk_report") == 2)
        assert time.monotonic() - begun < 10, "news, not the next look"
        server.stop()
        time.sleep(1)
        server.start()
        server.append(mail(3))
        soon(lambda: desk.one("SELECT count(*) FROM trustdesk_report") == 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.one_database
def test_without_idle_it_looks_every_so_often(tmp_path: Path, server: Dovecot, empty: Dovecot) -> None:
    server.stop()
    server.start("imap_capability = IMAP4rev1 UIDPLUS")  # no IDLE, no MOVE
    try:
        with reading(tmp_path, server, every=1, archive="Taken") as desk:
            desk.start("imap")
            for number in (1, 2):
                server.append(mail(number))
                soon(lambda n=number: desk.one("SELECT count(*) FROM trustdesk_report") == n)
            soon(lambda: server.count("Taken") == 2)
            assert server.count("INBOX") == 0
    finally:
        server.stop()
        server.start()


@pytest.mark.one_database
def test_a_mailbox_numbered_anew_begins_at_the_start(door: Callable[..., Door], empty: Dovecot) -> None:
    client = empty.client()
    client.create("Renumbered")
    for number in range(3):
        client.append("Renumbered", None, None, mail(number))  # type: ignore[arg-type]
    assert look(door(folder="Renumbered")) == {"new": 3}
    client.delete("Renumbered")
    time.sleep(1.1)  # Dovecot takes the time in seconds as the new UIDVALIDITY
    client.create("Renumbered")
    for number in (2, 7):
        client.append("Renumbered", None, None, mail(number))  # type: ignore[arg-type]
    assert look(door(folder="Renumbered")) == {"new": 1, "duplicates": 1}
    client.delete("Renumbered")


@pytest.mark.one_database
def test_what_is_too_large_stays_and_does_not_hold_up_the_rest(
    door: Callable[..., Door], empty: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for raw in (mail(1), mail(2, text="x" * 100_000), mail(3)):
        empty.append(raw)
    monkeypatch.setattr(settings, "MESSAGE_SIZE_LIMIT", 50_000)
    assert look(door(archive="Taken")) == {"new": 2, "too_large": 1}
    assert (empty.count("INBOX", "FLAGGED"), empty.count("Taken")) == (1, 2)
    assert look(door(archive="Taken")) == {}


def test_what_cannot_be_kept_stays_unmarked_and_is_taken_later(
    door: Callable[..., Door], empty: Dovecot, tmp_path: Path
) -> None:
    empty.append(mail(1))
    store = tmp_path / "evidence"
    store.write_text("no folder")  # whoever wants to keep bytes here gets an OSError, root or not
    assert look(door(archive="Taken")) == {"not_taken": 1}
    assert (empty.count("INBOX", "UNSEEN"), empty.count("Taken")) == (1, 0)
    store.unlink()
    empty.append(mail(2))
    assert look(door(archive="Taken")) == {"new": 2}
    assert empty.count("Taken") == 2


@pytest.mark.one_database
def test_older_mail_is_left_alone(door: Callable[..., Door], empty: Dovecot) -> None:
    empty.append(mail(1), datetime(2025, 1, 1, 12, tzinfo=UTC))
    empty.append(mail(2), datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert look(door(since=date(2026, 1, 1))) == {"new": 1}
    assert empty.count("INBOX", "UNSEEN") == 1


@pytest.mark.one_database
def test_starttls_and_a_stranger_in_the_middle(door: Callable[..., Door], empty: Dovecot) -> None:
    empty.append(mail(1))
    assert look(door(security="starttls", port=empty.port)) == {"new": 1}
    with pytest.raises(ssl.SSLCertVerificationError):  # nobody we know signed this certificate
        look(door(ca_file=""))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"user": None}, "user is missing"),
        ({"hots": "b"}, "unknown key 'hots'"),
        ({"password_file": ""}, "password_file is missing"),
        ({"security": "none"}, "in clear"),
        ({"security": "ssl"}, "security must be one of"),
        ({"port": "993"}, "port must be a int"),
        ({"every": 0}, "at least 1 second"),
    ],
)
def test_a_table_that_cannot_be_used_is_said_at_once(table: dict[str, object], says: str) -> None:
    given = {"host": "imap.example", "user": "a", "password_file": "p"} | table
    with pytest.raises(DeskError, match=says):
        account({key: value for key, value in given.items() if value is not None})


@pytest.mark.one_database
def test_the_command_says_why_it_cannot(tmp_path: Path) -> None:
    with own_desk(tmp_path) as environment:
        desk = Desk(environment, TOML)
        done = desk.command("imap", "--once")
        assert (done.returncode, b"no [imap] table" in done.stderr) == (2, True)
        port = free_ports(1)[0]
        table = f'[imap]\nhost = "127.0.0.1"\nport = {port}\nuser = "a"\npassword_file = "/dev/null"\n'
        (desk.home / "desk.toml").write_text(TOML + table)
        assert desk.command("imap", "--once").returncode == 75


@pytest.mark.one_database
def test_the_running_desk_reads_the_mailbox(tmp_path: Path, empty: Dovecot) -> None:
    """As a part of `trustdesk run`, and what came in is worked on."""
    with reading(tmp_path, empty, archive="Taken") as desk:
        process = desk.start("run")
        empty.append(mail(1))
        soon(lambda: desk.query("SELECT state FROM trustdesk_report") == [("joined",)], 90)
        assert empty.count("Taken") == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0

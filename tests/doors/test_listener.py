"""The mail listener, spoken to by real clients over real sockets."""

from __future__ import annotations

import signal
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.desk import Desk, mail, say, send
from tests.processes import own_desk

OURS = "abuse@host.example"
TOML = 'name = "Host"\naddress = "abuse@host.example"\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that is nobody's sample, with its listener running; a message may have one megabyte."""
    with own_desk(tmp_path_factory.mktemp("listener")) as environment:
        desk = Desk(environment, TOML)
        desk.set_up()
        desk.start_listener(TRUSTDESK_MESSAGE_SIZE_LIMIT=str(1 << 20))
        try:
            yield desk
        finally:
            desk.close()


def kept(desk: Desk) -> bytes:
    return desk.evidence()[-1]


def test_lmtp_answers_for_each_recipient(desk: Desk) -> None:
    client = desk.lmtp()
    assert say(client, "MAIL FROM:<a@reporter.example>") == [250]
    recipients = [
        "abuse@host.example",
        "x@elsewhere.example",
        "DMCA@HOST.EXAMPLE",
        "postmaster",
        "abuse@nothost.example",
    ]
    assert say(client, *(f"RCPT TO:<{r}>" for r in recipients)) == [250, 550, 250, 250, 550]
    assert say(client, "DATA") == [354]
    client.send(mail(1) + b".\r\n")
    answers = [client.getreply() for _ in range(3)]
    assert [code for code, _ in answers] == [250, 250, 250]
    assert len({text for _, text in answers}) == 1, "one message is one report, whoever it is for"
    assert say(client, "NOOP") == [250], "no answer too many"
    assert kept(desk) == mail(1)


def test_smtp_takes_mail_for_us_and_relays_for_nobody(desk: Desk) -> None:
    client = desk.smtp()
    assert client.sendmail("a@reporter.example", [OURS, "b@elsewhere.example"], mail(2)).keys() == {
        "b@elsewhere.example"
    }
    assert kept(desk) == mail(2)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("a@reporter.example", ["b@elsewhere.example", "c%elsewhere.example@other.example"], mail(3))


def test_what_is_announced(desk: Desk) -> None:
    for client in (desk.lmtp(), desk.smtp()):
        assert {"size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes"} <= client.esmtp_features.keys()
        assert "auth" not in client.esmtp_features


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: long line\r\n\r\n" + b"x" * 900_000 + b"\r\n",
        b"Subject: 8 bit\r\n\r\n\xe1\xe9\xff\x00 text\r\n",
        b"Subject: dots\r\n\r\n.\r\n..\r\n...x\r\n.\r\nend\r\n",
        b".first line\r\n",
        b"Subject: bare\r\n\r\none\n.\ntwo\r.\rthree\r\n",
        b"Subject: cut\r\n\r\nbefore\n.\r\nafter\r\n",
        "Subject: ünïcode 漢字\r\n\r\nß\r\n".encode(),
        b"\r\n",
        b"\r\n\r\n.\r\n\r\n",
    ],
    ids=["long", "8bit", "dots", "dot-first", "bare-line-ends", "smuggled-end", "utf8", "empty-line", "dot-alone"],
)
def test_bytes_are_kept_as_they_came(desk: Desk, raw: bytes) -> None:
    client = desk.lmtp()
    assert [code for code, _ in send(client, raw, OURS)] == [250]
    assert say(client, "NOOP") == [250]
    assert desk.evidence().count(raw) == 1


def test_an_empty_message_is_a_report_too(desk: Desk) -> None:
    client = desk.lmtp()
    assert [code for code, _ in send(client, b"", OURS)] == [250]


def test_unicode_addresses(desk: Desk) -> None:
    client = desk.smtp()
    client.command_encoding = "utf-8"
    assert say(
        client, "MAIL FROM:<josé@reporter.example> SMTPUTF8 BODY=8BITMIME", f"RCPT TO:<denúncia@{OURS[6:]}>"
    ) == [250, 250]
    assert say(client, "DATA") == [354]
    client.send(mail(4) + b".\r\n")
    assert client.getreply()[0] == 250
    assert desk.query("SELECT envelope_from, envelope_to FROM trustdesk_report ORDER BY id DESC LIMIT 1") == [
        ("josé@reporter.example", "denúncia@host.example")
    ]


def test_the_null_sender_of_bounces_is_taken(desk: Desk) -> None:
    assert send(desk.lmtp(), mail(5), OURS, sender="")[0][0] == 250
    assert desk.one("SELECT envelope_from FROM trustdesk_report ORDER BY id DESC LIMIT 1") == ""


def test_pipelined_commands_and_messages(desk: Desk) -> None:
    client = desk.lmtp()
    one = b"MAIL FROM:<a@reporter.example>\r\nRCPT TO:<abuse@host.example>\r\nDATA\r\n"
    client.send(one + mail(6) + b".\r\n" + one + mail(7) + b".\r\nNOOP\r\n")
    assert [client.getreply()[0] for _ in range(9)] == [250, 250, 354, 250, 250, 250, 354, 250, 250]


def test_too_large_is_552_before_and_after_the_message(desk: Desk) -> None:
    client = desk.lmtp()
    assert say(client, f"MAIL FROM:<a@reporter.example> SIZE={2 << 20}") == [552]
    before = desk.one("SELECT count(*) FROM trustdesk_report")
    for raw in (b"x" * ((1 << 20) + 1), b"\r\n" * (1 << 20), b"y" * (8 << 20)):
        assert [code for code, _ in send(client, raw, OURS, "second@host.example")] == [552, 552]
    assert desk.one("SELECT count(*) FROM trustdesk_report") == before
    exact = mail(8)[:-2].ljust((1 << 20) - 2, b"z") + b"\r\n"
    assert send(client, exact, OURS)[0][0] == 250


def test_the_same_message_twice_is_one_report(desk: Desk) -> None:
    client = desk.lmtp()
    first, again = send(client, mail(9), OURS)[0], send(client, b"Received: from mx2\r\n" + mail(9), OURS)[0]
    assert (first[0], again[0]) == (250, 250)
    assert b"taken in as" in first[1] and b"had it already as" in again[1]
    assert first[1].split()[-1] == again[1].split()[-1]


def test_many_senders_at_once(desk: Desk) -> None:
    codes: list[int] = []

    def one(start: int) -> None:
        client = desk.lmtp()
        codes.extend(send(client, mail(n), OURS)[0][0] for n in range(start, start + 10))

    before = desk.one("SELECT count(*) FROM trustdesk_report")
    senders = [threading.Thread(target=one, args=(1000 + 10 * n,)) for n in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert codes == [250] * 200
    assert desk.one("SELECT count(*) FROM trustdesk_report") == before + 200


@pytest.mark.parametrize(
    "line, code",
    [
        (b"\x00\xff\xfe\r\n", 500),
        (b"MAIL FROM:<" + b"a" * 3000 + b"@x>\r\n", 500),
        (b'MAIL FROM:<a\xff@[[]]"..">\r\n', 553),
        (b"MAIL FROM:<a@b> EVIL=1\r\n", 555),
        (b"MAIL\r\n", 501),
        (b"RCPT TO:<abuse@host.example>\r\n", 503),
        (b"DATA\r\n", 503),
        (b"BDAT 100 LAST\r\n", 500),
        (b"VRFY abuse@host.example\r\n", 252),
        (b"EXPN abuse\r\n", 502),
        (b"HELO x\r\n", 500),
        (b"x" * 600_000 + b"\r\n", 500),
    ],
)
def test_hostile_commands_get_an_answer_and_do_no_harm(desk: Desk, line: bytes, code: int) -> None:
    client = desk.lmtp()
    client.send(line)
    assert client.getreply()[0] == code
    assert say(client, "RSET") == [250]


def test_too_many_connections_are_sent_away_and_come_again(desk: Desk) -> None:
    held = [socket.create_connection(("127.0.0.1", desk.port("LMTP")), 5) for _ in range(100)]
    for one in held:
        assert one.recv(100).startswith((b"220", b"421"))
    with socket.create_connection(("127.0.0.1", desk.port("LMTP")), 5) as extra:
        assert extra.recv(100).startswith(b"421 4.3.2 ")
    for one in held:
        one.close()
    time.sleep(0.3)
    assert send(desk.lmtp(), mail(10), OURS)[0][0] == 250


def test_a_client_that_goes_away_leaves_nothing_behind(desk: Desk) -> None:
    before = desk.one("SELECT count(*) FROM trustdesk_report")
    client = desk.lmtp()
    say(client, "MAIL FROM:<a@reporter.example>", f"RCPT TO:<{OURS}>", "DATA")
    client.send(b"Subject: half\r\n\r\nhalf a mes")
    client.sock.close()  # type: ignore[union-attr]
    time.sleep(0.3)
    assert desk.one("SELECT count(*) FROM trustdesk_report") == before
    assert not list((desk.home / "spool").iterdir())


def test_what_cannot_be_kept_is_refused_for_now(desk: Desk) -> None:
    evidence, aside = desk.home / "evidence", desk.home / "evidence.aside"
    evidence.rename(aside)
    evidence.write_text("not a folder")
    client = desk.lmtp()
    try:
        answers = send(client, mail(11), OURS, "dmca@host.example")
    finally:
        evidence.unlink()
        aside.rename(evidence)
    assert [code for code, _ in answers] == [451, 451]
    assert b"try again" in answers[0][1]
    assert send(client, mail(11), OURS)[0][0] == 250, "and when it can be kept again, it is"


def test_it_stops_politely(tmp_path: Path) -> None:
    with own_desk(tmp_path) as environment:
        desk = Desk(environment, TOML)
        desk.set_up()
        process = desk.start_listener()
        try:
            idle, writing = desk.lmtp(), desk.lmtp()
            say(writing, "MAIL FROM:<a@reporter.example>", f"RCPT TO:<{OURS}>", "DATA")
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert (idle.getreply()[0], writing.getreply()[0]) == (421, 421)
            assert process.wait(10) == 0
            assert time.monotonic() - started < 5
            assert desk.one("SELECT count(*) FROM trustdesk_report") == 0
        finally:
            desk.close()

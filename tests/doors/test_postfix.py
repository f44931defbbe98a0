"""The listener behind a real Postfix: what the provider's mail server accepted becomes exactly one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.doors.desk import Desk, mail
from tests.doors.servers import Postfix, postfix
from tests.processes import own_desk

pytestmark = pytest.mark.one_database
TOML = 'name = "Host"\naddress = "abuse@host.example"\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with own_desk(tmp_path_factory.mktemp("postfix")) as environment:
        desk = Desk(environment, TOML)
        desk.set_up()
        try:
            yield desk
        finally:
            desk.close()


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[Postfix]:
    with postfix(desk.port("LMTP")) as started:
        yield started


def reports(desk: Desk) -> int:
    return int(desk.one("SELECT count(*) FROM trustdesk_report"))


def soon(true: Callable[[], bool], server: Postfix, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, server.log()[-3000:]
        time.sleep(0.1)


def test_what_postfix_accepts_is_kept_as_it_came(desk: Desk, server: Postfix) -> None:
    desk.start_listener()
    sent = [
        mail(1),
        mail(2, text="8 bit \xe1\xff\r\n.\r\n..dots\r\n.\r\nend"),
        mail(3, text="x" * 900_000),  # one line: RFC 5321 allows 998 octets, the world does not care
        b"Subject: no other header\r\n\r\nhttp://a.customer.example/\r\n",
    ]
    before = reports(desk)
    server.send(*sent)
    soon(lambda: reports(desk) == before + len(sent), server)
    bodies = {raw.partition(b"\r\n\r\n")[2] for raw in desk.evidence()}
    assert sent[0].partition(b"\r\n\r\n")[2] in bodies
    assert sent[1].partition(b"\r\n\r\n")[2] in bodies
    assert sum(len(body) for body in bodies) >= 900_000, "Postfix folds long lines; nothing of them is cut off"
    soon(lambda: server.queued() == 0, server)
    assert reports(desk) == before + len(sent)


def test_one_message_to_two_of_our_addresses_is_one_report(desk: Desk, server: Postfix) -> None:
    before = reports(desk)
    server.send(mail(10), to=("abuse@host.example", "dmca@host.example"))
    soon(lambda: reports(desk) > before and server.queued() == 0, server)
    assert reports(desk) == before + 1


def test_while_the_desk_is_down_the_mail_waits(desk: Desk, server: Postfix) -> None:
    before = reports(desk)
    for process in list(desk.running):
        desk.kill(process)
    server.send(*(mail(number) for number in range(100, 130)))
    time.sleep(3)  # Postfix has tried, and more than once
    assert server.queued() == 30
    assert "status=deferred" in server.log()
    desk.start_listener()
    soon(lambda: server.queued() == 0, server)
    assert reports(desk) == before + 30
    assert "status=bounced" not in server.log()


def test_killed_in_the_middle_each_message_is_one_report(desk: Desk, server: Postfix) -> None:
    before = reports(desk)
    (process,) = desk.running
    server.send(*(mail(number) for number in range(1000, 1200)))
    for _ in range(2):
        seen = reports(desk)
        soon(lambda seen=seen: reports(desk) > seen or server.queued() == 0, server)
        desk.kill(process)
        process = desk.start_listener()
    soon(lambda: server.queued() == 0, server)
    assert reports(desk) == before + 200
    assert "status=bounced" not in server.log()

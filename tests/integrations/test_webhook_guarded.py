"""The guarded client against real sockets and against every kind of address it must not touch."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from trustdesk.integrations.guarded import Fetched, GuardedClient, NotFetched, forbidden


@contextmanager
def peer(answer: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A TCP server that hands each connection's first octets to `answer`; gives its door and what it was sent."""
    server = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def run() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                seen.append(request)
                with suppress(OSError):
                    answer(connection, request)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", seen
    finally:
        server.shutdown(socket.SHUT_RDWR)  # close() alone leaves a blocked accept() listening
        server.close()


def says(text: str) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(text.replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "100.100.100.200", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
        "198.18.0.1", "192.0.0.192", "168.63.129.16",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "ff0e::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_nothing_but_public_addresses(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address)) != ""


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_pass(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address)) == ""


def test_allow_opens_exactly_what_it_names() -> None:
    allow = (ipaddress.ip_network("127.0.0.1/32"),)
    assert forbidden(ipaddress.ip_address("127.0.0.1"), allow) == ""
    assert forbidden(ipaddress.ip_address("127.0.0.2"), allow) == "is loopback"


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://0x7f.1/", "http://2130706433/", "http://[::1]/"])
def test_loopback_is_refused_however_it_is_written(url: str) -> None:
    answer = GuardedClient().get(url)
    assert isinstance(answer, NotFetched) and answer.code == "address", answer


def test_one_bad_address_condemns_the_name() -> None:
    mixed = [ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")]
    answer = GuardedClient(resolver=lambda host, port: mixed).get("http://two-faced.example/")
    assert isinstance(answer, NotFetched) and answer.code == "address" and "10.0.0.1" in answer.detail


def test_connects_to_the_judged_address_and_never_resolves_twice() -> None:
    with peer(says("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")) as (door, seen):
        port = int(door.rsplit(":", 1)[1])
        answers = [[ipaddress.ip_address("127.0.0.1")], [ipaddress.ip_address("10.0.0.1")]]
        client = GuardedClient(allow=["127.0.0.1/32"], resolver=lambda host, port: answers.pop(0))
        answer = client.get(f"http://rebind.example:{port}/a?b=c#d")
    assert isinstance(answer, Fetched) and answer.status == 200 and answer.body == b"ok"
    assert answer.address == f"127.0.0.1:{port}"
    assert len(answers) == 1
    assert seen[0].startswith(b"GET /a?b=c HTTP/1.1\r\n") and f"Host: rebind.example:{port}\r\n".encode() in seen[0]


def test_routes_most_exact_wins_and_no_route_means_no() -> None:
    with peer(says("HTTP/1.1 200 OK\nContent-Length: 0\n\n")) as (door, seen):
        client = GuardedClient({"*.example": door, "closed.example": "direct"}, resolver=lambda h, p: ())
        assert isinstance(client.get("https://a.b.example/x"), Fetched)  # the door's own scheme is used
        assert client.get("http://closed.example/") == NotFetched(
            "http://closed.example/", "name", "closed.example has no address"
        )
        away = client.get("http://elsewhere.test/")
    assert isinstance(away, NotFetched) and away.code == "no_route"
    assert len(seen) == 1 and b"Host: a.b.example\r\n" in seen[0]


def test_redirects_are_not_followed_and_when_asked_each_is_judged() -> None:
    with peer(says("HTTP/1.1 302 Found\nLocation: http://169.254.169.254/latest/\nContent-Length: 0\n\n")) as (door, _):
        stays = GuardedClient({"*": door}).get("http://a.example/")
        assert isinstance(stays, Fetched) and stays.status == 302
        judged = GuardedClient({"a.example": door, "*": "direct"}, max_redirects=3).get("http://a.example/")
        assert isinstance(judged, NotFetched) and judged.code == "address"
        loop = GuardedClient({"*": door}, max_redirects=2).get("http://a.example/")
        assert isinstance(loop, NotFetched) and loop.code == "redirects"


def test_size_is_bounded() -> None:
    def flood(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _i in range(1000):
            connection.sendall(b"x" * 65536)

    with peer(flood) as (door, _):
        answer = GuardedClient({"*": door}, max_bytes=100_000).get("http://big.example/")
    assert isinstance(answer, Fetched) and answer.truncated and len(answer.body) == 100_000


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_dripping_peer_meets_the_deadline(prefix: bytes) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(prefix)
        for _i in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    with peer(drip) as (door, _):
        began = time.monotonic()
        answer = GuardedClient({"*": door}, timeout=0.4).get("http://slow.example/")
        took = time.monotonic() - began
    assert isinstance(answer, NotFetched) and answer.code == "timeout"
    assert took < 1.5


def test_what_the_world_does_is_a_value() -> None:
    with peer(lambda connection, _: None) as (door, _):
        dropped = GuardedClient({"*": door}).get("http://a.example/")
    assert isinstance(dropped, NotFetched) and dropped.code == "dropped", dropped
    with peer(says("SSH-2.0-OpenSSH_9.2\n")) as (door, _):
        odd = GuardedClient({"*": door}).get("http://a.example/")
        assert isinstance(odd, NotFetched) and odd.code == "protocol", odd
        tls = GuardedClient({"*": door.replace("http:", "https:")}).get("https://a.example/")
        assert isinstance(tls, NotFetched) and tls.code == "tls", tls
    refused = GuardedClient({"*": door}, timeout=2).get("http://a.example/")
    assert isinstance(refused, NotFetched) and refused.code == "refused", refused
    for url in ("", "::::", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/1"):
        bad = GuardedClient().get(url)
        assert isinstance(bad, NotFetched) and bad.code == "url"


def test_a_door_is_an_address() -> None:
    with pytest.raises(ValueError):
        GuardedClient({"*": "http://localhost:8027"})
    with pytest.raises(ValueError):
        GuardedClient({"*": "http://127.0.0.1:8027/path"})


def test_tls_is_checked_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "cert.pem").write_bytes(pem)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, wanted, _context: asked.append(wanted)

    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError), server.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    threading.Thread(target=run, daemon=True).start()
    port = listening.getsockname()[1]
    try:
        client = GuardedClient(
            allow=["127.0.0.1/32"],
            resolver=lambda host, _: [ipaddress.ip_address("127.0.0.1")],
            ssl_context=ssl.create_default_context(cadata=pem.decode()),
        )
        fine = client.get(f"https://Shop.example.:{port}/")
        assert isinstance(fine, Fetched) and fine.status == 204, fine
        other = client.get(f"https://other.example:{port}/")
        assert isinstance(other, NotFetched) and other.code == "tls", other
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
    assert asked == ["shop.example", "other.example"]

"""Indicators are found through every disguise, with the offsets of what stands in the text."""

from __future__ import annotations

import time

import pytest

from trustdesk.reading import canonical
from trustdesk.reading.extract import extract
from trustdesk.reading.written import refang


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("hxxp://evil[.]test/login.php?x=1,", "url", "http://evil.test/login.php?x=1"),
        ("hxxps[:]//bad[.]test/x", "url", "https://bad.test/x"),
        ("h**p://x.test/", "url", "http://x.test/"),
        ("htXtp://y.test/a", "url", "http://y.test/a"),
        ("(see https://a.test/b_(c))", "url", "https://a.test/b_(c)"),
        ("<https://a.test/very/\nlong>", "url", "https://a.test/very/long"),
        ("http://evil .test/path", "url", "http://evil.test/path"),
        ("www [.] evil [.] test", "domain", "www.evil.test"),
        ("http://user:pw@real.test:80/#frag", "url", "http://real.test/"),
        ("http://müller.test/ü", "url", "http://xn--mller-kva.test/%C3%BC"),
        ("http://3221225985/", "url", "http://192.0.2.1/"),
        ("evil。test", "domain", "evil.test"),
        ("evil(dot)test", "domain", "evil.test"),
        ("5.https://a.test/x", "url", "https://a.test/x"),
        ("198[.]51[.]100[.]7:443", "ip", "198.51.100.7"),
        ("203.0.113.9/24", "cidr", "203.0.113.0/24"),
        ("::ffff:192.0.2.5 and", "ip", "192.0.2.5"),
        ("[2001:DB8:0:0::1]:443", "ip", "2001:db8::1"),
        ("2001:db8::/32", "cidr", "2001:db8::/32"),
        ("user[at]evil.test", "email", "user@evil.test"),
        ("blog.test:192.0.2.77 - -", "ip", "192.0.2.77"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_found(text: str, kind: str, value: str) -> None:
    found = extract(text)
    assert (kind, value) in {(f.kind, f.value) for f in found}
    assert all(text[f.start : f.end] == f.raw for f in found)


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4.5",
        "at 12:30:45",
        "index.php and setup.sh",
        "ended.In the",
        "00:11:22:33:44:55:66:77",
        "e.g. i.e. a.m.",
        "::",
        "999.1.1.1",
        "http://",
        "price 3.50",
    ],
)
def test_not_found(text: str) -> None:
    assert extract(text) == []


def test_wrapped_url_is_joined_only_where_it_goes_on() -> None:
    long = "The content is at http://evil.test/" + "a" * 50 + "%E0\n%B8%B1/end\nPlease remove it."
    assert extract(long)[0].value == "http://evil.test/" + "a" * 50 + "%E0%B8%B1/end"
    two = "See http://evil.test/" + "a" * 60 + "\nhttp://other.test/\n"
    assert [f.host for f in extract(two)] == ["evil.test", "other.test"]


def test_registrable_domain_counts_private_suffixes() -> None:
    assert canonical.registrable("a.b.github.io") == "b.github.io"
    assert canonical.registrable("www.shop.co.uk") == "shop.co.uk"
    assert canonical.registrable("192.0.2.1") == ""


def test_refang_leaves_clean_text_alone() -> None:
    assert refang("http://a.test/x") == "http://a.test/x"


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a.b+",
        "http://",
        "a:",
        "a@",
        "@a.b",
        "-",
        "[.",
        "ü.",
        "http://a.test/(",
        "http://a.test/http",
        "1.",
        "x'),'",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    def spent(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        extract(text)
        return time.process_time() - started

    spent(10_000)
    small, large = spent(50_000), spent(400_000)
    assert large < max(small, 0.02) * 8 * 4  # eight times the text, four times the patience

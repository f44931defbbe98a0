"""Hostile text: defanged, made visible, never lost, never markup."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.web import safe_html, safe_text

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("https://login.evil.example/a.php?b=c.d", "url", "hxxps://login[.]evil[.]example/a.php?b=c.d"),
        ("http://203.0.113.9:8080/x", "url", "hxxp://203.0.113[.]9:8080/x"),
        ("http://user:pw@evil.example/", "url", "hxxp://user:pw@evil[.]example/"),
        ("ftp://files.example/x", "url", "fxp://files[.]example/x"),
        ("http://[2001:db8::1]/x", "url", "hxxp://[2001:db8::1]/x"),
        ("evil.example", "domain", "evil[.]example"),
        ("203.0.113.9", "ip", "203.0.113[.]9"),
        ("2001:db8::1", "ip", "2001:db8::1"),
        ("a.b@evil.example", "email", "a[.]b@evil[.]example"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash", "d41d8cd98f00b204e9800998ecf8427e"),
        ("https://evil.example", "url", "hxxps://evil[.]example"),
        ("https://evil.example#x", "url", "hxxps://evil[.]example#x"),
    ],
)
def test_defanged_forms(value, kind, shown):
    assert safe_text.defang(value, kind) == shown


def test_free_text_keeps_its_words_and_loses_its_links():
    text = "See https://evil.example/a.html and www.bad.example. Mail x@evil.example. End.Then more, e.g. v1.2."
    shown = safe_text.defang_text(text)
    assert shown == (
        "See hxxps://evil[.]example/a.html and www[.]bad[.]example[.] Mail x@evil[.]example[.] End.Then more, e.g. v1.2."
    )


@given(st.text(max_size=300))
def test_nothing_that_can_be_clicked_is_left(text):
    shown = safe_text.defang_text(text + " https://evil.example/x http://evil.example HtTpS://EVIL.example")
    assert "http://" not in shown.lower()
    assert "https://" not in shown.lower()


@given(st.text(max_size=200))
def test_what_is_shown_has_no_invisible_character(text):
    for hidden, run in safe_text.visible(text):
        if not hidden:
            assert not any(
                c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\x00\x1b" for c in run
            )


def test_direction_marks_and_zero_widths_are_named():
    runs = safe_text.visible("nom\u202egpj.exe\u200b")
    assert runs == ((False, "nom"), (True, "U+202E"), (False, "gpj.exe"), (True, "U+200B"))


def test_joiners_that_languages_need_stay():
    assert safe_text.visible("می\u200cخواهم") == ((False, "می\u200cخواهم"),)


def test_marks_stand_where_the_indicators_stand():
    text = "go to http://evil.example/x now"
    segments = list(safe_text.marked(text, [(6, 27, "target", "url", "http://evil.example/x")]))
    assert [(s.role, "".join(run for _hidden, run in s.parts)) for s in segments] == [
        ("", "go to "),
        ("target", "hxxp://evil[.]example/x"),
        ("", " now"),
    ]


@given(st.text(max_size=120), st.lists(st.tuples(st.integers(-5, 130), st.integers(-5, 130)), max_size=8))
def test_no_span_however_wrong_loses_text_or_raises(text, spans):
    marks = [(start, end, "target", "account", "x") for start, end in spans]
    shown = "".join(run for s in safe_text.marked(text, marks) for hidden, run in s.parts if not hidden)
    plain = "".join(run for hidden, run in safe_text.visible(text) if not hidden)
    assert (
        shown.replace("[.]", ".").replace("hxxp", "http").replace("fxp", "ftp").lower()
        == plain.replace("[.]", ".").replace("hxxp", "http").replace("fxp", "ftp").lower()
    )


def test_long_hostile_text_is_shown_in_linear_time():
    took = []
    for size in (20_000, 200_000):
        text = "http://" * (size // 14) + "a." * (size // 4) + "@" * (size // 4)
        start = time.perf_counter()
        list(safe_text.marked(text, ()))
        took.append(time.perf_counter() - start)
    assert took[1] < 3
    assert took[1] < took[0] * 40 + 0.5


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<p style='background:url(https://evil.example/x)'>x</p>",
        "<form action='https://evil.example'><input></form>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example'>",
    ],
)
def test_html_of_letters_keeps_structure_only(html):
    seen = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            seen.append((tag, {name for name, _value in attributes}))

    Reader().feed(str(safe_html.letter(html)))
    for tag, attributes in seen:
        assert tag in safe_html.TAGS
        assert attributes <= {"dir", "lang", "colspan", "rowspan", "scope"}

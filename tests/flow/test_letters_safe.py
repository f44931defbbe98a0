"""Whatever a stranger writes, a letter carries no link of theirs, no markup, no hidden character, no second header."""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import fields, replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flow.letters_samples import SAMPLES, TO_CUSTOMER
from trustdesk.flow.letters import LANGUAGES, LetterFacts, LetterMeasure, compose, safe

ALLOWED_TAGS = {
    "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "h2", "p", "ul", "li", "div",
    "blockquote", "br", "a",
}  # fmt: skip
#: What common mail programs make a link of: a scheme, www., or a dotted name that ends in letters.
SCHEME = re.compile(r"(?i)(?:https?|ftp)://")
LINKED = re.compile(r"(?i)\bwww\.|[\w-]+[.。][^\W\d_]{2,}")
OWN = ("https://desk.nube-norte.example/", "https://nube-norte.example/contact", "abuse@nube-norte.example")


class _Markup(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text: list[str] = []
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.extend(value or "" for name, value in attrs if name in ("href", "src", "background"))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text.append(data)


def hostile(facts: LetterFacts, text: str) -> LetterFacts:
    """The facts with `text` in every field that a stranger can reach."""
    strange: dict[str, Any] = {
        field.name: text
        for field in fields(LetterFacts)
        if field.name in ("recipient_name", "claim", "claim_quote", "reporter_name", "reasons", "question", "appeal_reasons",
                          "counter_notice")
    }  # fmt: skip
    targets = (text, f"https://evil.example/{text}", "203.0.113.9")
    measures = (LetterMeasure("site_disable", target=text), LetterMeasure(text, title=text, target=text, scope=(text,)))
    return replace(
        facts, **strange, targets=targets, not_ours=targets, measures=measures, missing=(text,), lifted=measures
    )


ATTACKS = [
    '<script>alert(1)</script><img src="https://evil.example/x.png" onerror=alert(1)>',
    '"><a href="https://evil.example/">click</a>',
    "https://evil.example/login www.evil.example evil.example evil.example:8080/a",
    "HTTPS://EVIL.EXAMPLE/?u=https://evil.example/&v=www.evil.example",
    "{{ settings.SECRET_KEY }} {% include 'base.html' %} {# x #}",
    "Subject\r\nBcc: victim@elsewhere.example\r\n\r\n<b>body</b>",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200bzero\u200e \ufeff \x00\x1b[31m \ud800 \U000e0041",
    "пример.рф https://пример.рф/путь évil.example evil。example",
    "](https://evil.example) [x]: https://evil.example",
    "-- \n> quoted\n> \nFrom here",
    "a" * 400,
    "=?utf-8?q?=0d=0aBcc:_x@y.example?=",
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_facts_stay_text(attack: str, name: str, language: str) -> None:
    kind, facts = SAMPLES[name]
    letter = compose(kind, language, hostile(facts, attack))
    html = _Markup(letter.html)
    assert html.tags <= ALLOWED_TAGS
    assert not {a for a in html.attributes if a.startswith("on")}
    assert all(link == facts.link for link in html.links)
    for shown in (letter.subject, letter.text, "".join(html.text)):
        assert not [word for word in strange_words(shown, facts) if linked(word)]
        assert not {c for c in shown if c not in "\n\u200c\u200d" and unicodedata.category(c)[0] == "C"}
    assert "\n" not in letter.subject
    assert len(letter.subject) <= 180


def strange_words(text: str, facts: LetterFacts) -> list[str]:
    """The words of a letter but for the provider's own addresses."""
    text = " ".join(text.replace("\n> ", " ").split())
    for own in (facts.link, *OWN, facts.out_of_court, *facts.where_to_turn):
        text = text.replace(own, " ") if own else text
    return text.split()


def linked(word: str) -> bool:
    """Whether a mail program would make a link of (part of) the word."""
    before = word.partition("hxxp")[0]  # no program knows that scheme; the path after it keeps its dots
    return bool(SCHEME.search(word) or LINKED.search(before))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=120), name=st.sampled_from(sorted(SAMPLES)))
def test_any_text_leaves_the_markup_as_it_is(text: str, name: str) -> None:
    kind, facts = SAMPLES[name]
    letter = compose(kind, "es", hostile(facts, text + "x"))
    html = _Markup(letter.html)
    assert html.tags <= ALLOWED_TAGS
    assert all(link == facts.link for link in html.links)
    assert "\n" not in letter.subject


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://evil.example/a.php?x=1.2", "hxxps://evil[.]example/a.php?x=1.2"),
        ("http://evil.example:8080/", "hxxp://evil[.]example:8080/"),
        ("http://203.0.113.9/a", "hxxp://203.0.113[.]9/a"),
        ("http://203.0.113.9:81/a", "hxxp://203.0.113[.]9:81/a"),
        ("http://[2001:db8::1]/", "hxxp://[2001:db8::1]/"),
        ("ftp://evil.example/a", "fxp://evil[.]example/a"),
        ("https://a.b@evil.example/", "hxxps://a[.]b@evil[.]example/"),
        (
            "https://evil.example/?u=https://www.other.example/",
            "hxxps://evil[.]example/?u=hxxps://www[.]other[.]example/",
        ),
        ("evil.example", "evil[.]example"),
        ("203.0.113.9", "203.0.113[.]9"),
        ("203.0.113.0/24", "203.0.113[.]0/24"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("spammer@evil.example", "spammer@evil[.]example"),
        ("evil.example/path", "evil[.]example/path"),
        ("evil[.]example", "evil[.]example"),
    ],
)
def test_targets_are_defanged_and_readable(value: str, shown: str) -> None:
    assert safe.defang_target(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/a.php, please", "see hxxps://evil[.]example/a.php, please"),
        ("under 17 U.S.C. 512(c), e.g. this. That", "under 17 U.S.C. 512(c), e.g. this. That"),
        ("clause 4.2 and version 1.10.3", "clause 4.2 and version 1.10.3"),
        ("a.b@evil.example or 203.0.113.9", "a.b@evil[.]example or 203.0.113[.]9"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("пример.рф", "пример[.]рф"),
    ],
)
def test_free_text_is_defanged_and_readable(text: str, shown: str) -> None:
    assert safe.defang(text) == shown


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Lucía Ferrer", "Lucía Ferrer"),
        ("J. R. O'Brien-Núñez", "J. R. O'Brien-Núñez"),
        ("Müller & Söhne", "Müller & Söhne"),
        ("李小龍", "李小龍"),
        ("محمد علي", "محمد علي"),
        ("Your account is locked, visit evil.example", ""),
        ("evil.example", ""),
        ("Call 555 0100 now", ""),
        ("<b>Ana</b>", ""),
        ("Ana\r\nBcc: x", ""),
        ("https://evil.example", ""),
        ("You have won a prize in our lottery", ""),
        ("a" * 61, ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_only_a_name_is_greeted(name: str, greeted: str) -> None:
    assert safe.name(name) == greeted
    letter = compose("acknowledgement", "en", replace(SAMPLES["acknowledgement"][1], recipient_name=name))
    assert (f"Dear {greeted},\n" if greeted else "Hello,\n") in letter.text


def test_long_and_many_facts_are_cut_and_said_so() -> None:
    facts = replace(
        SAMPLES["forward"][1],
        targets=tuple(f"https://evil.example/{i}" for i in range(5_000)),
        claim_quote="x. " * 99_999,
    )
    letter = compose("forward", "en", facts)
    assert "- and 4975 more" in letter.text
    assert len(letter.text) < 12_000
    assert "…" in letter.text


def test_a_counter_notice_is_passed_on_in_full() -> None:
    kind, facts = SAMPLES["counter_notice_copy"]
    words = [f"word{i}" for i in range(15_000)]
    letter = compose(kind, "en", replace(facts, counter_notice=" ".join(words)))
    assert words[-1] in letter.text
    assert words[-1] in letter.html


@pytest.mark.parametrize(
    "piece", ["https://", "a.", "http://a.b?", "@a.b", "\u202e", "\n\n", "<", "1.1.1.1.", "a.b c "]
)
def test_hostile_length_costs_linear_time(piece: str) -> None:
    kind, facts = SAMPLES["counter_notice_copy"]
    started = time.perf_counter()
    compose(kind, "en", replace(facts, counter_notice="x" + piece * (200_000 // len(piece)), targets=(piece * 10_000,)))
    assert time.perf_counter() - started < 5


def test_times_are_written_in_utc_whatever_their_zone() -> None:
    at = datetime.fromisoformat("2026-11-16T03:12:00-06:00")
    letter = compose("acknowledgement", "es", replace(SAMPLES["acknowledgement"][1], received_at=at))
    assert letter.parts["received_at"] == "16 de noviembre de 2026 a las 09:12 UTC"


def test_own_addresses_stay_links() -> None:
    letter = compose("statement_of_reasons", "en", SAMPLES["statement-policy"][1])
    assert f"\n{TO_CUSTOMER.link}\n" in letter.text
    assert f'<a href="{TO_CUSTOMER.link}"' in letter.html
    assert "https://nube-norte.example/contact" in letter.text

"""Letters as messages: what they say, and that nobody can bend them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.integrations.letters import BadLetter, address, as_bytes
from trustdesk.interfaces.channel import Letter

AT = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
LETTER = Letter(
    message_id="<c-7f3k.12.ab12@nube-norte.example>",
    sender="Nube Norte, Hosting <abuse@nube-norte.example>",
    to="Ana Núñez <ana@anatorres-foto.example>",
    subject="Decisión sobre su sitio",
    text="Hola:\n\nSu página fue bloqueada. 451\n.\nFrom here\n",
    html="<p>Su página fue <b>bloqueada</b>.</p>",
    language="es-MX",
    headers=(("In-Reply-To", "<x@y.example>"), ("References", "<x@y.example>"), ("X-Trustdesk-Case", "C-7F3K")),
    sent_at=AT,
)


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(as_bytes(letter, now=AT), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def but(**changes: object) -> Letter:
    from dataclasses import replace

    return replace(LETTER, **changes)  # type: ignore[arg-type]


def test_a_letter_is_a_proper_message() -> None:
    message = read(LETTER)
    assert message["From"] == '"Nube Norte, Hosting" <abuse@nube-norte.example>'
    assert message["To"].addresses[0].display_name == "Ana Núñez"
    assert message["Subject"] == "Decisión sobre su sitio"
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == LETTER.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "es-MX"
    assert message["In-Reply-To"] == "<x@y.example>" and message["X-Trustdesk-Case"] == "C-7F3K"
    assert message["Precedence"] is None and message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert parts[0].get_content().replace("\r\n", "\n") == LETTER.text
    assert "<b>bloqueada</b>" in parts[1].get_content()


def test_octets_are_seven_bit_with_short_lines_and_the_same_each_time() -> None:
    data = as_bytes(but(text="ñ" * 5000 + "\n" + "x" * 5000), now=AT)
    assert data.isascii() and b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data == as_bytes(but(text="ñ" * 5000 + "\n" + "x" * 5000), now=AT.replace(year=2030))


def test_text_only() -> None:
    assert read(but(html="")).get_content_type() == "text/plain"


def test_the_callers_auto_submitted_wins_and_stands_once() -> None:
    message = read(but(headers=(("Auto-Submitted", "auto-replied"),)))
    assert message.get_all("Auto-Submitted") == ["auto-replied"]


HOSTILE = "Title\r\nBcc: victim@example.org\r\n\r\n<script>\0\x1b[2J\u202eevil\u2028x"


def test_nothing_in_a_name_or_subject_becomes_a_header() -> None:
    message = read(
        but(
            subject=HOSTILE,
            sender=f"{HOSTILE} <abuse@nube-norte.example>",
            to=f'"{HOSTILE}" <ana@anatorres-foto.example>',
            headers=(("References", HOSTILE),),
        )
    )
    assert message["Bcc"] is None
    assert len(message) == len({name.lower() for name in message}) == 10
    assert [a.addr_spec for a in message["To"].addresses] == ["ana@anatorres-foto.example"]
    assert not any(c in str(message["Subject"]) for c in "\r\n\0\x1b\u202e\u2028")


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_makes_one_letter_with_the_same_fields(subject: str, name: str, text: str, value: str) -> None:
    letter = but(subject=subject, to=f"{name} <ana@anatorres-foto.example>", text=text, headers=(("X-Note", value),))
    message = message_from_bytes(as_bytes(letter, now=AT), policy=SMTP)
    fields = {"from", "to", "subject", "date", "message-id", "x-note", "auto-submitted", "content-language"}
    assert {name.lower() for name in message} == fields | {"mime-version", "content-type"} and len(message) == 10
    assert [a.addr_spec for a in message["To"].addresses] == ["ana@anatorres-foto.example"]
    assert len(list(message.iter_parts())) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message_id": "<a@b.example>\r\nX: y"}, "message_id"),
        ({"message_id": "a@b.example"}, "message_id"),
        ({"to": "a@b.example\r\nBcc: c@d.example"}, "to"),
        ({"to": "a@b.example, c@d.example"}, "to"),
        ({"to": "<a@b.example> <c@d.example>, x@y.example"}, "to"),
        ({"to": "a b@c.example"}, "to"),
        ({"to": "a@[192.0.2.1]"}, "to"),
        ({"to": "ana@niño.example"}, "to"),
        ({"to": "a@b"}, "to"),
        ({"to": "|/bin/sh@b.example "}, None),
        ({"sender": ""}, "sender"),
        ({"headers": (("Bcc", "x@y.example"),)}, "header"),
        ({"headers": (("X-A\r\nBcc", "x"),)}, "header"),
        ({"headers": (("X-A", "1"), ("x-a", "2"))}, "header"),
        ({"headers": (("Content-Type", "text/html"),)}, "header"),
    ],
)
def test_what_cannot_be_cleaned_is_refused(change: dict[str, object], code: str | None) -> None:
    if code is None:
        assert read(but(**change))["To"].addresses[0].domain == "b.example"
        return
    with pytest.raises(BadLetter) as refusal:
        as_bytes(but(**change), now=AT)
    assert refusal.value.code == code


def test_address() -> None:
    assert address("Ana <ana@x.example>") == address(" ana@x.example ") == "ana@x.example"

"""Private links open what they were made for and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from trustdesk.flow import links
from trustdesk.models.code import encode

IDENTS = st.integers(1, (1 << 30) - 1)


@given(IDENTS, st.sampled_from(["status", "c", "x"]))
def test_a_token_resolves_to_its_number_for_its_purpose_only(ident: int, purpose: str) -> None:
    text = links.token(purpose, ident)
    assert links.resolve(purpose, text) == ident
    assert links.resolve(purpose + "2", text) is None


@given(IDENTS, IDENTS)
def test_a_customer_token_binds_case_and_subject(case: int, subject: int) -> None:
    text = links.customer_token(case, subject)
    assert links.resolve_customer(text) == (case, subject)
    assert links.resolve_status(text) is None
    assert links.resolve_customer(links.token("status", case, subject)) is None
    if case != subject:
        swapped = text[6:12] + text[:6] + text[12:]
        assert links.resolve_customer(swapped) is None


def test_every_changed_character_voids_a_token() -> None:
    text = links.token("status", 4711)
    for i, old in enumerate(text):
        for new in "a7Z-_ ":
            if new != old:
                assert links.resolve("status", text[:i] + new + text[i + 1 :]) is None, i


@given(st.text(max_size=60))
def test_junk_is_nothing(text: str) -> None:
    assert links.resolve("status", text) is None
    assert links.resolve_customer(text) is None


@pytest.mark.parametrize("text", ["", "-", "000000-", "é" * 39, "\ud800", "0" * 100_000, "7F3K2Q-" + "=" * 32])
def test_odd_junk_is_nothing(text: str) -> None:
    assert links.resolve("status", text) is None


def test_a_token_is_long_enough_and_safe_in_a_url() -> None:
    code, _, mac = links.token("status", 99).partition("-")
    assert encode("R", 99).replace("-", "") == "R" + code  # tells no more than the code in the letter
    assert len(mac) * 5 >= 128
    assert (code + mac).isalnum()
    assert (code + mac).isascii()


def test_another_desk_makes_other_tokens(settings: Settings, tmp_path: Path) -> None:
    text = links.token("status", 1)
    settings.KEYS_DIR = tmp_path / "keys"
    assert links.resolve("status", text) is None
    assert links.token("status", 1) != text
    assert (tmp_path / "keys" / "links.key").stat().st_mode & 0o077 == 0


def test_urls_stand_on_the_public_address(settings: Settings) -> None:
    from dataclasses import replace

    settings.DESK = replace(settings.DESK, web="https://abuse.example/")
    assert links.status_url(5) == f"https://abuse.example/status/{links.token('status', 5)}"
    path = links.customer_url(5, 6).removeprefix("https://abuse.example/c/")
    assert links.resolve_customer(path) == (5, 6)
    settings.DESK, settings.WEB_PORT = replace(settings.DESK, web=""), 8123
    assert links.status_url(5).startswith("http://127.0.0.1:8123/status/")

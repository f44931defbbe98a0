"""What links cases to a campaign, and what does not."""

from __future__ import annotations

import pytest

from trustdesk.core.campaigns import MOST, Sign, signs


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/bancoazul/acceso-seguro/", "http://b.example:8080/BancoAzul/acceso-seguro?id=1"),
        ("https://a.example/kit/2f9a1c3d/verificar/cuenta", "https://b.example/kit/99b1c2d3/verificar/cuenta"),
        ("https://a.example/wp-content/uploads/2026/11/invoice-viewer/payload.zip",
         "https://b.example/wp-content/uploads/2025/01/invoice-viewer/payload.zip"),
    ],
)  # fmt: skip
def test_the_same_way_on_another_host_is_one_sign(one: str, other: str) -> None:
    assert len(signs([("url", one), ("url", other)])) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/",
        "https://a.example/index.php",
        "https://a.example/wp-content/uploads/2026/11/",
        "https://a.example/wp-login.php?redirect_to=/bancoazul/acceso-seguro",
        "https://a.example/averylongsinglepartwithoutmore",
        "https://a.example/2026/11/22/8812731",
        "https://[bad/bancoazul/acceso-seguro",
        "",
    ],
)
def test_what_half_the_web_has_is_no_sign(url: str) -> None:
    assert signs([("url", url)]) == ()


def test_a_file_is_a_sign_however_its_hash_is_written() -> None:
    digest = "9F" * 32
    assert signs([("hash", digest), ("hash", digest.lower()), ("domain", "a.example")]) == (
        Sign("file", digest.lower()),
    )


def test_a_key_names_and_does_not_tell() -> None:
    sign = Sign("path", "/bancoazul/acceso")
    assert len(sign.key) == 32
    assert sign.key != Sign("file", "/bancoazul/acceso").key


def test_a_long_report_has_no_more_than_so_many() -> None:
    targets = [("url", f"https://a.example/bancoazul/acceso-{'abc' * n}/") for n in range(1, 200)]
    assert len(signs(targets)) == MOST

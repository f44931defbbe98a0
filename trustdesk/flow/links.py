"""Private links: who holds one may see one report's status, or one customer's side of a case. No state is stored.

A token is the public code of what it opens and an HMAC-SHA256 over purpose and numbers, so it tells its holder
nothing that the letter does not, and cannot be guessed (160 bits). A new `keys/links.key` voids every
link ever sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from trustdesk.models.code import decode, encode
from trustdesk.settings.secrets import secret

_DIGITS = 6  # of a code without its prefix and dash
_MAC_BYTES = 20  # 160 bits, 32 characters of base 32: no sign that a mail program cuts off the end of a link
_STATUS = "status"
_CUSTOMER = "customer"
_SUSPENSION = "suspension"


def token(purpose: str, *idents: int) -> str:
    """The token that opens `idents` for `purpose`: letters, digits, one hyphen. Raises ValueError as `encode` does."""
    digits = "".join(encode("", ident).replace("-", "") for ident in idents)
    message = "\0".join([purpose, *map(str, idents)]).encode()
    mac = hmac.new(_key(settings.KEYS_DIR / "links.key"), message, hashlib.sha256).digest()[:_MAC_BYTES]
    return f"{digits}-{base64.b32encode(mac).decode().lower()}"


def resolve(purpose: str, text: str) -> int | None:
    """The one number that `text` opens for `purpose`, or None if this desk never made such a token."""
    idents = _idents(purpose, text, 1)
    return idents[0] if idents else None


def resolve_pair(purpose: str, text: str) -> tuple[int, int] | None:
    """The two numbers that `text` opens for `purpose`, or None."""
    idents = _idents(purpose, text, 2)
    return (idents[0], idents[1]) if idents else None


def customer_token(case_id: int, subject_id: int) -> str:
    """The token of a customer's page: it binds the case and the customer, so it ends with a change of either."""
    return token(_CUSTOMER, case_id, subject_id)


def resolve_customer(text: str) -> tuple[int, int] | None:
    """(case id, subject id) of a customer's token, or None. The caller still checks that the case is that subject's."""
    idents = _idents(_CUSTOMER, text, 2)
    return (idents[0], idents[1]) if idents else None


def resolve_status(text: str) -> int | None:
    """The report's id of a token made for `status_url`, or None."""
    return resolve(_STATUS, text)


def status_token(report_id: int) -> str:
    """The token of a report's status page."""
    return token(_STATUS, report_id)


def status_url(report_id: int) -> str:
    """Where the reporter follows this report."""
    return f"{base()}/status/{status_token(report_id)}"


def customer_url(case_id: int, subject_id: int) -> str:
    """Where this customer sees what was decided on the case, answers and appeals."""
    return f"{base()}/c/{customer_token(case_id, subject_id)}"


def suspension_url(number: int) -> str:
    """Where whom a suspension binds reads it and objects to it."""
    return f"{base()}/suspended/{token(_SUSPENSION, number)}"


def resolve_suspension(text: str) -> int | None:
    """The suspension's number of a token made for `suspension_url`, or None."""
    return resolve(_SUSPENSION, text)


def base() -> str:
    """The desk's public address, without a slash at the end."""
    return settings.DESK.web.rstrip("/") or f"http://127.0.0.1:{settings.WEB_PORT}"


def _idents(purpose: str, text: str, count: int) -> list[int] | None:
    digits, _, _ = text.partition("-")
    if len(digits) != _DIGITS * count or not text.isascii() or len(text) > 128:
        return None
    numbers = [decode("", digits[i : i + _DIGITS]) for i in range(0, len(digits), _DIGITS)]
    idents = [number for number in numbers if number]
    # The whole text is compared, so that one token has one spelling.
    if len(idents) != count or not hmac.compare_digest(token(purpose, *idents), text):
        return None
    return idents


@lru_cache(maxsize=8)
def _key(path: Path) -> bytes:
    return secret(path).encode()

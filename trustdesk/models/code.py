"""Public codes of cases and reports: short, speakable, and silent about how many there are.

A code is a permutation of the row's number (a four-round Feistel network over 30 bits, keyed by nothing: it hides
order from the eye, not from an adversary), written in Crockford's base 32 without I, L, O and U.
"""

from __future__ import annotations

from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HALF = 15
MASK = (1 << HALF) - 1
ROUNDS = (0x2C1B, 0x51A7, 0x3E95, 0x649D)


def _mix(value: int, key: int) -> int:
    value = (value * 0x6A5D + key) & 0xFFFFFF
    return ((value >> 7) ^ value ^ key) & MASK


@lru_cache(maxsize=20_000)
def encode(prefix: str, number: int) -> str:
    """The code of row `number` (1 to 2^30 - 1), such as `C-7F3K-2Q`. Raises ValueError outside that range."""
    if not 0 < number < 1 << 30:
        raise ValueError(f"no code for number {number}")
    left, right = number >> HALF, number & MASK
    for key in ROUNDS:
        left, right = right, left ^ _mix(right, key)
    mixed = left << HALF | right
    digits = "".join(ALPHABET[mixed >> shift & 31] for shift in (25, 20, 15, 10, 5, 0))
    return f"{prefix}-{digits[:4]}-{digits[4:]}"


def decode(prefix: str, code: str) -> int | None:
    """The number behind `code`, forgiving about case, spaces and look-alike letters; None if it is not such a code."""
    text = code.strip().upper().replace("I", "1").replace("L", "1").replace("O", "0").replace(" ", "-")
    digits = text.removeprefix(prefix + "-").replace("-", "")
    if len(digits) != 6 or any(d not in ALPHABET for d in digits):
        return None
    mixed = 0
    for digit in digits:
        mixed = mixed << 5 | ALPHABET.index(digit)
    left, right = mixed >> HALF, mixed & MASK
    for key in reversed(ROUNDS):
        left, right = right ^ _mix(left, key), left
    number = left << HALF | right
    return number or None

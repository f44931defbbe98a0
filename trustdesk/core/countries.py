"""Groups of countries that rules speak of (ISO 3166-1 alpha-2)."""

from __future__ import annotations

#: Member States of the European Union.
_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
EU = frozenset(_EU.split(" "))


def expand(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The codes with "EU" replaced by its Member States."""
    return tuple(sorted(EU | set(codes) - {"EU"})) if "EU" in codes else codes

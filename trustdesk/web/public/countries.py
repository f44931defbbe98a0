"""Names of the countries that the list of helplines speaks of, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def name(code: str) -> str:
    """The country's name; the code itself for one that has none here."""
    return {
        "AR": _("Argentina"), "AT": _("Austria"), "AU": _("Australia"), "BE": _("Belgium"), "BR": _("Brazil"),
        "CA": _("Canada"), "CH": _("Switzerland"), "CO": _("Colombia"), "DE": _("Germany"), "ES": _("Spain"),
        "FR": _("France"), "GB": _("United Kingdom"), "IE": _("Ireland"), "IN": _("India"), "IT": _("Italy"),
        "JP": _("Japan"), "MX": _("Mexico"), "NL": _("Netherlands"), "NZ": _("New Zealand"), "PL": _("Poland"),
        "PT": _("Portugal"), "US": _("United States"),
    }.get(code, code)  # fmt: skip

"""Inventory: whose asset is this, since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from trustdesk.core.types import Problem

#: What an asset can be. `domain` covers the names below it, `prefix` the addresses in it; `site` is one exact host
#: name; `account` is the provider's own name for a customer's login or contract.
ASSET_KINDS = frozenset({"domain", "prefix", "site", "account"})


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as the provider's own systems know them.

    Valid in the half-open range [since, until); None leaves that side open. `language` is BCP 47, `country`
    ISO 3166-1 alpha-2. `protected` says why measures need a second look (a hospital, a newsroom), "" if they do not.
    `where` is the row's place (`customers.csv:12`), so that a person can find it.
    """

    ref: str
    name: str
    email: str = ""
    language: str = ""
    country: str = ""
    since: date | None = None
    until: date | None = None
    protected: str = ""
    notes: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One resource and the customer who answers for it in [since, until).

    `value` is canonical: a lower-case A-label name without the final dot (domain, site), a network without host bits
    in its shortest form (prefix), the text as given (account). `ref` is the provider's own id for the resource.
    `role` is a `core.types.ServiceRole`: what the provider does for it.
    """

    customer: str
    kind: str
    ref: str
    value: str
    role: str = "hosting"
    since: date | None = None
    until: date | None = None
    where: str = ""


@runtime_checkable
class Inventory(Protocol):
    """Reads the provider's customers and assets.

    Built with one mapping (its table in the configuration). A row that cannot be used is yielded as a Problem (its
    `where` names file and line) and never stops the others; two rows that would give one asset to two customers at
    one time are a Problem as well, and the second is not yielded.
    """

    name: str

    def read(self) -> Iterator[CustomerRow | AssetRow | Problem]:
        """Every row, customers before the assets that name them."""
        ...

"""Exchange: hands records to a public register, such as the DSA Transparency Database or Lumen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from trustdesk.core.types import Problem


@dataclass(frozen=True, slots=True)
class Item:
    """One record. `key` is what the register knows it by: the same key is the same record, however often it is sent."""

    key: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one record.

    `accepted`: it is there (also when it was there before), `reference` is what the register calls it. `refused`: it
    will never be taken as it is; `problems` says which field and why, for a person. `later`: nothing is wrong with it;
    ask again, after `retry_after` seconds if the other side named a time.
    """

    key: str
    status: Literal["accepted", "refused", "later"]
    reference: str = ""
    problems: tuple[Problem, ...] = ()
    detail: str = ""
    retry_after: float | None = None


@runtime_checkable
class Exchange(Protocol):
    """Speaks to one register.

    Built with one mapping (its table in the operator's configuration); a wrong configuration raises ValueError there.
    `submit` never raises for what the world does, never sleeps and never retries: the desk does both. It is called
    outside any transaction, at least once, with `batch` records at most, and is idempotent by their keys.
    """

    name: str
    batch: int

    def check(self, item: Item) -> tuple[Problem, ...]:
        """What the register would refuse, as far as can be told without asking it. No I/O."""
        ...

    def submit(self, items: Sequence[Item]) -> list[Answer]:
        """Hand the records over; one answer for each, in their order."""
        ...

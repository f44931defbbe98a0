"""What the checker says."""

from __future__ import annotations

from dataclasses import dataclass

#: Where a row is: `table/row`.
PREFIX = "trustdesk_"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the journal says. `where` is `table/row` or `evidence/<path>`, `code` is for machines.

    A `note` is something a person may want to know that proves no change behind the ledger's back.
    """

    code: str
    where: str
    what: str
    note: bool = False

    def __str__(self) -> str:
        return f"{'NOTE' if self.note else 'FINDING'} {self.code} {self.where} {self.what}"

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"code": self.code, "where": self.where, "what": self.what, "note": self.note}


def row(model: str, key: object) -> str:
    """`table/row` of a row by its model's name in small letters."""
    return f"{PREFIX}{model}/{key}"

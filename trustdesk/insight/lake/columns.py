"""What a table of the lake and its columns are, and the columns that many tables share."""

from __future__ import annotations

from dataclasses import dataclass

#: Our type names → how pyarrow calls them. Times are UTC with microseconds.
TYPES = ("int64", "int32", "bool", "string", "double", "time", "date")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `type` is one of TYPES; `origin` is journal, row or rule; `points_to` names the dimension it joins."""

    name: str
    type: str
    meaning: str
    origin: str = "journal"
    points_to: str = ""
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `key` identifies a row. `time` names the column whose month is the partition ("" for none).

    `source` says in words where its rows come from, and openly when the product has no source yet.
    """

    name: str
    title: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    time: str = ""
    source: str = "the journal"

    @property
    def is_fact(self) -> bool:
        """Whether it holds what happened, rather than what keys mean."""
        return self.name.startswith("fact_")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(c.name for c in self.columns)


def column(name: str, kind: str, meaning: str, *, origin: str = "journal", to: str = "", must: bool = False) -> Column:
    """A column in few words; one that `must` is never empty."""
    return Column(name, kind, meaning, origin, to, not must)


#: Of every fact: where it stands in the ledger.
CASE = column(
    "case_id", "int64", "number of the case, 0 for the desk's own chain; with `seq` the place in the ledger", must=True
)
SEQ = column("seq", "int32", "number of the journal entry on that chain that began this fact", must=True)
RECORDED = column("recorded_at", "time", "when the ledger wrote it down", must=True)
CATEGORY = column("category", "string", "kind of abuse; `other` when nobody could tell", to="dim_category", must=True)
QUEUE = column("queue", "string", "queue of the case when it was opened", to="dim_queue")
SUBJECT = column("subject_key", "string", "pseudonym of the accountable customer", origin="row", to="dim_subject")
FORM = column("form", "string", "legal shape of the first report of the case")
ROLE = column(
    "service_role",
    "string",
    "what the provider does for the asset: hosting, caching, registrar …",
    origin="row",
)

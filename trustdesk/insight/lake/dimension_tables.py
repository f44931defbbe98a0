"""The dimensions of the lake: what the keys of facts stand for."""

from __future__ import annotations

from trustdesk.insight.lake.columns import Table
from trustdesk.insight.lake.columns import column as _c

DIM_CATEGORY = Table(
    "dim_category", "Categories", "Kinds of abuse.", key=("category",), source="the taxonomy of the desk",
    columns=(_c("category", "string", "the category", origin="row", must=True),
             _c("title", "string", "in words", origin="row", must=True)),
)  # fmt: skip
DIM_REGIME = Table(
    "dim_regime", "Regimes", "Laws and promises, as they were when they applied.", key=("regime", "version"),
    source="rule texts that were in force",
    columns=(_c("regime", "string", "id", origin="row", must=True), _c("version", "string", "version", origin="row", must=True),
             _c("digest", "string", "SHA-256 of the text", origin="row", must=True),
             _c("first_used_at", "time", "first used", origin="row", must=True)),
)  # fmt: skip
DIM_POLICY = Table(
    "dim_policy", "Policies", "The provider's own rules, as they were when decisions were made under them.",
    key=("policy", "digest"), source="rule texts that were in force",
    columns=(_c("policy", "string", "id@version", origin="row", must=True),
             _c("digest", "string", "SHA-256 of the text", origin="row", must=True),
             _c("first_used_at", "time", "first used", origin="row", must=True)),
)  # fmt: skip
DIM_QUEUE = Table(
    "dim_queue", "Queues", "Where cases wait.", key=("queue",), source="queues that cases are or were in",
    columns=(_c("queue", "string", "id", origin="row", must=True),),
)  # fmt: skip
DIM_PERSON = Table(
    "dim_person", "Persons", "People of the desk, as pseudonyms.", key=("person_key",), source="accounts of the desk",
    columns=(_c("person_key", "string", "pseudonym", origin="row", must=True),
             _c("roles", "string", "roles, with a comma between", origin="row", must=True),
             _c("active", "bool", "whether the account may sign in", origin="row", must=True)),
)  # fmt: skip
DIM_SUBJECT = Table(
    "dim_subject", "Subjects", "Customers, as pseudonyms.", key=("subject_key",), source="the inventory",
    columns=(_c("subject_key", "string", "pseudonym", origin="row", must=True),
             _c("country", "string", "country", origin="row", must=True),
             _c("since", "date", "customer since", origin="row"),
             _c("until", "date", "customer until", origin="row"),
             _c("protected", "bool", "whether a special care is noted (hospital, news …)", origin="row", must=True)),
)  # fmt: skip
DIM_REPORTER = Table(
    "dim_reporter", "Reporters", "Who reports, as pseudonyms; one for each address. Who was erased is not here any more.",
    key=("reporter_key",), source="parties of reports",
    columns=(_c("reporter_key", "string", "pseudonym", origin="row", must=True),
             _c("country", "string", "country claimed", origin="row", must=True),
             _c("verified", "bool", "whether the sender's domain was ever proven", origin="row", must=True),
             _c("reports", "int64", "reports so far", origin="row", must=True)),
)  # fmt: skip
DIM_DAY = Table(
    "dim_day", "Days", "Every day from the first fact to the last.", key=("day_date",), source="the calendar",
    columns=(_c("day_date", "date", "the day (UTC)", origin="rule", must=True),
             _c("iso_week", "string", "2026-W47", origin="rule", must=True),
             _c("calendar_month", "string", "2026-11", origin="rule", must=True),
             _c("calendar_quarter", "string", "2026-Q4", origin="rule", must=True),
             _c("weekday", "int32", "1 Monday … 7 Sunday", origin="rule", must=True)),
)  # fmt: skip
DIMENSIONS: tuple[Table, ...] = (
    DIM_CATEGORY, DIM_REGIME, DIM_POLICY, DIM_QUEUE, DIM_PERSON, DIM_SUBJECT, DIM_REPORTER, DIM_DAY,
)  # fmt: skip

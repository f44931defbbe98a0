"""Values of a wrong type, which only SQLite can hold: it keeps in any column whatever it is given.

They are looked for in SQL, because Django reads some of them as something else: a time that is none reads as "never".
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import DatabaseError, connection, models

from trustdesk.verify.findings import Finding, row

#: Tables that are not checked at all (docs/use/verify.md).
UNCHECKED = frozenset({"task", "idempotencykey"})


def check() -> Iterator[Finding]:
    """Rows with a value that is not of its column's type. Nothing on PostgreSQL, which does not let one in."""
    if connection.vendor != "sqlite":
        return
    for model in apps.get_app_config("trustdesk").get_models():
        name = model._meta.model_name or ""
        if name in UNCHECKED:
            continue
        tests = {field.column or "": _wrong(field) for field in model._meta.concrete_fields}
        key, table = model._meta.pk.column, model._meta.db_table
        wrong = " OR ".join(f"({test})" for test in tests.values())
        columns = ", ".join(f"({test})" for test in tests.values())
        with connection.cursor() as cursor:
            try:
                cursor.execute(f"SELECT {key}, {columns} FROM {table} WHERE {wrong}")  # noqa: S608 - our own names
                rows = cursor.fetchall()
            except DatabaseError as error:  # a key that is not even text
                yield Finding("row.unreadable", row(name, "?"), str(error)[:200])
                continue
        for ident, *flags in rows:
            bad = ", ".join(column for column, flag in zip(tests, flags, strict=True) if flag)
            yield Finding("row.unreadable", row(name, ident), f"holds a value of a wrong type in {bad}")


def _wrong(field: models.Field[object, object]) -> str:
    """SQL that is true when the column holds what its type does not allow."""
    if isinstance(field, models.ForeignKey):
        return _wrong(field.target_field).replace(f'"{field.target_field.column}"', f'"{field.column}"')
    column = f'"{field.column}"'
    if isinstance(field, models.DateTimeField | models.DateField):
        form = "datetime" if isinstance(field, models.DateTimeField) else "date"
        return f"{column} IS NOT NULL AND (typeof({column}) <> 'text' OR {form}({column}) IS NULL)"
    if isinstance(field, models.BooleanField):
        return f"{column} IS NOT NULL AND (typeof({column}) <> 'integer' OR {column} NOT IN (0, 1))"
    if isinstance(field, models.AutoField | models.IntegerField):
        return f"{column} IS NOT NULL AND typeof({column}) <> 'integer'"
    if isinstance(field, models.FloatField):
        return f"{column} IS NOT NULL AND typeof({column}) NOT IN ('real', 'integer')"
    return f"{column} IS NOT NULL AND typeof({column}) <> 'text'"

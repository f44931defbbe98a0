"""The database itself refuses to change or remove a line of the journal (design: the ledger)."""

from django.db import migrations

TABLES = ("trustdesk_entry", "trustdesk_checkpoint", "trustdesk_checkpointhead", "trustdesk_ruletext")

SQLITE = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'append-only: {table} refuses {verb}'); END
"""

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION trustdesk_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % refuses %', TG_TABLE_NAME, TG_OP; END $$
"""

POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION trustdesk_append_only()
"""


def create(apps, schema_editor):
    template = SQLITE
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)
        template = POSTGRESQL
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(template.format(table=table, verb=verb, verb_lower=verb.lower()))


def drop(apps, schema_editor):
    for table in TABLES:
        for verb in ("update", "delete"):
            on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION trustdesk_append_only()")


class Migration(migrations.Migration):
    dependencies = [("trustdesk", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]

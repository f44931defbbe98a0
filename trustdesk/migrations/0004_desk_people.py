import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import DatabaseError, migrations, models, transaction

#: Words inside titles and names are found by an index where PostgreSQL may have the extension (trusted since 13: whoever
#: owns the database may create it); without it they are found by reading the rows.
TRIGRAMS = (("trustdesk_case", "title"), ("trustdesk_subject", "name"))


def index_words(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    for table, column in TRIGRAMS:
        schema_editor.execute(
            f"CREATE INDEX {table}_{column}_words ON {table} USING gin (UPPER(({column})::text) gin_trgm_ops)"
        )


def drop_words(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, column in TRIGRAMS:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_{column}_words")


class Migration(migrations.Migration):
    dependencies = [
        ("trustdesk", "0003_appeal_state_longer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(default="note", max_length=12)),
                ("text", models.TextField()),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=500)),
                ("shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Snooze",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateTimeField()),
                ("why", models.CharField(max_length=300)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="trustdesk_c_state_47baf8_idx",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="trustdesk_c_subject_f5f163_idx",
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["-priority", "next_due_at", "id"],
                name="case_open_next",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["queue", "-priority", "next_due_at", "id"],
                name="case_open_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["category", "-priority", "next_due_at", "id"],
                name="case_open_category",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["queue", "state", "next_due_at", "assigned_to", "unread", "category"],
                name="case_open_counts",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)), fields=["-closed_at", "-id"], name="case_closed"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)),
                fields=["category", "-closed_at"],
                name="case_closed_category",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["subject", "-opened_at"], name="case_of_subject"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["asset", "-opened_at"], name="case_of_asset"),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("state", "breached")),
                fields=["case", "actor"],
                name="clock_owed_late",
            ),
        ),
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                django.db.models.functions.text.Upper("email"), models.F("id"), name="party_email_upper"
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="case",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="desk_notes", to="trustdesk.case"
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="present", to="trustdesk.case"
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="snooze",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="snoozes", to="trustdesk.case"
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["case", "at"], name="trustdesk_n_case_id_a7b428_idx"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["kind", "at"], name="trustdesk_n_kind_0cf6f7_idx"),
        ),
        migrations.AddIndex(
            model_name="presence",
            index=models.Index(fields=["seen_at"], name="trustdesk_p_seen_at_2d79fb_idx"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("case", "person"), name="one_presence_per_case_and_person"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("person", "name"), name="one_view_per_person_and_name"),
        ),
        migrations.AddIndex(
            model_name="snooze",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["until"], name="snooze_running"),
        ),
        migrations.AddConstraint(
            model_name="snooze",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("case",), name="one_snooze_per_case"
            ),
        ),
        migrations.RunPython(index_words, drop_words),
    ]

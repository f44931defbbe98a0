"""Publications, version by version, and records for public registers."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("trustdesk", "0005_clock_lives"),
    ]

    operations = [
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=24)),
                ("period", models.CharField(max_length=24)),
                ("format", models.CharField(max_length=8)),
                ("version", models.IntegerField()),
                ("software", models.CharField(max_length=60)),
                ("rulebook", models.CharField(max_length=64)),
                ("inputs", models.JSONField(default=dict)),
                ("is_public", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True, default="")),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("key", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
                (
                    "checkpoint",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publications",
                        to="trustdesk.checkpoint",
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publications",
                        to="trustdesk.evidence",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["is_public", "kind", "-made_at"], name="publication_public")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "period", "format", "version"), name="one_publication_per_version"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("exchange", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=80)),
                ("payload", models.JSONField(default=dict)),
                ("redacted", models.JSONField(default=list)),
                ("findings", models.JSONField(default=list)),
                ("state", models.CharField(default="queued", max_length=12)),
                ("reference", models.CharField(blank=True, default="", max_length=120)),
                ("attempts", models.IntegerField(default=0)),
                ("detail", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="submissions", to="trustdesk.case"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="trustdesk.decision",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["exchange", "state"], name="submission_state")],
                "constraints": [models.UniqueConstraint(fields=("exchange", "key"), name="one_submission_per_key")],
            },
        ),
    ]

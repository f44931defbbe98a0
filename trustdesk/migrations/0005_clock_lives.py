"""Clocks that stand still and go on, and clocks whose end is nobody's fault."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trustdesk", "0004_desk_people")]
    operations: ClassVar = [
        migrations.AddField("clock", "pauses", models.JSONField(default=list)),
        migrations.AddField("clock", "resumes", models.JSONField(default=list)),
        migrations.AddField("clock", "expires", models.BooleanField(default=False)),
    ]

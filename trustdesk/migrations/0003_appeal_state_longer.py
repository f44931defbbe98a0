"""`partly_upheld` has thirteen letters; PostgreSQL refuses what does not fit, SQLite does not notice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trustdesk", "0002_append_only")]

    operations = [
        migrations.AlterField(
            model_name="appeal", name="state", field=models.CharField(default="lodged", max_length=16)
        ),
    ]

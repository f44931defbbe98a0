"""The one Django app of the program."""

from django.apps import AppConfig


class TrustdeskConfig(AppConfig):
    """Registers the models; nothing happens at import beyond that."""

    name = "trustdesk"
    verbose_name = "Trustdesk"
    default_auto_field = "django.db.models.BigAutoField"

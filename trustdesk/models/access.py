"""API tokens and the idempotency tokens of those who use them."""

from __future__ import annotations

from django.db import models


class ApiToken(models.Model):
    """A key to the API. Only its SHA-256 is kept; `prefix` lets a person recognise it."""

    name = models.CharField(max_length=120)
    account = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class IdempotencyKey(models.Model):
    """A client's own token for one request, honoured for 24 hours: the same token returns the same report."""

    account = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    body_digest = models.CharField(max_length=64)
    report = models.ForeignKey("Report", on_delete=models.CASCADE)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_use_per_account_and_key")]

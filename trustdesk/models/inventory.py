"""Whose is what: customers and what they run with us, valid in time."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper


class Subject(models.Model):
    """The customer accountable for assets."""

    ref = models.CharField(max_length=64, unique=True)  # the provider's own number, `c-1042`
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, default="", blank=True)
    language = models.CharField(max_length=12, default="", blank=True)
    country = models.CharField(max_length=2, default="", blank=True)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    protected = models.CharField(max_length=200, default="", blank=True)  # hospital, news, election …
    notes = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(Upper("email"), name="subject_email_upper")]


class Asset(models.Model):
    """Our resource that an indicator can resolve to.

    `family`, `low` and `high` hold a prefix as fixed-width hexadecimal, so that both databases find the longest match
    with one index. `until` is exclusive.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="assets")
    kind = models.CharField(max_length=12)  # domain | prefix | site | account
    ref = models.CharField(max_length=64)  # `site-88213`
    value = models.CharField(max_length=255, db_index=True)  # host, prefix or account name, canonical
    role = models.CharField(max_length=20)  # service role: hosting, caching …
    family = models.IntegerField(null=True)
    low = models.CharField(max_length=32, null=True)
    high = models.CharField(max_length=32, null=True)
    since = models.DateField(null=True)
    until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref", "value", "since"], name="one_row_per_asset_term")]
        indexes = [models.Index(fields=["family", "low", "high"]), models.Index(fields=["ref"])]

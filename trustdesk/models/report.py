"""What came in: the bytes, the report that they are, and what the report claims."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Left, Upper

from trustdesk.models.code import encode


class Evidence(models.Model):
    """Bytes that we hold, named by their SHA-256; the file lives in the evidence store, never here.

    `erased_at` makes the row a tombstone: the file is gone, the digest stays.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=120)
    stored_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)
    erased_why = models.CharField(max_length=200, default="", blank=True)


class Party(models.Model):
    """A person or body as a report names it; `verified` lists what was checked (`dkim:example.com`)."""

    kind = models.CharField(max_length=20)  # reporter | principal
    name = models.CharField(max_length=200, default="", blank=True)
    email = models.CharField(max_length=254, default="", blank=True, db_index=True)
    organisation = models.CharField(max_length=200, default="", blank=True)
    phone = models.CharField(max_length=60, default="", blank=True)
    address = models.TextField(default="", blank=True)
    country = models.CharField(max_length=2, default="", blank=True)
    language = models.CharField(max_length=12, default="", blank=True)
    verified = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(Upper("email"), "id", name="party_email_upper")
        ]  # looked up in any case, the newest first


class Report(models.Model):
    """One incoming complaint, alert, referral or order, as claimed."""

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="reports")
    identity = models.CharField(max_length=64, unique=True)  # the same message twice is one report
    channel = models.CharField(max_length=12)
    received_at = models.DateTimeField(db_index=True)
    envelope_from = models.CharField(max_length=320, default="", blank=True)
    envelope_to = models.CharField(max_length=320, default="", blank=True)
    account = models.CharField(max_length=64, default="", blank=True)  # of the API token that sent it
    state = models.CharField(max_length=12, default="received")
    form = models.CharField(max_length=16, default="", blank=True)
    category = models.CharField(max_length=24, default="", blank=True)
    confidence = models.FloatField(default=0.0)
    language = models.CharField(max_length=12, default="", blank=True)
    title = models.CharField(max_length=300, default="", blank=True)
    message_id = models.CharField(max_length=300, default="", blank=True, db_index=True)
    incident_at = models.DateTimeField(null=True)
    reporter = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="reports")
    principal = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="principal_of")
    reader = models.CharField(max_length=60, default="", blank=True)
    elements = models.JSONField(default=dict)  # legal element → present
    problems = models.JSONField(default=list)  # [{code, message, where}]
    case = models.ForeignKey("Case", null=True, on_delete=models.PROTECT, related_name="first_reports")

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"]),
            models.Index(fields=["account", "-id"], name="report_of_account", condition=~models.Q(account="")),
        ]

    @property
    def code(self) -> str:
        """Public code, such as `R-2K9P-0M`."""
        return encode("R", self.pk)


class Joining(models.Model):
    """A report that belongs to a case; one report may concern several accountable subjects and so several cases."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="joinings")
    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="joinings")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "case"], name="one_joining_per_report_and_case")]


class Indicator(models.Model):
    """An observable string that a report claims, with its role and where it stood in the text."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="indicators")
    case = models.ForeignKey("Case", null=True, on_delete=models.PROTECT, related_name="indicators")
    position = models.IntegerField()  # order of appearance in the report
    kind = models.CharField(max_length=12)
    value = models.TextField()
    host = models.CharField(max_length=255, default="", blank=True, db_index=True)  # host or address in `value`
    raw = models.TextField(default="", blank=True)
    role = models.CharField(max_length=12)
    start = models.IntegerField(default=-1)
    end = models.IntegerField(default=-1)
    asset = models.ForeignKey("Asset", null=True, on_delete=models.PROTECT, related_name="indicators")

    class Meta:
        indexes = [
            models.Index(fields=["case", "role"]),
            # What has no host (a hash, an account): by its first characters, for a value may be longer than an index takes.
            models.Index(Left("value", 120), name="indicator_value", condition=models.Q(host="")),
        ]

"""What was published, version by version, and what was handed to public registers."""

from __future__ import annotations

from django.db import models


class Publication(models.Model):
    """One version of one publication in one format. A version is never changed; a newer one says why it was made.

    `inputs` is what went in beside the ledger (names, dates, the operator's texts), so that it can be made again.
    `signature` is Ed25519 by the desk's key (`key` is its fingerprint) over the canonical JSON of the statement that
    `flow.publish.statement` builds. `is_public` says whether the transparency page lists it.
    """

    kind = models.CharField(max_length=24)  # weekly | monthly | quarterly | dsa
    period = models.CharField(max_length=24)
    format = models.CharField(max_length=8)
    version = models.IntegerField()
    evidence = models.ForeignKey("Evidence", on_delete=models.PROTECT, related_name="publications")
    checkpoint = models.ForeignKey("Checkpoint", null=True, on_delete=models.PROTECT, related_name="publications")
    software = models.CharField(max_length=60)
    rulebook = models.CharField(max_length=64)
    inputs = models.JSONField(default=dict)
    is_public = models.BooleanField(default=False)
    reason = models.TextField(default="", blank=True)  # why a version replaces the one before
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "period", "format", "version"], name="one_publication_per_version")
        ]
        indexes = [models.Index(fields=["is_public", "kind", "-made_at"], name="publication_public")]


class Submission(models.Model):
    """One record for a public register: a statement of reasons for the DSA Transparency Database, a notice for Lumen.

    `payload` is exactly what leaves; `findings` are the reasons why it does not leave or was sent back, for a person.
    """

    exchange = models.CharField(max_length=20)  # dsa_tdb | lumen
    key = models.CharField(max_length=80)  # the register's name for it: the same key is one record there
    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="submissions")
    decision = models.ForeignKey("Decision", null=True, on_delete=models.PROTECT, related_name="submissions")
    payload = models.JSONField(default=dict)
    redacted = models.JSONField(default=list)  # fields of which something was taken out, with why
    findings = models.JSONField(default=list)  # [{field, message}]
    state = models.CharField(max_length=12, default="queued")  # queued | needs_person | sent | left_out
    reference = models.CharField(max_length=120, default="", blank=True)  # what the register calls it
    attempts = models.IntegerField(default=0)
    detail = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exchange", "key"], name="one_submission_per_key")]
        indexes = [models.Index(fields=["exchange", "state"], name="submission_state")]

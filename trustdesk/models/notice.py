"""Letters that go out, stored as sent."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """One letter: acknowledgement, outcome, statement of reasons, forward, appeal letters …"""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="notices")
    report = models.ForeignKey("Report", null=True, on_delete=models.PROTECT, related_name="notices")
    decision = models.ForeignKey("Decision", null=True, on_delete=models.PROTECT, related_name="notices")
    appeal = models.ForeignKey("Appeal", null=True, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=40)
    to_role = models.CharField(max_length=12)  # reporter | customer
    to_name = models.CharField(max_length=200, default="", blank=True)
    to_address = models.CharField(max_length=254)
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    parts = models.JSONField(default=dict)  # part of the letter that the law asks for → its text
    message_id = models.CharField(max_length=200, unique=True)
    in_reply_to = models.CharField(max_length=300, default="", blank=True)
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=12, default="queued")
    detail = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "created_at"])]

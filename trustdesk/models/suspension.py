"""Reporters and complainants whose notices or complaints wait behind those of others, for a time (DSA Article 23(2))."""

from __future__ import annotations

from django.db import models


class Suspension(models.Model):
    """One suspension of the processing of what one sender hands in. It holds nothing back unread: it makes it wait.

    It was ordered from `case`; `report` is theirs there (a reporter), or `subject` is who complained (a customer).
    `identity` is whom it binds: `mail:a@b.example`, `account:NAME` of an API token, `customer:NUMBER`. `grounds` are the
    unfounded notices and complaints it rests on (`case:12`, `appeal:3`), `warning` the letter that came before, `weighed`
    the circumstances of Article 23(3) with what was found of each.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="suspensions")
    report = models.ForeignKey("Report", null=True, on_delete=models.PROTECT, related_name="suspensions")
    subject = models.ForeignKey("Subject", null=True, on_delete=models.PROTECT, related_name="suspensions")
    who = models.CharField(max_length=12)  # reporter | complainant
    identity = models.CharField(max_length=330)
    grounds = models.JSONField(default=list)
    warning = models.ForeignKey("Notice", on_delete=models.PROTECT, related_name="+")
    weighed = models.JSONField(default=dict)
    reasons = models.TextField()
    days = models.IntegerField()
    policy = models.CharField(max_length=80)
    policy_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12)  # held | running | rejected | ended | lifted
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    settled_by = models.CharField(max_length=80, default="", blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_why = models.TextField(default="", blank=True)
    began_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)
    ended_why = models.TextField(default="", blank=True)
    contest = models.TextField(default="", blank=True)  # what its addressee says against it
    contest_state = models.CharField(max_length=12, default="", blank=True)  # lodged | upheld | dismissed
    contested_at = models.DateTimeField(null=True)
    answer = models.TextField(default="", blank=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identity"],
                condition=models.Q(state__in=("held", "running")),
                name="one_suspension_per_identity",
            )
        ]
        indexes = [
            models.Index(fields=["until"], name="suspension_running", condition=models.Q(state="running")),
            models.Index(fields=["identity", "-id"], name="suspension_identity"),
        ]

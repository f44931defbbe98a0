"""Work that is owed, written in the same transaction as the state that owes it."""

from __future__ import annotations

from django.db import models


class Task(models.Model):
    """One leased unit of work, run at least once. A row that is done is deleted; one that cannot be done is `dead`."""

    name = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True)
    state = models.CharField(max_length=8, default="queued")  # queued | leased | dead
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=60, default="", blank=True)
    attempts = models.IntegerField(default=0)
    error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # At most one waiting task of a key. One that runs does not count: what changed since is owed again.
            models.UniqueConstraint(fields=["key"], condition=models.Q(state="queued"), name="one_queued_task_per_key")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="task_queued_due", condition=models.Q(state="queued")),
            models.Index(fields=["leased_until"], name="task_leased", condition=models.Q(state="leased")),
        ]

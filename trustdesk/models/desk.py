"""What people of the desk leave on a case for each other, and what makes the desk their own."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Note(models.Model):
    """A private note: on a case, or (kind `handover`) from one shift to the next, with or without a case.

    It never leaves the desk. A withdrawn note keeps its row; its text is not shown any more.
    """

    case = models.ForeignKey("Case", null=True, on_delete=models.PROTECT, related_name="desk_notes")
    kind = models.CharField(max_length=12, default="note")  # note | handover
    text = models.TextField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "at"]), models.Index(fields=["kind", "at"])]


class Mention(models.Model):
    """A note that names somebody (`@ana`), until they have seen it. Made from the note; it says nothing of its own."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "person"], name="one_mention_per_note_and_person")]
        indexes = [models.Index(fields=["person", "-at"], name="mention_unseen", condition=models.Q(seen_at=None))]


class Snooze(models.Model):
    """A case that is out of the lists until a time, for a reason. `ended_at` is set when it is back."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="snoozes")
    until = models.DateTimeField()
    why = models.CharField(max_length=300)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=models.Q(ended_at=None), name="one_snooze_per_case")
        ]
        indexes = [models.Index(fields=["until"], name="snooze_running", condition=models.Q(ended_at=None))]


class Presence(models.Model):
    """Somebody has the page of a case open. Short-lived: a row older than a minute says nothing."""

    case = models.ForeignKey("Case", on_delete=models.CASCADE, related_name="present")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="one_presence_per_case_and_person")]
        indexes = [models.Index(fields=["seen_at"])]


class SavedView(models.Model):
    """A person's own name for a filter of the queue; shared, everybody sees it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="one_view_per_person_and_name")]


class Sign(models.Model):
    """A sign of a campaign on a case, by its key (core/campaigns.py). Worked out from the case's targets; says nothing of its
    own."""

    case = models.ForeignKey("Case", on_delete=models.CASCADE, related_name="signs")
    key = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="one_sign_per_case_and_key")]
        indexes = [models.Index(fields=["key", "-at"], name="sign_newest")]

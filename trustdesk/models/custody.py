"""Who looked at which file, who paused from looking, and which cases are sealed."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Look(models.Model):
    """One person's one look at one file of a report: `slot` is the file's place in the message, `how` what was shown."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="looks")
    report = models.ForeignKey("Report", on_delete=models.PROTECT, related_name="looks")
    evidence = models.ForeignKey("Evidence", on_delete=models.PROTECT, related_name="looks")
    slot = models.IntegerField()
    how = models.CharField(max_length=12)  # preview | html
    graphic = models.BooleanField(default=False)  # of a category whose pictures harm
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "at"], name="look_of_person")]


class Pause(models.Model):
    """A person has asked to be shown nothing graphic. Nobody is told why, since nobody asks."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pauses")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=models.Q(ended_at=None), name="one_pause_per_person")
        ]


class Seal(models.Model):
    """Need to know: while it is open the case exists only for roles that carry `see_sealed`."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="seals")
    why = models.CharField(max_length=300)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    lifted_by = models.CharField(max_length=80, default="", blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=models.Q(lifted_at=None), name="one_open_seal_per_case")
        ]

"""What the provider owes as such, on no case: a yearly report, a contact point, the designation of an agent."""

from __future__ import annotations

from django.db import models


class Upkeep(models.Model):
    """A person says that a standing duty of a regime was done, on which day, and what shows it.

    `period` names the time that a report is about ("2026", "2026-H1", "2026-05"); empty where the rule knows none. What was
    said by mistake keeps its row and counts no more.
    """

    regime = models.CharField(max_length=60)
    rule = models.CharField(max_length=60)
    period = models.CharField(max_length=12, default="", blank=True)
    done_on = models.DateField()
    note = models.CharField(max_length=500)
    shows = models.CharField(max_length=300, default="", blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["regime", "rule"], name="upkeep_of_rule")]

"""The unit of work and of accountability, its clocks and what is known about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trustdesk.models.code import encode

#: A case that is not closed.
OPEN = models.Q(closed_at=None)


class Case(models.Model):
    """Many reports, one subject and issue.

    `open_key` equals `merge_key` while the case takes further reports and is null afterwards; its unique constraint
    is what makes two reports that arrive at once join one case. `seq` and `head` are the tip of the case's own hash
    chain; `seq` is also the version that a person's screen was drawn from.
    """

    category = models.CharField(max_length=24)
    form = models.CharField(max_length=16)
    state = models.CharField(max_length=12, default="new")
    outcome = models.CharField(max_length=20, default="", blank=True)
    queue = models.CharField(max_length=40)
    severity = models.IntegerField(default=0)
    priority = models.IntegerField(default=0)
    language = models.CharField(max_length=12, default="", blank=True)
    title = models.CharField(max_length=300, default="", blank=True)
    subject = models.ForeignKey("Subject", null=True, on_delete=models.PROTECT, related_name="cases")
    asset = models.ForeignKey("Asset", null=True, on_delete=models.PROTECT, related_name="cases")
    merge_key = models.CharField(max_length=64)
    open_key = models.CharField(max_length=64, null=True, unique=True)
    regimes = models.JSONField(default=list)  # [{id, version, digest, certain, why}]
    report_count = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)  # answers that nobody on the desk has looked at
    opened_at = models.DateTimeField()
    last_report_at = models.DateTimeField()
    first_decision_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="assigned_cases"
    )
    assigned_at = models.DateTimeField(null=True)
    seq = models.IntegerField(default=0)
    head = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        indexes = [
            # A list costs what it shows, whatever else is open or was closed. `closed_at` is null while a case is open:
            # a condition without a parameter, so that both databases see that the partial index will do.
            models.Index(fields=["-priority", "next_due_at", "id"], name="case_open_next", condition=OPEN),
            models.Index(fields=["queue", "-priority", "next_due_at", "id"], name="case_open_queue", condition=OPEN),
            models.Index(
                fields=["category", "-priority", "next_due_at", "id"], name="case_open_category", condition=OPEN
            ),
            models.Index(fields=["state", "-priority", "next_due_at", "id"], name="case_open_state", condition=OPEN),
            models.Index(fields=["next_due_at"], name="case_open_due", condition=OPEN),
            models.Index(
                fields=["-priority", "next_due_at", "id"],
                name="case_open_unread",
                condition=OPEN & models.Q(unread__gt=0),
            ),
            # Everything that the sidebar counts, read without touching the rows themselves.
            models.Index(
                fields=["queue", "state", "next_due_at", "assigned_to", "unread", "category", "opened_at", "id"],
                name="case_open_counts",
                condition=OPEN,
            ),
            models.Index(
                fields=["assigned_to", "queue", "unread", "category", "id"], name="case_open_mine", condition=OPEN
            ),
            models.Index(fields=["-closed_at", "-id"], name="case_closed", condition=models.Q(closed_at__isnull=False)),
            models.Index(
                fields=["category", "-closed_at"],
                name="case_closed_category",
                condition=models.Q(closed_at__isnull=False),
            ),
            models.Index(fields=["subject", "-opened_at"], name="case_of_subject"),
            models.Index(fields=["asset", "-opened_at"], name="case_of_asset"),
            models.Index(fields=["assigned_to", "state"]),
            models.Index(fields=["merge_key"]),
            models.Index(fields=["category", "opened_at"]),
        ]

    @property
    def code(self) -> str:
        """Public code, such as `C-7F3K-2Q`."""
        return encode("C", self.pk)


class Clock(models.Model):
    """One duty with a due time, and the rule it comes from.

    `kind` is honest about what the number is: statutory, contract or target. `meets` lists the journal entry kinds
    that meet it. `calendar` and `calendar_version` say in whose days it was counted.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks")
    name = models.CharField(max_length=60)
    title = models.CharField(max_length=200, default="", blank=True)
    kind = models.CharField(max_length=12)
    actor = models.CharField(max_length=12, default="provider")  # whose duty: ours are counted as ours
    regime = models.CharField(max_length=60)
    regime_version = models.CharField(max_length=40, default="", blank=True)
    source = models.CharField(max_length=300)
    calendar = models.CharField(max_length=60, default="", blank=True)
    calendar_version = models.CharField(max_length=40, default="", blank=True)
    meets = models.JSONField(default=list)
    stops = models.JSONField(default=list)  # entry kinds that cancel it
    pauses = models.JSONField(default=list)  # entry kinds that make it stand still
    resumes = models.JSONField(default=list)  # entry kinds that let it go on
    expires = models.BooleanField(default=False)  # its end is nobody's fault: a right, a gag or a validity that lapses
    state = models.CharField(max_length=12, default="running")
    started_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # met, expired or cancelled
    breached_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The cost of finding due clocks must not grow with clocks that are not due, nor with those that ended.
            models.Index(fields=["due_at"], name="clock_running_due", condition=models.Q(state="running")),
            models.Index(fields=["case", "state"]),
            # Which cases are late: breached duties of ours that are still owed.
            models.Index(
                fields=["case", "actor"],
                name="clock_owed_late",
                condition=models.Q(state="breached", ended_at=None),
            ),
        ]


class Fact(models.Model):
    """One enrichment result with source and time. A fact, not an opinion."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="facts")
    about = models.CharField(max_length=300)
    name = models.CharField(max_length=60)
    value = models.JSONField()
    source = models.CharField(max_length=120)
    observed_at = models.DateTimeField()

"""What was decided, what was done about it, and who asked to look again."""

from __future__ import annotations

from django.db import models


class Decision(models.Model):
    """A reasoned choice on a case. A later one overrides it; it is never edited.

    `plan` is the list of measures chosen, [{kind, asset, target}]. `policy_digest` and the case's regimes name the
    exact text it was made under. `reasons` are public, `notes` are not.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=20)
    ground = models.CharField(max_length=12)  # law | policy | none
    law = models.CharField(max_length=300, default="", blank=True)  # the provision, where the ground is law
    clause = models.CharField(max_length=60, default="", blank=True)
    policy = models.CharField(max_length=80)
    policy_digest = models.CharField(max_length=64)
    reasons = models.TextField()
    notes = models.TextField(default="", blank=True)
    plan = models.JSONField(default=list)
    automated = models.BooleanField(default=False)
    state = models.CharField(max_length=12)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    why_held = models.CharField(max_length=300, default="", blank=True)
    settled_by = models.CharField(max_length=80, default="", blank=True)  # who approved or rejected a held decision
    settled_at = models.DateTimeField(null=True)
    settled_why = models.TextField(default="", blank=True)
    overrides = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="overridden_by")
    appeal_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "made_at"])]


class Measure(models.Model):
    """One enforcement on one asset or account: ordered → attempted → applied → confirmed → lifting → lifted."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="measures")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=40)
    asset = models.ForeignKey("Asset", null=True, on_delete=models.PROTECT, related_name="measures")
    target = models.TextField(default="", blank=True)  # the URL or address it bites on
    plugin = models.CharField(max_length=60)
    key = models.CharField(max_length=80, unique=True)  # idempotency key for the outside world
    state = models.CharField(max_length=12, default="ordered")
    attempts = models.IntegerField(default=0)
    detail = models.TextField(default="", blank=True)  # what the enforcer last said
    ordered_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"])]


class Appeal(models.Model):
    """A subject or reporter asks to look again; `counter_notice` and `dispute` are kinds."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="appeals")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    kind = models.CharField(max_length=20)  # appeal | counter_notice | dispute
    by = models.CharField(max_length=80)
    text = models.TextField()
    evidence = models.ForeignKey("Evidence", null=True, on_delete=models.PROTECT)
    language = models.CharField(max_length=12, default="", blank=True)
    state = models.CharField(max_length=16, default="lodged")
    lodged_at = models.DateTimeField()
    resolved_by = models.CharField(max_length=80, default="", blank=True)
    resolved_at = models.DateTimeField(null=True)
    reasons = models.TextField(default="", blank=True)
    replacement = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="resolved_appeals")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "by"], condition=models.Q(state="lodged"), name="one_open_appeal_per_party"
            )
        ]

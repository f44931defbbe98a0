"""Second looks at settled decisions, for quality."""

from __future__ import annotations

from django.db import models


class Review(models.Model):
    """One second look at one settled decision: drawn → done, and after a disagreement perhaps reopened → replaced or stood.

    `draw` and `share` say why it was chosen (core/reviews.py). `agreed` and `reason` are the verdict, `words` what the reviewer
    tells the decider; they stay on the desk. A review changes no decision.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="reviews")
    decision = models.OneToOneField("Decision", on_delete=models.PROTECT, related_name="review")
    category = models.CharField(max_length=24)
    automated = models.BooleanField(default=False)
    draw = models.IntegerField()
    share = models.IntegerField()  # of a hundred
    state = models.CharField(max_length=12, default="drawn")
    sampled_at = models.DateTimeField()
    reviewer = models.CharField(max_length=80, default="", blank=True)
    done_at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)
    reason = models.CharField(max_length=20, default="", blank=True)
    words = models.TextField(default="", blank=True)
    read_at = models.DateTimeField(null=True)  # when the decider had read it
    reopened_by = models.CharField(max_length=80, default="", blank=True)
    ended_at = models.DateTimeField(null=True)  # when the reconsideration was over

    class Meta:
        indexes = [
            models.Index(fields=["sampled_at"], name="review_waiting", condition=models.Q(state="drawn")),
            # What is counted on every page: a disagreement that whoever decided has not read.
            models.Index(fields=["done_at"], name="review_unread", condition=models.Q(agreed=False, read_at=None)),
            models.Index(fields=["done_at"], name="review_done", condition=models.Q(done_at__isnull=False)),
        ]

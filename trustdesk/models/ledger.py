"""The append-only record: entries in hash chains, checkpoints over all heads, the rules that were in force."""

from __future__ import annotations

from django.db import models


class DeskChain(models.Model):
    """The tip of chain 0, which records what concerns no single case (set-up, people, rulebook, inventory)."""

    seq = models.IntegerField(default=0)
    head = models.CharField(max_length=64, default="", blank=True)


class Entry(models.Model):
    """One line of the journal. `chain` is the case's number, or 0 for the desk's own chain.

    `body` is the canonical JSON that was hashed, byte for byte; it holds ids and digests, never personal data.
    Triggers refuse UPDATE and DELETE on both databases.
    """

    chain = models.BigIntegerField()
    seq = models.IntegerField()
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    body = models.TextField()
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_per_chain_and_seq")]
        indexes = [models.Index(fields=["kind", "at"])]


class Checkpoint(models.Model):
    """A signed Merkle root (RFC 6962 hashing) over the heads of all chains, chained to the one before.

    `entries` and `leaves` count the journal entries and chains it covers. `hash` is over the other fields; `signature`
    is Ed25519 over `hash` by the key whose fingerprint is `key`.
    """

    at = models.DateTimeField()
    entries = models.BigIntegerField()
    leaves = models.BigIntegerField()
    root = models.CharField(max_length=64)
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)


class CheckpointHead(models.Model):
    """A chain whose head moved since the checkpoint before: its `seq` and entry `hash` at this checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="heads")
    chain = models.BigIntegerField()
    seq = models.IntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "chain"], name="one_head_per_checkpoint_and_chain")
        ]
        indexes = [models.Index(fields=["chain", "seq"], name="head_of_chain")]  # is this head covered already?


class RuleText(models.Model):
    """A regime, policy or calendar as it stood when it was used, by the SHA-256 of its text."""

    digest = models.CharField(primary_key=True, max_length=64)
    ident = models.CharField(max_length=80)
    version = models.CharField(max_length=40, default="", blank=True)
    text = models.TextField()
    first_used_at = models.DateTimeField()

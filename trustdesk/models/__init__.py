"""Tables, constraints, indexes; no behaviour. Only `trustdesk.flow` writes them."""

from trustdesk.models.access import ApiToken, IdempotencyKey
from trustdesk.models.case import Case, Clock, Fact
from trustdesk.models.custody import Look, Pause, Seal
from trustdesk.models.decision import Appeal, Decision, Measure
from trustdesk.models.desk import Mention, Note, Presence, SavedView, Sign, Snooze
from trustdesk.models.inventory import Asset, Subject
from trustdesk.models.ledger import Checkpoint, CheckpointHead, DeskChain, Entry, RuleText
from trustdesk.models.notice import Notice
from trustdesk.models.publication import Publication, Submission
from trustdesk.models.report import Evidence, Indicator, Joining, Party, Report
from trustdesk.models.review import Review
from trustdesk.models.suspension import Suspension
from trustdesk.models.task import Task
from trustdesk.models.upkeep import Upkeep

__all__ = [
    "ApiToken",
    "Appeal",
    "Asset",
    "Case",
    "Checkpoint",
    "CheckpointHead",
    "Clock",
    "Decision",
    "DeskChain",
    "Entry",
    "Evidence",
    "Fact",
    "IdempotencyKey",
    "Indicator",
    "Joining",
    "Look",
    "Measure",
    "Mention",
    "Note",
    "Notice",
    "Party",
    "Pause",
    "Presence",
    "Publication",
    "Report",
    "Review",
    "RuleText",
    "SavedView",
    "Seal",
    "Sign",
    "Snooze",
    "Subject",
    "Submission",
    "Suspension",
    "Task",
    "Upkeep",
]

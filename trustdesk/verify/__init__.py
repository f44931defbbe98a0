"""The independent checker: replays every journal with code of its own and compares with all that the desk holds.

It imports the tables and shared words, and nothing of what writes: neither `flow` nor `core.journal`, `core.states` or
`evidence`. `check` is the whole of it; `docs/use/verify.md` says what it proves and what it does not.
"""

from trustdesk.verify import door
from trustdesk.verify.findings import Finding
from trustdesk.verify.run import Progress, check

__all__ = ["Finding", "Progress", "check", "door"]

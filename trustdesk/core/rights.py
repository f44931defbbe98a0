"""Who may do what: roles, rights, and which roles carry which right. Rights hang on roles, never on persons.

`queries.access` enforces this table, `docs/operate/people.md` shows it, and a test walks it cell by cell.
"""

from __future__ import annotations

from types import MappingProxyType

ROLES = ("investigator", "senior", "counsel", "manager", "analyst", "auditor", "admin")

_WORKING = frozenset({"investigator", "senior", "counsel", "admin"})
_LEADING = frozenset({"senior", "counsel", "admin"})

#: right → the roles that carry it
RIGHTS = MappingProxyType(
    {
        "see": frozenset(ROLES),
        "see_sealed": _LEADING,
        "work": _WORKING,
        "approve": _LEADING,
        "resolve_appeal": _WORKING,
        # A second look at settled decisions, for quality; never at one's own.
        "review": _LEADING,
        "see_letters": _WORKING | {"manager", "auditor"},
        "see_ledger": frozenset(ROLES),
        "see_traffic": _WORKING | {"manager", "auditor"},
        "retry_work": frozenset({"senior", "manager", "admin"}),
        # What a public register refused: sent again after a mend, or left out.
        "settle_submissions": _LEADING,
        "see_reports": frozenset(ROLES),
        "see_board": _LEADING | {"manager", "auditor"},
        # Files that came in: their names, and a preview made of them.
        "see_files": _WORKING,
        "see_custody": _WORKING | {"auditor"},
        # Whose reports and complaints wait, for a time (DSA Article 23(2)): ordered, confirmed, lifted, an objection answered.
        "suspend_sender": frozenset({"senior", "counsel"}),
        # Not admin: who keeps the desk running need not look.
        "preview_sealed": frozenset({"senior", "counsel"}),
        "seal": _LEADING,
        # What the provider owes as such: reports, public pages, the designation of an agent.
        "keep_up": frozenset({"counsel", "manager", "admin"}),
    }
)

#: Categories that need `see_sealed`: looking at them harms, and few may.
SEALED = frozenset({"child_safety"})
#: Categories whose files are shown with a warning and count towards a person's exposure.
GRAPHIC = frozenset({"child_safety", "ncii", "terrorism", "violent_threat"})

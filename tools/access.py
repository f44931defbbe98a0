"""Prints the two tables of docs/operate/people.md from the code that enforces them: `python -m tools.access`.

The first says which role carries which right (trustdesk/core/rights.py), the second which right opens which page (the
decorator of each view). tests/web/test_access.py compares the page with this and walks every cell.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "operate" / "people.md"
BEGIN, END = "<!-- made by tools/access.py -->", "<!-- end -->"


def rights() -> list[str]:
    """Right by role."""
    from trustdesk.core.rights import RIGHTS, ROLES

    lines = ["| right | " + " | ".join(ROLES) + " |", "|---" * (len(ROLES) + 1) + "|"]
    for right, carriers in RIGHTS.items():
        cells = ("yes" if role in carriers else "" for role in ROLES)
        lines.append(f"| `{right}` | " + " | ".join(cells) + " |")
    return lines


def guarded() -> Iterator[tuple[str, str, str]]:
    """(name, address, right) of every page of the desk that a right opens."""
    from trustdesk.web.staff.urls import urlpatterns

    for pattern in urlpatterns:
        right = getattr(pattern.callback, "right", "")
        if right:
            yield str(pattern.name), f"/desk/{pattern.pattern}", right


def pages() -> list[str]:
    """Right by page."""
    return ["| page | right |", "|---|---|", *(f"| `{address}` | `{right}` |" for _name, address, right in guarded())]


def text() -> str:
    """Both tables, as they stand in the page."""
    return "\n".join([BEGIN, "", *rights(), "", *pages(), "", END])


def main() -> None:
    """Write the tables into the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.settings")
    import django

    django.setup()
    whole = PAGE.read_text("utf-8")
    head, _, rest = whole.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(head + text() + tail, "utf-8")


if __name__ == "__main__":
    main()

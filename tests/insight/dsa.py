"""A correct harmonised report with figures in every part, for tests that break it."""

from __future__ import annotations

from datetime import date

from trustdesk.insight.transparency.fill import Figures, Identity, fill
from trustdesk.insight.transparency.form import form, norm

IDENTITY = Identity(
    provider="Example Hosting S.A.",
    service="Example Hosting",
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
    published=date(2027, 2, 10),
    previous=date(2026, 2, 20),
    platform=True,
    very_large=True,
    blank=frozenset({14, 15, 16}),
)
PHISHING = ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "KEYWORD_PHISHING", "")
FAKES = ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "KEYWORD_OTHER", "Fake shops")
COPYRIGHT = ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_COPYRIGHT_INFRINGEMENT", "")
COMPLAINTS = "Number of complaints submitted to the internal-complaints mechanism"
DISPUTES = "Number of disputes submitted to out-of-court dispute settlement bodies"
REMOVED = "Complaint regarding a decision to remove or disable access to or restrict visibility of information"
SOLELY = "Number of measures solely taken by automated means"
NOT_SOLELY = "Number of measures not taken by automated means"


def figures() -> Figures:
    """Figures that agree with each other."""
    f = Figures(texts={norm(row[1]): f"What we did, in words: {norm(row[1])}." for row in form().part(11).rows})
    for country, n in (("BE", 2), ("IT", 3)):
        f.orders.add(COPYRIGHT, 6, n, country)
        f.orders.add(COPYRIGHT, 7, 4 * n, country)
        f.orders.took(COPYRIGHT, 8, 0.25, country)
        f.orders.took(COPYRIGHT, 9, 36.5, country)
        f.orders.add(PHISHING, 10, 1, country)
        f.orders.took(PHISHING, 12, 48.0, country)
    for leaf, n in ((PHISHING, 12), (FAKES, 3), (COPYRIGHT, 5)):
        for column, many in ((5, n), (6, 1), (7, 2 * n), (8, 2), (11, n - 2), (12, 1), (13, 2)):
            f.notices.add(leaf, column, many)
        for waited in (1.5, 3.25, 30.0):
            f.notices.took(leaf, 9, waited)
        f.notices.took(leaf, 10, 1.5)
    for cells in (f.own_law, f.own_terms):
        for leaf, n in ((PHISHING, 6), (FAKES, 2)):
            for column, many in ((5, n), (6, n - 1), (8, n - 1), (19, 1)):
                cells.add(leaf, column, many)
    named = {
        (7, COMPLAINTS, "Total number"): "10", (7, COMPLAINTS, "Decisions upheld"): "6",
        (7, COMPLAINTS, "Decisions partially reversed"): "1", (7, COMPLAINTS, "Decisions reversed"): "2",
        (7, COMPLAINTS, "Decision omitted"): "1", (7, COMPLAINTS, "Median time"): "70.5",
        (7, REMOVED, "Total number"): "10", (7, REMOVED, "Decisions upheld"): "6",
        (7, REMOVED, "Decisions partially reversed"): "1", (7, REMOVED, "Decisions reversed"): "2",
        (7, REMOVED, "Median time"): "70.5",
        (7, DISPUTES, "Total number"): "4", (7, DISPUTES, "Decisions reversed"): "3",
        (7, DISPUTES, "Percentage of outcomes implemented"): "0.67", (7, DISPUTES, "Median time"): "800",
        (8, SOLELY, "Total number"): "30", (8, NOT_SOLELY, "Total number"): "6",
        (8, SOLELY, "Own-initiative"): "14", (8, NOT_SOLELY, "Own-initiative"): "2",
        (8, "Number of notices solely processed by automated means", "NAM Total"): "11",
        (8, "Number of notices not processed by automated means", "NAM Total"): "9",
        (8, "Number of notices not processed by automated means", "NAM Trusted Flagger"): "3",
        (9, "Number of internal moderators employed by the provider", "Total number"): "12.5",
    }  # fmt: skip
    for scope in ("Total number", "Own-initiative", "NAM Total", "NAM Trusted Flagger"):
        for what in ("Accuracy", "Precision", "Recall"):
            named[8, f"Accuracy of the automated means - {what}", scope] = "0.97"
    f.named.update(named)
    return f


def grids() -> dict[int, list[list[str]]]:
    """The eleven parts as lists that can be changed."""
    return {number: [list(row) for row in grid] for number, grid in fill(IDENTITY, figures()).items()}

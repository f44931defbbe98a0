"""Second looks, suspensions and errors of machines: from entries to facts, numbers of the report, and the harmonised report."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.insight.lives import Journal, at, text
from trustdesk.insight import periods, publication
from trustdesk.insight.lake.facts import facts
from trustdesk.insight.publications import sections
from trustdesk.insight.publications.texts import texts
from trustdesk.insight.transparency import dsa
from trustdesk.insight.transparency.check import check
from trustdesk.insight.transparency.form import norm

CATEGORIES = {"phishing": ["SCAMS_AND_FRAUD", "PHISHING"], "copyright": ["INTELLECTUAL_PROPERTY_INFRINGEMENTS", ""]}
TEXTS = dict.fromkeys(dsa.TEXTS, "In words.")


def automated(j: Journal, chain: int, *, outcome: str = "measures", form: str = "notice") -> None:
    """A case that automation decided on Tuesday."""
    j.write(chain, "case.opened", at(1), case_state="new", category="phishing", form=form, role="hosting")
    j.report(chain, at(1), form=form)
    measures = [{"id": chain, "kind": "site_disable", "state": "ordered"}] if outcome == "measures" else []
    j.write(chain, "decision.made", at(1.1), decision=chain, case_state="closed", outcome=outcome, automated=True,
            ground="policy" if measures else "none", measures=measures, clocks=[])  # fmt: skip
    if measures:
        j.write(chain, "measure.applied", at(1.1), measure=chain, state="applied")


def reviewed(j: Journal, chain: int, *, agreed: bool, share: int, reason: str = "") -> None:
    """Drawn on Tuesday, looked at on Wednesday."""
    about = {"review": chain, "decision": chain, "category": "phishing", "automated": True}
    j.write(chain, "review.sampled", at(1.2), **about, draw=3, share=share)
    j.write(
        chain,
        "review.done",
        at(2),
        **about,
        agreed=agreed,
        reason=reason,
        reviewer="person:3",
        sampled_at=text(at(1.2)),
    )


@pytest.fixture(scope="module")
def lived() -> Journal:
    j = Journal()
    for chain in range(1, 8):
        automated(j, chain)
    for chain in range(8, 11):
        automated(j, chain, outcome="no_violation")
    for chain, agreed, share in ((1, True, 10), (2, False, 10), (3, True, 50), (8, True, 10), (9, False, 50)):
        reviewed(j, chain, agreed=agreed, share=share, reason="" if agreed else "missing_facts")
    j.write(2, "review.reopened", at(3), review=2, decision=2, case_state="open")
    j.write(2, "decision.made", at(4), decision=20, case_state="closed", outcome="no_violation", automated=False,
            overrides=2, overridden=[2], review=2, clocks=[])  # fmt: skip
    j.write(9, "review.reopened", at(3), review=9, decision=9, case_state="open")
    j.write(9, "review.stood", at(3.5), review=9, case_state="closed", clocks=[])
    # a review that agreed, and an appeal that found out more
    j.write(3, "appeal.lodged", at(5), appeal=1, decision=3, kind="appeal", by="customer", case_state="open")
    j.write(3, "appeal.resolved", at(6), appeal=1, decision=3, state="upheld", case_state="closed")
    # two alerts, one of them unfounded
    automated(j, 11, form="alert")
    automated(j, 12, form="alert", outcome="no_violation")
    # a customer who went on, two senders, one of whom was never confirmed
    j.write(13, "case.opened", at(1), case_state="new", category="copyright", form="dmca", role="hosting")
    j.write(13, "decision.made", at(2), decision=30, case_state="closed", outcome="measures", automated=False, repeat=True,
            ground="policy", measures=[], clocks=[])  # fmt: skip
    for number, who in ((1, "reporter"), (2, "complainant")):
        j.write(
            13,
            "suspension.held",
            at(2.5),
            suspension=number,
            who=who,
            state="held",
            days=30,
            grounds=["case:1", "case:2"],
        )
    j.write(13, "suspension.approved", at(3), suspension=1, who="reporter", state="running", until=text(at(33)))
    j.write(13, "suspension.rejected", at(3), suspension=2, who="complainant", state="rejected", until=None)
    j.write(13, "suspension.contested", at(4), suspension=1, who="reporter", state="running", until=text(at(33)))
    j.write(13, "suspension.answered", at(5), suspension=1, who="reporter", state="lifted", until=text(at(33)),
            contest_state="upheld")  # fmt: skip
    return j


def test_reviews_and_suspensions_are_facts(lived: Journal) -> None:
    tables = facts(lived.lines()).tables
    rows = {r["review_id"]: r for r in tables["fact_review"]}
    assert {n: (r["agreed"], r["share"], r["outcome"], r.get("result")) for n, r in rows.items()} == {
        1: (True, 10, "measures", None), 2: (False, 10, "measures", "replaced"), 3: (True, 50, "measures", None),
        8: (True, 10, "no_violation", None), 9: (False, 50, "no_violation", "stood"),
    }  # fmt: skip
    assert rows[2]["reason"] == "missing_facts" and rows[2]["sampled_at"] == at(1.2) and rows[2]["happened_at"] == at(2)
    (one,) = tables["fact_suspension"]
    assert (one["suspension_id"], one["who"], one["grounds"], one["days"]) == (1, "reporter", 2, 30)
    assert (one["began_at"], one["until"], one["ended_at"], one["contested"]) == (at(3), at(33), at(5), "upheld")


def test_the_report_counts_them(lived: Journal) -> None:
    week = periods.named("weekly", "2026-W47")
    d = publication.account(lived.lines(), week, checkpoint=None, provider="X")
    q = d["quality"]["now"]
    assert (q["reviews"], q["reviews_disagreed"], q["reviews_drawn"]) == (5, 2, 5)
    assert (q["reviews_of_automated"], q["reviews_of_automated_disagreed"]) == (5, 2)
    assert q["reviews_disagreed_by_reason"] == {"missing_facts": 2}
    assert d["repeat_misuse"] == {"customers": 1, "senders": {"reporter": 1}}
    for kind in ("weekly", "monthly"):
        made = {s.ident: s for s in sections.sections(d | {"kind": kind}, texts("es"))}
        assert made["why-reviews"].rows == (("faltan hechos", 2),)
        assert ("misuse" in made) == (kind == "monthly")


def parts(j: Journal, **more: Any) -> dict[tuple[int, str, str], tuple[str, str]]:
    inputs = {
        "texts": {"texts": TEXTS, **more}, "provider": "X", "service": "X", "role": "online_platform",
        "published": "2027-01-10", "first": "2026-01-01", "last": "2026-12-31", "categories": CATEGORIES,
        "measures": {"site_disable": "DECISION_VISIBILITY_CONTENT_DISABLED"},
    }  # fmt: skip
    made = dsa.parts(facts(j.lines()).tables, inputs)
    return {
        (n, norm(row[4]).removeprefix("Accuracy of the automated means - "), norm(row[5])): (
            row[6],
            row[7] if n == 8 else "",
        )
        for n in (7, 8)
        for row in made[n][1:]
    }


def test_suspensions_and_accuracy_come_from_the_ledger(lived: Journal) -> None:
    told = parts(lived)
    which = "Number of suspensions enacted for "
    assert told[7, f"{which}the provision of manifestly illegal content", "Total number"][0] == "1"
    assert told[7, f"{which}the provision of manifestly unfounded notices", "Total number"][0] == "1"
    assert told[7, f"{which}the provision of manifestly unfounded complaints", "Total number"][0] == "0"
    # Five were drawn, for 10, 10, 2, 10 and 2 decisions: wrong are the measures of 2 (10) and, on appeal, 3 (2), and 9 (2).
    assert told[8, "Accuracy", "NAM Total"][0] == str(round(20 / 34, 4))
    assert told[8, "Precision", "NAM Total"][0] == str(round(10 / 22, 4))
    assert told[8, "Recall", "NAM Total"][0] == str(round(10 / 12, 4))
    assert "5 of 10 automated decisions" in told[8, "Accuracy", "NAM Total"][1]
    # all means: the alerts are one right and one wrong detection more
    assert told[8, "Accuracy", "Total number"][0] == str(round(21 / 36, 4))
    assert told[8, "Recall", "Total number"][0] == str(round(10 / 12, 4))
    own = told[8, "Precision", "Own-initiative"]
    assert "Of 2 detections that were decided 1 were found to be unfounded" in own[1]
    assert told[8, "Accuracy", "NAM Trusted Flagger"] == ("", "")


def test_without_reviews_only_what_came_out_is_wrong_and_that_is_said() -> None:
    j = Journal()
    for chain in range(1, 5):
        automated(j, chain, outcome="measures" if chain < 4 else "no_violation")
    j.write(1, "appeal.lodged", at(5), appeal=1, decision=1, kind="appeal", by="customer", case_state="open")
    j.write(1, "appeal.resolved", at(6), appeal=1, decision=1, state="partly_upheld", case_state="closed")
    told = parts(j)
    assert [told[8, name, "NAM Total"][0] for name in ("Accuracy", "Precision", "Recall")] == ["0.75", "0.6667", "1"]
    assert "none was drawn for review" in told[8, "Recall", "NAM Total"][1]


def test_nobody_tells_by_hand_what_the_ledger_knows(lived: Journal, tmp_path: Any) -> None:
    def figure(part: int, indicator: str, scope: str, value: str) -> dict[str, Any]:
        return {"part": part, "indicator": indicator, "scope": scope, "value": value}

    mine = [figure(8, "Accuracy of the automated means - Accuracy", "NAM Total", "0.99"),
            figure(7, "Number of suspensions enacted for the provision of manifestly unfounded notices", "Total number", "0"),
            *(figure(8, f"Accuracy of the automated means - {n}", "NAM Trusted Flagger", "0.9")
              for n in ("Accuracy", "Precision", "Recall"))]  # fmt: skip
    told = parts(lived, figure=mine)
    assert told[8, "Accuracy", "NAM Total"][0] == str(round(20 / 34, 4))
    assert told[8, "Recall", "NAM Trusted Flagger"][0] == "0.9", "what the ledger does not know is the operator's"
    tables = facts(lived.lines()).tables
    inputs = {"texts": {"texts": TEXTS, "figure": mine, "provider": "X"}, "provider": "X", "service": "X",
              "role": "online_platform", "published": date(2027, 1, 10).isoformat(), "first": "2026-01-01",
              "last": "2026-12-31", "categories": CATEGORIES,
              "measures": {"site_disable": "DECISION_VISIBILITY_CONTENT_DISABLED"}}  # fmt: skip
    assert len(dsa.unused(tables, inputs)) == 2
    out = tmp_path / "dsa.zip"
    out.write_bytes(dsa.render(dsa.parts(tables, inputs), "zip"))
    assert [one for one in check([out]).found if not one.doubtful] == []

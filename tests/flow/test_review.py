"""Second looks for quality: who draws one, who may look, and what becomes of a disagreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.flow.conftest import ANA, DIEGO, LUCIA, REASONS, disable
from trustdesk.core import reviews
from trustdesk.core.policies import Reviews
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import appeal, decide, duties, review
from trustdesk.models import Asset, Case, Decision, Entry, Review
from trustdesk.verify import check

KEY = b"only the desk knows"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every decision of a person is looked at."""
    monkeypatch.setattr(review, "chosen", reviews.chosen)
    policy = replace(duties.policy(), reviews=Reviews(people=100))
    monkeypatch.setattr(duties, "policy", lambda: policy)


@pytest.fixture
def made(drawn: None, opened: Case, site: Asset, drain: Callable[..., int], now: datetime) -> Review:
    """A decision of Ana's, carried out, with its review."""
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain(now)
    drain(now + timedelta(minutes=5))
    return Review.objects.get()


def ledger() -> list[str]:
    """Findings about anything but the inventory, which the fixtures write by hand."""
    return [str(f) for f in check() if not f.note and not f.where.startswith(("trustdesk_subject", "trustdesk_asset"))]


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def test_the_share_is_the_highest_that_applies() -> None:
    rule = Reviews(people=5, automated=10, severe=25, categories={"copyright": 40}, deciders={"person:7": 60})
    share = lambda **told: reviews.share(  # noqa: E731
        rule, **({"category": "spam", "automated": False, "severe": False, "maker": "person:1"} | told)
    )
    assert share() == 5
    assert share(automated=True) == 10
    assert share(severe=True) == 25
    assert share(severe=True, category="copyright") == 40
    assert share(category="copyright", maker="person:7") == 60


def test_the_draw_is_even_is_the_same_each_time_and_cannot_be_foreseen_without_the_key(now: datetime) -> None:
    draws = [reviews.draw(KEY, case, now) for case in range(5000)]
    assert draws == [reviews.draw(KEY, case, now) for case in range(5000)]
    for part in (5, 25, 50):
        hit = sum(reviews.chosen(drawn, part) for drawn in draws)
        assert abs(hit / 5000 - part / 100) < 0.02, part
    assert max(Counter(drawn // 1000 for drawn in draws).values()) < 600
    other = [reviews.draw(b"another", case, now) for case in range(5000)]
    assert sum(a == b for a, b in zip(draws, other, strict=True)) < 10
    assert not reviews.chosen(0, 0)
    assert reviews.chosen(reviews.DRAWS - 1, 100)


def test_a_rate_says_how_little_is_known() -> None:
    assert reviews.rate(0, 0).share is None
    few, many = reviews.rate(1, 4), reviews.rate(100, 400)
    assert few.few and not many.few
    assert few.high - few.low > 0.4 > 0.1 > many.high - many.low
    assert few.low < 0.25 < few.high


def test_a_settled_decision_is_drawn_once_and_the_journal_says_why(made: Review, opened: Case, now: datetime) -> None:
    assert (made.state, made.share, made.automated, made.category) == ("drawn", 100, False, "phishing")
    assert review.sample(made.decision_id, draw=made.draw, share=100, now=now) is None
    assert Entry.objects.filter(chain=opened.pk, kind="review.sampled").count() == 1
    assert ledger() == []


@pytest.mark.usefixtures("drawn")
def test_a_held_decision_is_drawn_when_it_is_settled_and_neither_of_the_two_reviews_it(
    opened: Case, site: Asset, drain: Callable[..., int], now: datetime
) -> None:
    account = Asset.objects.create(subject=site.subject, kind="account", ref="c-1042", value="c-1042", role="hosting")
    wish = decide.Wish("account_suspend", account.pk)
    held = decide.decide(opened.pk, disable(site, measures=(wish,)), actor=ANA, now=now).decision
    assert held is not None
    drain(now)
    assert not Review.objects.exists()
    decide.approve(held.pk, actor=DIEGO, now=now)
    drain(now)
    looked = Review.objects.get()
    for who in (ANA, DIEGO, Actor("system", "")):
        with pytest.raises(Refused):
            review.do(looked.pk, agreed=True, actor=who, now=now)
    review.do(looked.pk, agreed=True, actor=LUCIA, now=now)
    assert ledger() == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"agreed": False}, "review.reason"),
        ({"agreed": False, "reason": "because"}, "review.reason"),
        ({"agreed": True, "reason": "missed_law"}, "review.reason"),
        ({"agreed": False, "reason": "other"}, "review.words"),
        ({"agreed": True, "words": "x" * 2001}, "review.too_long"),
    ],
)
def test_a_verdict_that_says_nothing_is_refused(
    made: Review, now: datetime, said: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        review.do(made.pk, actor=DIEGO, now=now, **said)  # type: ignore[arg-type]
    assert codes(refused) == {code}
    assert Review.objects.get().state == "drawn"


def test_a_disagreement_is_fed_back_and_changes_nothing_by_itself(made: Review, opened: Case, now: datetime) -> None:
    before = (Decision.objects.get().state, Case.objects.get().state)
    words = "Clause 2.2 speaks of this; write to ana@desk.example"
    review.do(made.pk, agreed=False, reason="wrong_clause", words=words, actor=DIEGO, now=now)
    assert (Decision.objects.get().state, Case.objects.get().state) == before == ("final", "closed")
    with pytest.raises(Refused) as refused:
        review.do(made.pk, agreed=True, actor=LUCIA, now=now)
    assert codes(refused) == {"review.done"}
    with pytest.raises(Refused) as refused:
        review.read(made.pk, actor=LUCIA, now=now)
    assert codes(refused) == {"review.not_yours"}
    review.read(made.pk, actor=ANA, now=now)
    review.read(made.pk, actor=ANA, now=now)
    kinds = Entry.objects.filter(chain=opened.pk, kind__startswith="review.").order_by("seq")
    assert list(kinds.values_list("kind", flat=True)) == ["review.sampled", "review.done", "review.read"]
    assert "ana@desk" not in "".join(Entry.objects.values_list("body", flat=True))
    assert ledger() == []


def test_a_reconsidered_decision_is_replaced_by_another_person(
    made: Review, opened: Case, drain: Callable[..., int], now: datetime
) -> None:
    with pytest.raises(Refused) as refused:
        review.reopen(made.pk, actor=DIEGO, now=now)
    assert codes(refused) == {"review.no_disagreement"}
    review.do(made.pk, agreed=False, reason="wrong_measure", actor=DIEGO, now=now)
    with pytest.raises(Refused) as refused:
        review.reopen(made.pk, actor=ANA, now=now)
    assert codes(refused) == {"review.same_person"}
    review.reopen(made.pk, actor=DIEGO, now=now)
    assert Case.objects.get().state == "open"
    again = decide.Choice("no_violation", reasons=REASONS)
    with pytest.raises(Refused) as refused:
        decide.decide(opened.pk, again, actor=ANA, now=now)
    assert codes(refused) == {"review.same_person"}
    done = decide.decide(opened.pk, again, actor=DIEGO, now=now).decision
    assert done is not None and done.overrides_id == made.decision_id
    drain(now)
    made.refresh_from_db()
    assert (made.state, Decision.objects.get(pk=made.decision_id).state) == ("replaced", "overridden")
    assert Case.objects.get().state == "closed"
    assert {m.state for m in done.overrides.measures.all()} == {"lifted"}  # type: ignore[union-attr]
    assert ledger() == []


def test_a_reconsidered_decision_may_stand(made: Review, opened: Case, now: datetime) -> None:
    review.do(made.pk, agreed=False, reason="unclear_reasons", actor=DIEGO, now=now)
    review.reopen(made.pk, actor=LUCIA, now=now)
    with pytest.raises(Refused):
        review.stand(made.pk, actor=ANA, now=now)
    review.stand(made.pk, actor=LUCIA, now=now)
    made.refresh_from_db()
    assert (made.state, Decision.objects.get().state, Case.objects.get().state) == ("stood", "final", "closed")
    with pytest.raises(Refused):
        review.reopen(made.pk, actor=LUCIA, now=now)
    assert ledger() == []


def test_an_appeal_goes_before_a_reconsideration(made: Review, opened: Case, now: datetime) -> None:
    review.do(made.pk, agreed=False, reason="missed_law", actor=DIEGO, now=now)
    customer = Actor("customer", str(opened.subject_id))
    lodged = appeal.lodge(
        made.decision_id, kind="appeal", text="That was not our page.", by=customer, actor=customer, now=now
    )
    with pytest.raises(Refused) as refused:
        review.reopen(made.pk, actor=DIEGO, now=now)
    assert codes(refused) == {"review.not_closed"}
    appeal.resolve(
        lodged.pk, outcome="upheld", reasons=REASONS, actor=LUCIA, now=now,
        replacement=decide.Choice("no_violation", reasons=REASONS),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        review.reopen(made.pk, actor=DIEGO, now=now)
    assert "review.replaced" in codes(refused)
    assert ledger() == []


def test_a_draw_that_was_made_up_is_named(made: Review) -> None:
    Review.objects.update(draw=made.draw + 1)
    assert any("review.draw" in found for found in ledger())

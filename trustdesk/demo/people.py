"""What the people of the sample desk and its customers do when their turn comes."""

from __future__ import annotations

import random
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q

from trustdesk.core.types import Actor, Refused
from trustdesk.flow import appeal, attend, decide, review
from trustdesk.flow.decide import Choice, Wish
from trustdesk.models import Appeal, Asset, Case, Decision, Measure, Notice, Report

STORY = Path(__file__).with_name("story.toml")
#: Measures that are on or about to be.
STANDING = ("ordered", "attempted", "applied", "confirmed")
#: Measures after which nothing of the asset is to be seen.
WHOLE = ("site_disable", "null_route", "domain_hold", "account_suspend")
#: What the sample provider can carry out each measure on.
BITES_ON = {"site_disable": "site", "path_block": "site", "warning_page": "site", "null_route": "prefix",
            "domain_hold": "domain", "account_suspend": "account"}  # fmt: skip


def story() -> dict[str, Any]:
    """The story as it is written."""
    return tomllib.loads(STORY.read_text("utf-8"))


@dataclass(frozen=True)
class Cast:
    """Who plays: user name → number of the account, the story, and the dice."""

    accounts: dict[str, int]
    story: dict[str, Any]
    dice: random.Random

    def actor(self, name: str) -> Actor:
        """The person as the journal names them."""
        return Actor("person", str(self.accounts[name]))

    def name_of(self, actor: str) -> str:
        """The user name behind `person:7`, or "" if it is nobody of the cast."""
        return next((n for n, number in self.accounts.items() if actor == f"person:{number}"), "")

    def look(self, case_id: int, name: str, now: datetime, *, only: str = "") -> Decision | None:
        """Somebody takes the case, reads it and decides, with the outcome `only` if given. None if they did not."""
        case = Case.objects.get(pk=case_id)
        if case.state != "open" or Appeal.objects.filter(case=case, state="lodged").exists():
            return None
        who = self.actor(name)
        attend.assign(case_id, to=self.accounts[name], actor=who, now=now, take_over=True)
        if case.unread:
            attend.read(case_id, actor=who, now=now)
        for choice in self._choices(Case.objects.get(pk=case_id)):
            if only and choice.outcome != only:
                continue
            with suppress(Refused):
                return decide.decide(case_id, choice, actor=who, now=now).decision
        return None

    def _choices(self, case: Case) -> list[Choice]:
        """What the person would like to do, the best first; the policy has the last word."""
        again = self.story["again"]
        assets = decide.assets_of(case)
        options = list(self.story["options"].get(case.category, self.story["options"]["other"]))
        asked = Decision.objects.filter(case=case, outcome="forwarded").exists()
        rejected = Decision.objects.filter(case=case, state="rejected").exists()
        choices = []
        if assets and self._stands(case, assets[0]):
            choices.append(Choice("duplicate", reasons=again["standing"]))
        if asked and Report.objects.filter(joinings__case=case, form="reply").exists():
            choices.append(Choice("no_violation", reasons=again["clean"]))
        while options:
            option = self.dice.choices(options, [o["weight"] for o in options])[0]
            options.remove(option)
            if option["outcome"] == "forwarded" and (asked or not case.subject_id):
                continue
            if option["outcome"] == "measures":
                kinds = option["measures"][1:] if rejected else option["measures"]
                fits = [(kind, asset) for kind in kinds for asset in assets if asset.kind == BITES_ON[kind]]
                choices += [self._measure(option, kind, asset, asked) for kind, asset in fits]
            else:
                choices.append(Choice(option["outcome"], reasons=option["reasons"]))
        return choices

    def _stands(self, case: Case, asset: Asset) -> bool:
        """Whether what was reported is out of sight already, by a decision on another case."""
        standing = Measure.objects.filter(asset=asset, state__in=STANDING).exclude(case=case)
        targets = case.indicators.filter(role="target").values("value")
        if standing.filter(Q(kind__in=WHOLE) | Q(target__in=targets)).exists():
            return True
        same = Measure.objects.filter(asset__subject_id=asset.subject_id, state__in=STANDING).exclude(case=case)
        return same.filter(kind__in=("null_route", "account_suspend")).exists()

    def _measure(self, option: dict[str, Any], kind: str, asset: Asset, asked: bool) -> Choice:
        reasons = option["reasons"] + (f" {self.story['again']['silent']}" if asked else "")
        return Choice(
            "measures", ground="policy", clause=option["clause"], reasons=reasons, measures=(Wish(kind, asset.pk),)
        )

    def second(self, decision_id: int, name: str, now: datetime) -> bool:
        """A second person approves a held decision, or sends it back. True if it was approved."""
        who, words = self.actor(name), self.story["second"]
        if self.dice.random() < 0.75:
            decide.approve(decision_id, actor=who, now=now, why=self.dice.choice(words["approve"]))
            return True
        decide.reject(decision_id, actor=who, now=now, why=self.dice.choice(words["reject"]))
        return False

    def answer(self, case_id: int, now: datetime) -> None:
        """The customer answers on their page."""
        case = Case.objects.select_related("subject").get(pk=case_id)
        if case.state != "waiting" or case.subject is None:
            return
        by = Actor("customer", str(case.subject_id))
        appeal.answer(case_id, text=self.words(case), by=by, actor=by, now=now, language=case.subject.language)

    def words(self, case: Case) -> str:
        """What the customer writes, in their own language."""
        answers = self.story["answers"]
        language = case.subject.language if case.subject else "en"
        return str(self.dice.choice(answers.get(language, answers["en"])))

    def letter_to_answer(self, case_id: int) -> Notice | None:
        """The letter that the customer of a waiting case answers."""
        letters = Notice.objects.filter(case_id=case_id, kind="forward", state="sent", case__state="waiting")
        return letters.select_related("case__subject").order_by("-id").first()

    def lodge(self, decision_id: int, now: datetime) -> Appeal | None:
        """The customer of a measure, or the reporter of a case that came to nothing, asks to look again."""
        decision = Decision.objects.select_related("case__subject").get(pk=decision_id)
        words, case = self.story["appeals"], decision.case
        if decision.outcome == "measures" and case.subject is not None:
            by, text, language = Actor("customer", str(case.subject_id)), self.dice.choice(words["texts"]), "en"
        else:
            report = Report.objects.filter(case=case).exclude(form="reply").order_by("id").first()
            if report is None:
                return None
            by, text, language = Actor("reporter", str(report.pk)), words["from_reporter"], report.language
        try:
            return appeal.lodge(decision_id, kind="appeal", text=text, by=by, actor=by, now=now, language=language)
        except Refused:
            return None

    def resolve(self, appeal_id: int, name: str, now: datetime) -> Decision | None:
        """Another person decides the appeal; the decision that replaces the old one if it was upheld."""
        lodged = Appeal.objects.select_related("decision__case").get(pk=appeal_id)
        words, who = self.story["appeals"], self.actor(name)
        from_customer = lodged.by.startswith("customer")
        if from_customer and self.dice.random() < 0.4 and not self._hidden(lodged.decision):
            replacement = Choice("no_violation", reasons=words["replaced"])
            done = appeal.resolve(
                appeal_id, outcome="upheld", reasons=words["upheld"], actor=who, now=now, replacement=replacement
            )
            return done.replacement
        appeal.resolve(appeal_id, outcome="dismissed", reasons=words["dismissed"], actor=who, now=now)
        return None

    def review(self, review_id: int, name: str, now: datetime, dice: random.Random) -> None:
        """A second look at a decision that drew one; four in five agree."""
        who, agreed = self.actor(name), dice.random() < 0.8
        reason, words = ("", "") if agreed else dice.choice(self.story["review"]["otherwise"])
        review.do(review_id, agreed=agreed, reason=reason, words=words, actor=who, now=now)

    def _hidden(self, decision: Decision) -> bool:
        """Whether measures of other cases stand on the same customer: then nobody could see this one lifted."""
        others = Measure.objects.filter(asset__subject=decision.case.subject, state__in=STANDING)
        return others.exclude(case_id=decision.case_id).exists()

    def others(self, *actors: str) -> frozenset[str]:
        """User names of those who may not be asked again."""
        return frozenset(filter(None, map(self.name_of, actors)))

"""Notices of the half-year through the desk itself: real messages, every one received, read, made a case, decided by the rule
table, enforced, told, appealed, at the moments that the generator says. One process, a clock that jumps.

Two ends are simulated: what a measure would be done by, and where letters go. What the rules are is written for the mix:
one clock for each category, a policy with its measures (`rulebook`).
"""

from __future__ import annotations

import argparse
import csv
import heapq
import itertools
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from benchmarks import half_year_maker as maker
from benchmarks.half_year_maker import END, MIX, Plan

SHIPPED = Path(__file__).parent.parent / "rulebook"
DESK = """name = "CDN"
legal_name = "CDN Example Ltd"
address = "abuse@cdn.example"
policy = "cdn"
country = "US"
service_role = "caching"
languages = ["en"]
"""
#: Customers have so many sites each.
SITES = 50
REPORTERS = 997
REASONS = "We looked at the addresses that the notice names and hold them against our policy and the law, one by one."
STEP = timedelta(seconds=1)


def sample(take: int) -> Iterator[Plan]:
    """So many of the notices of the whole half-year, evenly from the shuffled list, and some that are appealed against."""
    every = max(1, MIX["notices"] // take)
    appealed = 0
    for plan in maker.plans(1.0):
        extra = plan.appeal is not None and appealed < take // 100
        if plan.number % every == 0 or extra:
            appealed += plan.appeal is not None
            yield plan


def rulebook(place: Path) -> None:
    """The shipped calendars and taxonomy; one regime with the clocks of the mix; a policy that allows its measures."""
    for part in ("calendars", "taxonomy", "registers"):
        shutil.copytree(SHIPPED / part, place / part)
    shared = {"version": '"1"', "source": '"rule of the benchmark"', "confidence": '"high"'}
    clocks = [
        f"""
[[clock]]
id = "decide-{category["id"]}"
title = "First decision"
actor = "provider"
starts_on = "report.received"
shape = "deadline"
high = {category["due_hours"]}
unit = "hour"
calendar = "clock"
kind = "target"
met_by = ["decision.made"]
source = {shared["source"]}
basis = "house"
confidence = "high"
when = {{ categories = ["{category["id"]}"] }}
"""
        for category in MIX["category"]
    ]
    regime = (SHIPPED / "regimes" / "house-targets" / "regime.toml").read_text("utf-8")
    (place / "regimes" / "house-targets").mkdir(parents=True)
    head = regime.partition("[[clock]]")[0]
    (place / "regimes" / "house-targets" / "regime.toml").write_text(head + "".join(clocks))
    names = [category["id"] for category in MIX["category"]]
    kinds = sorted({category["measure"] for category in MIX["category"]})
    measures = [f'[[measure]]\nid = "{kind}"\ntitle = "{kind}"\nrung = {n + 1}\n' for n, kind in enumerate(kinds)]
    policy = f"""id = "cdn"
title = "Acceptable use"
version = "2025.1"
valid_from = 2025-01-01
roles = ["caching"]
min_reasons = 40

[routing]
default = "security"

[routing.forms]
rights = ["dmca"]

[strikes]
categories = ["spam"]

[automation]
per_day = 1000000
measures = {json.dumps(kinds)}

{"".join(measures)}
[[clause]]
id = "1"
title = "What may not be carried"
text = "What harms others or breaks the law is not carried."
categories = {json.dumps(names)}
severity = 3
measures = {json.dumps(kinds)}
examples = ["A fake sign-in page."]
"""
    (place / "policies" / "cdn").mkdir(parents=True)
    (place / "policies" / "cdn" / "policy.toml").write_text(policy)


def inventory(place: Path, plans: list[Plan]) -> None:
    """A site for every notice, so that each is a case of its own."""
    place.mkdir()
    with (place / "customers.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("ref", "name", "email", "language", "country"))
        for number in sorted({plan.number // SITES for plan in plans}):
            out.writerow((f"c-{number}", f"Customer {number}", f"owner@c{number}.example", "en", "US"))
    with (place / "assets.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("customer", "kind", "ref", "value", "role"))
        for plan in plans:
            out.writerow((f"c-{plan.number // SITES}", "site", f"s-{plan.number}", host(plan), "caching"))


def host(plan: Plan) -> str:
    """The site that a notice is about."""
    return f"s{plan.number}.sites.example"


def urls(plan: Plan) -> list[str]:
    """The specific items of information that it names."""
    return [f"https://{host(plan)}/item/{n}" for n in range(plan.items)]


#: What a mail says, by category: subject and first paragraph.
WORDS = {
    "phishing": ("Phishing pages on your network", "These phishing pages imitate the sign-in page of our bank."),
    "copyright": ("DMCA notice of copyright infringement", "I am authorised to act for the owner of the copyright in the film "
                  "\"The Harbour\". The material listed below infringes that copyright."),
    "trademark": ("Trademark infringement: counterfeit goods", "Counterfeit goods with our registered trademark HARBOUR are "
                  "offered at these addresses, which infringes our trademark."),
    "ncii": ("Intimate images shared without consent", "At these addresses intimate images of me are shown without my consent "
             "(non-consensual intimate imagery). Please remove them."),
    "harassment": ("Harassment and bullying of a person", "At these addresses our member is harassed and bullied; this is "
                   "targeted harassment."),
    "child_safety": ("Child sexual abuse material", "We report child sexual abuse material (CSAM) at these addresses."),
}  # fmt: skip
SWORN = """
I have a good faith belief that use of the material in the manner complained of is not authorized by the copyright owner, its
agent, or the law. The information in this notification is accurate, and under penalty of perjury, I am authorized to act on
behalf of the owner of an exclusive right that is allegedly infringed.

Signature: /s/ Jo Harbour
Address: 1 Quay Street, Port City. Telephone: +1 202 555 0100
"""
#: Category → category and type of XARF v4.
XARF = {
    "phishing": ("content", "phishing"),
    "trademark": ("content", "brand_infringement"),
    "child_safety": ("content", "csam"),
}

#: What some types ask for besides.
XARF_MORE = {
    "csam": {"classification": "baseline", "detection_method": "manual_review"},
    "brand_infringement": {"infringement_type": "counterfeit", "legitimate_site": "https://harbour.example/"},
}


def reporter(plan: Plan) -> str:
    """Who sends it: as many as there are, each with more than one notice."""
    return f"desk{plan.number % REPORTERS}@reporter{plan.number % 31}.example"


def mail(plan: Plan) -> bytes:
    """The notice as a mail in plain words."""
    name = plan.category["id"]
    message = EmailMessage()
    message["From"], message["To"] = f"Desk <{reporter(plan)}>", "abuse@cdn.example"
    message["Date"], message["Message-ID"] = format_datetime(plan.received), f"<n{plan.number}@reporter.example>"
    message["Subject"], words = WORDS[name]
    sworn = SWORN if name == "copyright" else ""
    listed = "\n".join(urls(plan))
    message.set_content(f"Hello,\n\n{words}\n\nReported URLs:\n{listed}\n{sworn}\nKind regards\nThe desk\n")
    return bytes(message)


def form(plan: Plan) -> dict[str, Any]:
    """The notice as the public form hands it in."""
    name = plan.category["id"]
    fields: dict[str, Any] = {
        "category": name, "urls": urls(plan), "description": WORDS[name][1], "language": "en", "nonce": str(plan.number),
        "reporter": {"name": "The desk", "email": reporter(plan), "address": "1 Quay Street", "country": "US"},
    }  # fmt: skip
    if name == "copyright":
        fields |= {"original_work": "The Harbour, a film", "signature": "Jo Harbour",
                   "statements": {"good_faith": True, "accuracy": True, "authorised": True}}  # fmt: skip
    return fields


def xarf(plan: Plan) -> bytes:
    """The notice as XARF v4, one report for each address."""
    group, kind = XARF[plan.category["id"]]
    at = plan.received.isoformat().replace("+00:00", "Z")
    sender = {"org": "Desk", "contact": reporter(plan), "domain": reporter(plan).partition("@")[2]}
    more = XARF_MORE.get(kind, {})
    reports = [
        {
            "xarf_version": "4.2.0",
            "report_id": f"00000000-0000-4000-8000-{plan.number:08d}{n:04d}",
            "timestamp": at,
            "reporter": sender,
            "sender": sender,
            "source_identifier": url,
            "category": group,
            "type": kind,
            "url": url,
            "evidence_source": "manual_analysis",
        }
        | more
        for n, url in enumerate(urls(plan))
    ]
    return json.dumps(reports).encode()


class Ends:
    """What stands for the world outside: measures that bite at once, letters that arrive."""

    name = "simulated"

    def __init__(self) -> None:
        from trustdesk.interfaces.enforcer import MEASURE_KINDS

        self.kinds = MEASURE_KINDS
        self.standing: set[str] = set()
        self.done: Counter[str] = Counter()

    def plan(self, order: Any) -> str:
        return f"{order.kind} for {order.target}"

    def apply(self, order: Any) -> Any:
        from trustdesk.interfaces.enforcer import Outcome

        self.done["measures"] += order.key not in self.standing
        self.standing.add(order.key)
        return Outcome("done", "ok")

    def confirm(self, order: Any) -> Any:
        from trustdesk.interfaces.enforcer import Outcome

        return Outcome("done", "seen") if order.key in self.standing else Outcome("pending", "absent")

    def lift(self, order: Any) -> Any:
        from trustdesk.interfaces.enforcer import Outcome

        self.standing.discard(order.key)
        self.done["lifted"] += 1
        return Outcome("done", "ok")

    def confirm_lifted(self, order: Any) -> Any:
        from trustdesk.interfaces.enforcer import Outcome

        return Outcome("pending", "there") if order.key in self.standing else Outcome("done", "gone")

    def deliver(self, letter: Any) -> Any:
        from trustdesk.interfaces.channel import Delivery

        self.done["letters"] += 1
        return Delivery("sent")


class Desk:
    """A desk that lives the plans. `cases`: number of a plan → its case."""

    def __init__(self, plans: list[Plan]) -> None:
        from trustdesk.core.types import Actor
        from trustdesk.flow import delivery, enforce, plugins, work

        self.ends, self.plans = Ends(), plans
        plugins.enforcers = enforce.enforcers = lambda: {"simulated": self.ends}
        delivery.channel = lambda: self.ends
        work.load_handlers()
        self.rules, self.people = Actor("system", "rules"), (Actor("person", "1"), Actor("person", "2"))
        self.reports: dict[int, int] = {}
        self._queue: list[tuple[datetime, int, Callable[[Plan, datetime], None], Plan]] = []
        self._order = itertools.count()

    def at(self, moment: datetime, what: Callable[[Plan, datetime], None], plan: Plan) -> None:
        """Let `what` happen then, if the half-year is not over."""
        if moment < END:
            heapq.heappush(self._queue, (moment, next(self._order), what, plan))

    def live(self, heard: Callable[[int], None] = lambda done: None) -> None:
        """All of it, in the order of time; `heard` is told how many notices came so far."""
        from trustdesk.flow import work

        for plan in self.plans:
            self.at(plan.received, self._receive, plan)
        came = 0
        while self._queue:
            now, _, what, plan = heapq.heappop(self._queue)
            what(plan, now)
            while work.run_once(lambda: now):  # noqa: B023 (called at once)
                pass
            came += what == self._receive
            heard(came)

    def _receive(self, plan: Plan, now: datetime) -> None:
        from trustdesk.core.types import Channel
        from trustdesk.flow import receive

        if plan.door == "form":
            taken = receive.receive_form(form(plan), now=now)
        elif plan.door == "api":
            taken = receive.receive(receive.Incoming(xarf(plan), Channel.API, media_type="application/json"), now=now)
        else:
            taken = receive.receive(receive.Incoming(mail(plan), Channel.MAIL), now=now)
        self.reports[plan.number] = taken.report_id
        if plan.decided > plan.due:
            self.at(plan.due + STEP, self._look_at_clocks, plan)
        self.at(plan.decided, self._decide, plan)

    def _look_at_clocks(self, plan: Plan, now: datetime) -> None:
        from trustdesk.flow import tick

        tick.tick(now)

    def _case(self, plan: Plan) -> Any:
        from trustdesk.models import Case

        return Case.objects.get(first_reports=self.reports[plan.number])

    def _decide(self, plan: Plan, now: datetime) -> None:
        from trustdesk.flow import decide

        case = self._case(plan)
        choice = decide.Choice("no_violation", reasons=REASONS, automated=plan.automated)
        if plan.measured:
            law = plan.category["ground"] == "law"
            choice = decide.Choice(
                "measures", ground=plan.category["ground"], clause="" if law else "1",
                law="The law of the place, section 1" if law else "", reasons=REASONS, automated=plan.automated,
                measures=(decide.Wish(plan.category["measure"], case.asset_id, urls(plan)[0]),),
            )  # fmt: skip
        decide.decide(case.pk, choice, actor=self.rules if plan.automated else self.people[0], now=now)
        if plan.appeal is not None:
            self.at(plan.appeal[0], self._appeal, plan)

    def _appeal(self, plan: Plan, now: datetime) -> None:
        from trustdesk.core.types import Actor
        from trustdesk.flow import appeal

        assert plan.appeal is not None
        case = self._case(plan)
        by = Actor("customer", str(case.subject_id))
        decision = case.decisions.get()
        appeal.lodge(decision.pk, kind="appeal", text="This is a mistake; look again.", by=by, actor=by, now=now)
        self.at(plan.appeal[1], self._resolve, plan)

    def _resolve(self, plan: Plan, now: datetime) -> None:
        from trustdesk.flow import appeal, decide

        assert plan.appeal is not None
        open_one = self._case(plan).appeals.get()
        upheld = plan.appeal[2]
        appeal.resolve(
            open_one.pk, outcome="upheld" if upheld else "dismissed", reasons=REASONS, actor=self.people[1], now=now,
            replacement=decide.Choice("no_violation", reasons=REASONS) if upheld else None,
        )  # fmt: skip


def main() -> int:
    """Live the plans on a desk that is set up in --home; print one JSON object."""
    parser = argparse.ArgumentParser(prog="benchmarks.half_year_desk", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--take", type=int, required=True)
    options = parser.parse_args()
    plans = list(sample(options.take))
    connect(options.home)
    begun, spent, last = time.monotonic(), time.process_time(), 0

    def heard(came: int) -> None:
        nonlocal last
        if came >= last + 500:
            last = came
            print(f"{came} of {len(plans)}, {came / (time.monotonic() - begun):.1f}/s", file=sys.stderr, flush=True)

    desk = Desk(plans)
    desk.live(heard)
    took, worked = time.monotonic() - begun, time.process_time() - spent
    print(json.dumps({"notices": len(plans), "seconds": round(took, 1), "processor_seconds": round(worked, 1),
                      "mails_a_second": round(len(plans) / took, 1), **desk.ends.done}))  # fmt: skip
    return 0


def prepare(home: Path, plans: list[Plan]) -> dict[str, str]:
    """The files of a desk for these plans; the environment that it needs."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "desk.toml").write_text(DESK)
    rulebook(home / "rulebook")
    inventory(home / "inventory", plans)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
    return environment | {"TRUSTDESK_HOME": str(home), "TRUSTDESK_RULEBOOK": str(home / "rulebook")}


def connect(home: Path) -> None:
    """Use the desk in `home` from this process."""
    from benchmarks import desk

    os.environ["TRUSTDESK_RULEBOOK"] = str(home / "rulebook")
    desk.connect(home)


if __name__ == "__main__":
    sys.exit(main())

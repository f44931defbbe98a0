"""However often everything is killed: every measure takes effect once, and is seen from outside to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.doors.desk import Desk
from tests.processes import ROOT, own_desk

KILLS = 3
SITES = ("tienda-lola", "kreativ-notizen", "dateikiste", "cinelivre", "streetkicks-outlet", "jardin-potager")
CATEGORIES = ("phishing", "malware", "spam", "fraud")
DJANGO = {"DJANGO_SETTINGS_MODULE": "trustdesk.settings"}
#: Reports on four matters of each site; their cases are opened and decided, and nothing else is done yet.
DECIDE = """
import django, sys
django.setup()
from trustdesk import clock
from trustdesk.core.types import Actor
from trustdesk.flow import decide, receive, work
from trustdesk.models import Case
work.load_handlers()
for site in sys.argv[1].split(","):
    for category in sys.argv[2].split(","):
        receive.receive_form({"category": category, "urls": [f"https://{site}.example/{category}/page"], "language": "en",
            "description": "x", "reporter": {"email": f"{category}@reporter.example"}, "nonce": site}, now=clock.now())
while work.run_once(clock.now, names=["parse"]) or work.run_once(clock.now, names=["enrich"]):
    pass
for case in Case.objects.filter(state="open"):
    choice = decide.Choice("measures", "policy", {"phishing": "2.1", "malware": "2.2", "spam": "2.5"}.get(case.category, "3.1"),
        reasons="The page does what the report says; we looked at it and found it as described.",
        measures=(decide.Wish("path_block", case.asset_id, case.title),))
    decide.decide(case.pk, choice, actor=Actor("person", "1"), now=clock.now())
print(Case.objects.filter(state="enforcing").count())
"""


def applied(desk: Desk) -> list[dict[str, Any]]:
    """What the sample provider really did."""
    with urllib.request.urlopen(f"http://127.0.0.1:{desk.port('SAMPLE_CONTROL')}/state", timeout=10) as answer:
        return json.load(answer)["measures"]


@pytest.mark.slow
def test_every_measure_takes_effect_once(tmp_path: Path) -> None:
    with own_desk(tmp_path, with_tables=True) as environment:
        desk = Desk(environment)
        try:
            assert desk.command("setup").returncode == 0
            _decide_and_kill(desk)
        finally:
            desk.close()


def _decide_and_kill(desk: Desk) -> None:
    wanted = len(SITES) * len(CATEGORIES)
    arguments = [sys.executable, "-c", DECIDE, ",".join(SITES), ",".join(CATEGORIES)]
    made = subprocess.run(
        arguments, env=desk.environment | DJANGO, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.stdout.split() == [str(wanted)], made.stdout + made.stderr
    with open(desk.home / "log", "wb") as log:
        for kill in range(KILLS + 1):
            run = desk.start("run", "--no-demo", stdout=log, stderr=log)
            desk.wait_for("SAMPLE_CONTROL", "WEB", process=run)
            until = time.monotonic() + 180
            goal = wanted * (kill + 1) // (KILLS + 1)
            while desk.one("SELECT count(*) FROM trustdesk_measure WHERE state = 'confirmed'") < goal:
                assert time.monotonic() < until, (desk.home / "log").read_text()
                time.sleep(0.02)
            if kill < KILLS:
                desk.kill(run)
        did = applied(desk)
        desk.kill(run)
    assert len(did) == wanted and {m["applied"] for m in did} == {1}, did
    assert desk.one("SELECT count(*) FROM trustdesk_measure") == wanted
    assert desk.command("work", "--until-idle").returncode == 0
    verified = desk.command("verify")
    assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()

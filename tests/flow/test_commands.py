"""The commands: each that is promised is there."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command, get_commands, load_command_class

from trustdesk.cli import COMMANDS
from trustdesk.models import Case, Checkpoint, Clock


@pytest.mark.one_database
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_overview_says_more_about_itself(name: str) -> None:
    assert get_commands()[name] == "trustdesk"
    assert "usage: trustdesk" in load_command_class("trustdesk", name).create_parser("trustdesk", name).format_help()


def test_one_tick_by_hand(opened: Case, now: datetime) -> None:
    said = io.StringIO()
    with time_machine.travel(now + timedelta(days=2), tick=False):
        call_command("tick", stderr=said)
        call_command("tick", stderr=said)
    first, second = said.getvalue().splitlines()
    assert int(first.split()[0]) >= 1 and second == "0 clocks and snoozes changed"
    assert Clock.objects.get(case=opened, name="decide-phishing").state == "breached"
    assert Checkpoint.objects.exists()

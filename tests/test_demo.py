"""The demo: two weeks of a small provider, through the desk's own functions, the same again from the same seed."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.processes import TRUSTDESK, own_desk
from trustdesk.core.policies import parse_policy
from trustdesk.core.types import Category, Form
from trustdesk.demo import mailbag, week
from trustdesk.demo.people import BITES_ON, story
from trustdesk.demo.player import LEFT, ONCE, WAVE
from trustdesk.reading.identity import identity

UNTIL = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def mail(samples: Path) -> dict[str, mailbag.Sample]:
    return mailbag.load(samples)


def test_every_category_has_options_that_the_policy_knows() -> None:
    import tomllib

    file = Path(__file__).parent.parent / "rulebook" / "policies" / "example-host" / "policy.toml"
    policy = parse_policy(tomllib.loads(file.read_text("utf-8")), file=str(file), digest="")
    told = story()
    for category in Category:
        if category == Category.CHILD_SAFETY:
            continue  # there is none in the sample mail, on purpose
        for option in told["options"][category]:
            assert len(option["reasons"]) >= policy.min_reasons
            if option["outcome"] == "measures":
                clause = policy.clause(option["clause"])
                assert clause is not None and category in clause.categories, (category, option["clause"])
                assert all(policy.measure(kind) and kind in BITES_ON for kind in option["measures"])


def test_the_story_speaks_of_mail_that_is_there(mail: dict[str, mailbag.Sample]) -> None:
    assert {name for name, _, _ in LEFT} | ONCE | set(WAVE) <= mail.keys()


def test_a_fresh_message_is_another_message_that_says_the_same(mail: dict[str, mailbag.Sample]) -> None:
    from trustdesk.interfaces.reading import read

    dice = random.Random(1)
    for sample in mail.values():
        first, second = (mailbag.fresh(sample, NOW, dice) for _ in range(2))
        assert identity(first) != identity(second) != identity(sample.raw), sample.file
        was, became = read(sample.raw), read(first)
        if was.form is Form.REPLY:  # to a letter of another desk; played anew it answers nothing
            continue
        assert (was.form, was.category) == (became.form, became.category), sample.file
        assert [t.value for t in was.targets] == [t.value for t in became.targets], sample.file


def test_another_sender_is_another_sender(mail: dict[str, mailbag.Sample]) -> None:
    from trustdesk.interfaces.reading import read

    sample = mail["phishing-bank-csirt-es.eml"]
    raw = mailbag.fresh(sample, NOW, random.Random(2), other_sender=True)
    assert read(raw).reporter.email in {address for _, address in mailbag.SENDERS}
    assert raw.lower().count(b"\nfrom:") == 1


@given(st.integers(0, 10**6), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_there_is_always_somebody_to_turn_to(seed: int, at: datetime) -> None:
    dice = random.Random(seed)
    for but in (frozenset[str](), frozenset({"ana"}), frozenset({"ana", "diego"})):
        when, name = week.somebody(at, dice, but=but)
        assert name not in but
        assert at <= when <= at + timedelta(days=7)
        assert when == at or week.on_duty(name, when - timedelta(minutes=10)) or week.on_duty(name, when)


def test_mail_comes_within_the_time_given() -> None:
    found = week.arrivals(300, NOW, NOW + timedelta(days=14), random.Random(3))
    assert len(found) == 300 and found == sorted(found)
    assert found[0] >= NOW and found[-1] < NOW + timedelta(days=14)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A desk that was set up and on which nothing was played yet."""
    with own_desk(tmp_path_factory.mktemp("fresh"), with_tables=True) as environment:
        assert trustdesk(environment, "setup").returncode == 0
        yield environment


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory, fresh: dict[str, str]) -> Iterator[list[dict[str, str]]]:
    """Two desks on which three days were played from the same seed."""
    with own_desk(tmp_path_factory.mktemp("one")) as one, own_desk(tmp_path_factory.mktemp("two")) as two:
        for environment in (one, two):
            shutil.copytree(fresh["TRUSTDESK_HOME"], environment["TRUSTDESK_HOME"])
            done = trustdesk(environment, "demo", "--days", "3", "--reports", "40", "--until", UNTIL.isoformat())
            assert done.returncode == 0, done.stderr
        yield [one, two]


def trustdesk(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TRUSTDESK, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def inside(environment: dict[str, str], code: str) -> str:
    done = trustdesk(environment, "shell", "--no-imports", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_fortnight(desks: list[dict[str, str]]) -> None:
    # Which decisions draw a second look hangs on each desk's own key.
    code = (
        "from trustdesk.models import Entry\n"
        "for e in Entry.objects.exclude(chain=0).exclude(kind__startswith='review.').order_by('id'):\n"
        "  print(e.chain, e.kind, e.at.isoformat(), e.actor)"
    )
    one, two = (inside(environment, code).splitlines() for environment in desks)
    assert len(one) > 200
    assert one == two


@pytest.mark.slow
def test_the_ledger_of_the_demo_is_whole(desks: list[dict[str, str]]) -> None:
    done = trustdesk(desks[0], "verify")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_queue_breaches_and_report_have_something_to_show(desks: list[dict[str, str]]) -> None:
    code = (
        "from trustdesk.models import *\n"
        "from django.db.models import Q\n"
        "until = __import__('datetime').datetime.fromisoformat('" + UNTIL.isoformat() + "')\n"
        "hour = __import__('datetime').timedelta(hours=1)\n"
        "print(Case.objects.filter(state='open').count() > 5,\n"
        "  Case.objects.filter(state='held').count() > 0,\n"
        "  Case.objects.filter(state='waiting').count() > 0,\n"
        "  Clock.objects.filter(state='running', due_at__gt=until, due_at__lt=until + 2 * hour).exists(),\n"
        "  Clock.objects.filter(state='breached').exists(),\n"
        "  Measure.objects.filter(state='confirmed').count() > 0,\n"
        "  Notice.objects.filter(state='sent').count() > 30,\n"
        "  Case.objects.filter(report_count__gt=2).exists(),\n"
        "  Entry.objects.filter(chain__gt=0, at__gt=until).exists())"
    )
    assert inside(desks[0], code) == "True True True True True True True True False"


@pytest.mark.slow
def test_a_desk_with_cases_is_left_alone(desks: list[dict[str, str]]) -> None:
    done = trustdesk(desks[0], "demo")
    assert done.returncode == 1
    assert "--anyway" in done.stderr


def test_a_time_without_zone_is_refused(fresh: dict[str, str]) -> None:
    assert trustdesk(fresh, "demo", "--until", "2026-11-20T12:00:00").returncode == 2
    assert trustdesk(fresh, "demo", "--days", "0").returncode == 2

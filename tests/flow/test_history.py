"""An old mailbox is brought in: every letter counts in the month and under the form that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from trustdesk.insight import periods, publication
from trustdesk.queries import journal

pytestmark = pytest.mark.django_db(transaction=True)
NOTICE = (
    "I am the owner of the copyright. This DMCA takedown notice is about https://host.test/{n}, which infringes my work at "
    "https://films.example/{n}. I have a good faith belief that the use is not authorized. Under penalty of perjury, this is "
    "accurate. I ask that it be taken down.\n"
)
COUNTER = (
    "This is my counter notice under the DMCA. My files at https://host.test/{n} were taken down as a result of a mistake or "
    "misidentification. I consent to the jurisdiction of the court and accept service of process.\n"
)
RETRACTED = "I would like to retract my DMCA takedown notice about https://host.test/{n}. It was sent by mistake.\n"
PACIFIC = timezone(timedelta(hours=-8))
HISTORY = [
    (datetime(2011, 1, 27, 9, tzinfo=UTC), "dmca", NOTICE),
    (datetime(2011, 1, 31, 23, 30, tzinfo=PACIFIC), "dmca", NOTICE),  # in February where UTC is counted
    (datetime(2011, 2, 3, tzinfo=UTC), "counter_notice", COUNTER),
    (datetime(2011, 2, 28, 23, 59, 59, tzinfo=UTC), "retraction", RETRACTED),
    (datetime(2012, 2, 29, 12, tzinfo=UTC), "dmca", NOTICE),
    (datetime(2012, 2, 29, 12, tzinfo=UTC), "dmca", NOTICE),  # the same minute, another letter
    (datetime(2012, 3, 1, tzinfo=UTC), "counter_notice", COUNTER),
]  # fmt: skip


def test_a_history_counts_where_it_belongs(
    tmp_path: Path, drain: Callable[..., int], now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted: dict[str, dict[str, int]] = {}
    for n, (at, form, text) in enumerate(HISTORY):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Sender {n} <s{n}@sender.test>", "abuse@nube-norte.example", "DMCA"
        mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{n}@sender.test>"
        mail.set_content(text.format(n=n))
        (tmp_path / f"{n}.eml").write_bytes(mail.as_bytes(policy=SMTP))
        month = wanted.setdefault(at.astimezone(UTC).strftime("%Y-%m"), {})
        month[form] = month.get(form, 0) + 1
    call_command("receive", str(tmp_path), received_at="date-header")
    drain(datetime.now(UTC) + timedelta(minutes=1))  # what was received just now is due by the real clock
    with journal.reading() as read:
        source = publication.in_memory(read.lines)
    counted = {}
    for name in ("2011-01", "2011-02", "2011-03", "2012-02", "2012-03"):
        d = publication.from_source(source, periods.named("monthly", name), checkpoint=None, provider="x")["received"]
        assert sum(d["by_form"].values()) == d["total"]
        counted[name] = d["by_form"]
    assert counted.pop("2011-03") == {}
    assert counted == wanted
    capsys.readouterr()
    call_command("publish", "monthly", "--period", "2011-02")
    assert json.loads(capsys.readouterr().out)["received"]["by_form"] == wanted["2011-02"]

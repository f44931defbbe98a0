"""Mail that answers a letter of ours joins its case, and our letters name the mail that they answer (RFC 5322, 3.6.4)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.flow.conftest import Post
from trustdesk.core.types import Channel
from trustdesk.flow import receive
from trustdesk.models import Asset, Case, Notice, Report

pytestmark = pytest.mark.django_db


def mail(number: int, text: str, **headers: str) -> receive.Incoming:
    headers = {"Subject": f"phishing {number}"} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = ["From: Ana <ana@example.net>", f"Message-ID: <{number}@example.net>", *lines]
    return receive.Incoming("\r\n".join([*head, "", text, ""]).encode(), Channel.MAIL)


def test_a_reply_joins_the_case_of_the_letter_that_it_answers(site: Asset, drain, post: Post, now: datetime):
    receive.receive(mail(1, "Phishing at https://login-bancoazul.example/acceso, please act."), now=now)
    drain()
    case, letter = Case.objects.get(), Notice.objects.get()
    sent = dict(post.letters[0].headers)
    assert sent["In-Reply-To"] == sent["References"] == "<1@example.net>"
    for number, name in ((2, "In_Reply_To"), (3, "References")):
        headers = {name: letter.message_id, "Subject": f"Re: {letter.title}"}
        receive.receive(mail(number, "It is still there, see the screenshot.", **headers), now=now)
        drain()
        assert Report.objects.order_by("-id")[0].case_id == case.pk
    case.refresh_from_db()
    assert Case.objects.count() == 1 and case.unread == 2

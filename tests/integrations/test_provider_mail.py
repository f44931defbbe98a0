"""The sample mail is what its index says, is complete, and touches nobody real."""

from __future__ import annotations

import csv
import email
import ipaddress
import json
import re
from datetime import date
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from examples.provider import INVENTORY
from examples.provider.world import sites
from trustdesk.core.types import NOT_REPORTS, Category, Form
from trustdesk.integrations.inventory_csv import make
from trustdesk.interfaces.inventory import AssetRow

MAIL = Path(__file__).resolve().parents[2] / "examples" / "mail"
DAY = date(2026, 11, 18)


def index() -> list[dict[str, str]]:
    with (MAIL / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(file: Path) -> str:
    """Everything readable in a sample: header fields, text of every part and of attached messages, without defanging."""
    raw = file.read_bytes()
    if file.suffix == ".json":
        text = json.dumps(json.loads(raw), ensure_ascii=False)
    else:
        message = email.message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        pieces = [str(value) for value in message.values()]
        for part in message.walk():
            if part.get_content_maintype() in ("text", "application") and not part.is_multipart():
                octets = part.get_payload(decode=True)
                pieces.append(octets.decode("utf-8", "replace") if isinstance(octets, bytes) else "")
            elif part.get_content_type() == "message/feedback-report":
                pieces += [str(inner) for inner in part.iter_parts()] if isinstance(part, EmailMessage) else []
        text = "\n".join(pieces)
    for fanged, plain in (("[.]", "."), ("[:]", ":"), ("hxxp", "http"), ("hXXp", "http")):
        text = text.replace(fanged, plain)
    return text


def test_index_and_folder_name_the_same_files() -> None:
    named = [row["file"] for row in index()]
    assert len(named) == len(set(named)) >= 64
    assert set(named) == {file.name for file in MAIL.iterdir()} - {"index.csv", "README.md"}


def test_every_category_form_and_language_is_there() -> None:
    rows = index()
    forms, categories = {row["form"] for row in rows}, {row["category"] for row in rows} - {""}
    assert categories == {c.value for c in Category} - {"child_safety"}
    assert forms == {f.value for f in Form} - {"alert"}  # alerts come from detectors, not by mail
    assert {row["language"] for row in rows} - {""} == {"en", "es", "pt", "de", "fr"}
    for row in rows:
        assert row["note"], row["file"]
        assert not (row["category"] and row["form"] in NOT_REPORTS), row["file"]


@pytest.mark.parametrize("row", index(), ids=lambda row: row["file"])
def test_the_targets_stand_in_the_message(row: dict[str, str]) -> None:
    text = content(MAIL / row["file"])
    for target in row["targets"].split():
        assert target.removesuffix("/") in text, target


@pytest.mark.parametrize("row", index(), ids=lambda row: row["file"])
def test_nobody_real_is_touched(row: dict[str, str]) -> None:
    text = content(MAIL / row["file"])
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s<>\"')]+", text)}
    hosts |= {host.rstrip(".") for host in re.findall(r"@([A-Za-z0-9.-]+)", text)}
    reserved = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
    for host in hosts - {""}:
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            assert host.endswith(".example") or "." not in host or row["file"].startswith("broken-from"), host
        else:
            assert any(address in network for network in reserved), host
    for found in re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text):
        if row["file"] != "broken-from-unparseable-en.eml" or found != "300.1.2.3":
            assert any(ipaddress.ip_address(found) in network for network in reserved), found


def test_what_is_reported_can_be_visited() -> None:
    """A person who follows a report in the demo finds the page that it is about."""
    for row in index():
        for target in row["targets"].split():
            site = sites().get(urlsplit(target).hostname or "")
            assert site is None or site.page(urlsplit(target).path), target


def test_most_are_about_the_sample_provider_and_some_are_not() -> None:
    assets = [row for row in make({"path": str(INVENTORY)}).read() if isinstance(row, AssetRow)]
    current = [a for a in assets if (a.since is None or a.since <= DAY) and (a.until is None or a.until > DAY)]
    names = {a.value for a in current if a.kind in ("domain", "site", "account")}
    networks = [ipaddress.ip_network(a.value) for a in current if a.kind == "prefix"]

    def ours(target: str) -> bool:
        host = (urlsplit(target).hostname or "") if "//" in target else target
        try:
            return any(ipaddress.ip_address(host) in n for n in networks)
        except ValueError:
            return any(host == name or host.endswith("." + name) for name in names)

    with_targets = [row for row in index() if row["targets"]]
    about_us = [row for row in with_targets if any(ours(t) for t in row["targets"].split())]
    strangers = [row["file"] for row in with_targets if row not in about_us]
    assert strangers == [
        "not-ours-former-customer-en.eml",
        "not-ours-spam-de.eml",
        "phishing-not-ours-en.eml",
    ]
    assert all(ours(t) for row in about_us for t in row["targets"].split())

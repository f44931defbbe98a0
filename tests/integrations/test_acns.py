"""ACNS 2.0 notices: the XML block says what the letter around it says."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.reading.samples import mail
from trustdesk.core.types import Category, Role
from trustdesk.interfaces.reading import read

BLOCK = """<?xml version="1.0" encoding="UTF-8"?>
<Infringement xmlns="http://www.acns.net/ACNS">
 <Case><ID>A-1</ID></Case>
 <Complainant><Entity>Example Films Ltd.</Entity><Email>copyright@films.example</Email></Complainant>
 <Source><TimeStamp>2026-11-01T22:00:00Z</TimeStamp><IP_Address>192.0.2.77</IP_Address><Port>51413</Port><DNS_Name>host77.provider.example</DNS_Name></Source>
 <Content><Item><Title>A Sample</Title><Hash Type="SHA1">da39a3ee5e6b4b0d3255bfef95601890afd80709</Hash></Item></Content>
</Infringement>
"""


def test_block_in_text() -> None:
    reading = read(
        mail("Notice of copyright infringement.\nSee http://films.example/notice\n\n" + BLOCK, subject="Infringement")
    )
    assert reading.parser == "acns"
    assert reading.category is Category.COPYRIGHT
    assert {i.value for i in reading.targets} == {"192.0.2.77"}
    assert reading.incident_at == datetime(2026, 11, 1, 22, tzinfo=UTC)
    assert reading.principal is not None and reading.principal.organisation == "Example Films Ltd."
    assert any(i.kind == "hash" and i.role is Role.REFERENCE for i in reading.indicators)
    claim = reading.targets[0]
    assert reading.text[claim.start : claim.end] == "192.0.2.77"


def test_damaged_block_is_a_problem_and_the_letter_is_read() -> None:
    reading = read(
        mail(
            "Copyright infringement from IP address 192.0.2.77\n\n" + BLOCK.replace("</Case>", "") + BLOCK,
            subject="Infringement",
        )
    )
    assert "acns_damaged" in {p.code for p in reading.problems}
    assert "192.0.2.77" in {i.value for i in reading.targets}


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
    reading = read(
        mail(
            "Copyright infringement\n" + BLOCK.replace("<Infringement", "<Infringement>" + bomb + "<Infringement", 1),
            subject="x",
        )
    )
    assert "acns_damaged" in {p.code for p in reading.problems}

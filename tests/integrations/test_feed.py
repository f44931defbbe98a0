"""JSON and JSON-lines feeds."""

from __future__ import annotations

import json

from trustdesk.core.types import Role
from trustdesk.interfaces.reading import read


def test_json_lines_with_a_bad_line() -> None:
    lines = [
        json.dumps({"src_ip": f"192.0.2.{n}", "dst_ip": "198.51.100.1", "type": "ssh brute force"}) for n in range(1, 4)
    ]
    reading = read("\n".join([*lines, "{broken"]).encode())
    assert reading.parser == "feed"
    assert {i.value for i in reading.targets} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    assert next(i for i in reading.indicators if i.value == "198.51.100.1").role is Role.REFERENCE
    assert [p.where for p in reading.problems] == ["1:4"]


def test_events_of_an_object() -> None:
    reading = read(json.dumps({"events": [{"url": "http://evil.test/x", "hostname": "evil.test"}]}).encode())
    assert {i.value for i in reading.targets} == {"http://evil.test/x"}


def test_json_about_nothing_is_not_a_feed() -> None:
    assert read(b'{"hello": "world"}').parser != "feed"

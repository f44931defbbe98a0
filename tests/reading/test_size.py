# ruff: noqa: E501  (samples in one line)
"""Every format grows in proportion: time linear in the size, memory at most ten times the message and 100 MB more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_CHILD = r"""
import base64, json, resource, sys, time
from trustdesk.interfaces.reading import installed, read
H = b'From: a@b.example\r\nSubject: abuse report\r\nMIME-Version: 1.0\r\n'
B64 = b'Content-Transfer-Encoding: base64\r\n\r\n'
V3 = json.dumps({'Version': '3', 'ReporterInfo': {'ReporterOrg': 'E', 'ReporterOrgDomain': 'r.example', 'ReporterOrgEmail': 'r@r.example'},
    'Report': {'ReportClass': 'Activity', 'ReportType': 'Spam', 'Date': '2026-11-02T10:00:00Z', 'SourceIp': '192.0.2.1'}}).encode()
def fill(line, size): return line * (size // len(line))
FORMATS = {
    'csv': lambda n: H + b'Content-Type: text/csv\r\n\r\nip,url\r\n"' + fill(b'192.0.2.1,http://a.test\r\n', n),
    'arf': lambda n: H + b'Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n'
        b'Feedback-Type: abuse\r\n' + fill(b'Reported-URI: http://192.0.2.1/a\r\n', n) + b'\r\n--b--\r\n',
    'xarf': lambda n: b'[' + b','.join([V3] * (n // len(V3))) + b']',
    'x-arf': lambda n: H + b'X-XARF: BULK\r\n\r\n---\r\nReported-From: a@b.example\r\nReport-Type: spam\r\nSource-Type: ip\r\n'
        b'Source: 192.0.2.1\r\n' + fill(b'  - a\r\n b\r\n', n),
    'smime': lambda n: H + b'Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n' + B64 + base64.encodebytes(
        b'\x30\x84' + (n * 3 // 4).to_bytes(4, 'big') + b'\x05\x00' * (n * 3 // 8)),
    'tnef': lambda n: H + b'Content-Type: application/ms-tnef; name=winmail.dat\r\n' + B64 + base64.encodebytes(
        b'\x78\x9f\x3e\x22\x01\x00\x01\x03\x90\x06\x00' + (n * 7 // 10).to_bytes(4, 'little') + b'<html' * (n // 7)),
    'clear': lambda n: H + b'\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n' + fill(b'-----BEGIN PGP MESSAGE-----\r\n', n),
}
installed(); read(b'From: a@b.example\n\nhello http://x.test/')
out = {}
for name, make in FORMATS.items():
    spent = []
    for size in (int(sys.argv[1]), int(sys.argv[2])):
        raw = make(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        read(raw)
        spent.append(time.process_time() - started)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    out[name] = {'small': spent[0], 'large': spent[1], 'over': grown - 10 * len(raw)}
print(json.dumps(out))
"""
SMALL, LARGE = 1_500_000, 6_000_000


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, float]]:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _CHILD, str(SMALL), str(LARGE)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["csv", "arf", "xarf", "x-arf", "smime", "tnef", "clear"])
def test_grows_in_proportion(measured: dict[str, dict[str, float]], name: str) -> None:
    found = measured[name]
    # Twice what is proportional, and half a second for a busy machine; what is quadratic takes sixteen times as long.
    assert found["large"] < 2 * found["small"] * LARGE / SMALL + 0.5, found
    assert found["large"] < 8, found
    assert found["over"] < 100e6, found

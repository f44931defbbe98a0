# ruff: noqa: E501  (sample messages)
"""The documented limits hold: time and memory of messages made to hurt, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_CHILD = """
import base64, gzip, io, json, resource, sys, time, zipfile
from trustdesk.interfaces.reading import installed, read
H = b'From: a@b.example\\r\\nSubject: abuse report\\r\\nMIME-Version: 1.0\\r\\n'
def bomb():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as z:
        for n in range(8):
            z.writestr(f'{n}.csv', b'0' * 30_000_000)
    return packed.getvalue()
def attached(kind, name, data):
    return H + b'Content-Type: ' + kind + b'; name=' + name + b'\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n' + base64.encodebytes(data)
CASES = {
    'mime_200': lambda: H + b''.join(b'Content-Type: multipart/mixed; boundary="b%d"\\r\\n\\r\\n--b%d\\r\\n' % (n, n) for n in range(200)) + b'\\r\\nhttp://evil.test/',
    'message_2000': lambda: (H + b'Content-Type: message/rfc822\\r\\n\\r\\n') * 2000,
    'parts_100000': lambda: H + b'Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n' + b'--b\\r\\n\\r\\nx\\r\\n' * 100_000,
    'mail_40mb': lambda: H + b'\\r\\n' + b'some text 192.0.2.1 and http://evil.test/abc\\r\\n' * 870_000,
    'links_5000': lambda: H + b'\\r\\n' + b''.join(b'http://evil%d.test/abc\\n' % n for n in range(5000)),
    'zip_bomb': lambda: attached(b'application/zip', b'a.zip', bomb()),
    'gzip_bomb': lambda: attached(b'application/gzip', b'a.csv.gz', gzip.compress(b'0' * 200_000_000)),
    'nul': lambda: H + b'\\r\\n' + b'\\0' * 1_000_000,
    'header_10mb': lambda: H + b'X: ' + b'a' * 10_000_000 + b'\\r\\n\\r\\nx',
    'html_deep': lambda: H + b'Content-Type: text/html\\r\\n\\r\\n' + b'<div>' * 200_000 + b'http://evil.test/',
    'json_deep': lambda: b'{"Report":' + b'[' * 500_000,
}
raw = CASES[sys.argv[1]]()
installed(); read(b'From: a@b.example\\n\\nhello http://x.test/')
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
reading = read(raw)
spent = time.process_time() - started
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({'seconds': spent, 'megabytes': (after - before) / 1024, 'size': len(raw) / 1e6, 'codes': sorted({p.code for p in reading.problems}), 'indicators': len(reading.indicators)}))
"""


def run(case: str) -> dict[str, object]:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", _CHILD, case], capture_output=True, text=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("mime_200", "mime_too_deep"),
        ("message_2000", "mime_too_deep"),
        ("parts_100000", "mime_too_many_parts"),
        ("mail_40mb", "text_too_long"),
        ("links_5000", None),
        ("zip_bomb", "archive_too_large"),
        ("gzip_bomb", "archive_too_large"),
        ("nul", None),
        ("header_10mb", "header_too_large"),
        ("html_deep", None),
        ("json_deep", "json_invalid"),
    ],
)
def test_hostile(case: str, code: str | None) -> None:
    result = run(case)
    assert code is None or code in result["codes"], result
    assert result["seconds"] < 4, result  # 2 s on a quiet machine; processor time doubles on one that is shared
    assert result["megabytes"] < 200, result
    if case == "links_5000":
        assert result["indicators"] == 5000
    if case in ("mime_200", "html_deep"):
        assert result["indicators"] == 1

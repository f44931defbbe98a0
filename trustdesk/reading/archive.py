"""What is inside zip and gzip attachments, within limits that a bomb cannot break."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from trustdesk.reading.mime import Budget

_TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".log", ".json", ".jsonl", ".xml", ".eml", ".html", ".htm", ".zip", ".gz")
_CHUNK = 256 * 1024


def is_archive(name: str, content_type: str, data: bytes) -> bool:
    """True for a zip or gzip file by its first bytes (names and types lie)."""
    return data[:4] == b"PK\x03\x04" or data[:3] == b"\x1f\x8b\x08"


def members(data: bytes, name: str, budget: Budget, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the readable members of an archive. Ends quietly at the limits, with a problem noted."""
    if depth >= budget.limits.archive_depth:
        budget.note("archive_too_deep", "an archive inside archives was not opened", name[:100])
        return
    for inner, content in _zip(data, name, budget) if data[:4] == b"PK\x03\x04" else _gzip(data, name, budget):
        if is_archive(inner, "", content):
            yield from members(content, inner, budget, depth + 1)
        else:
            yield inner, content


def _spend(budget: Budget, size: int, name: str) -> bool:
    budget.unpacked += size
    if budget.unpacked > budget.limits.unpacked_bytes:
        budget.note(
            "archive_too_large", "the archive unpacks to more than the limit; the rest was not read", name[:100]
        )
        return False
    return True


def _zip(data: bytes, name: str, budget: Budget) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, IndexError):
        budget.note("archive_damaged", "the zip file is damaged", name[:100])
        return
    for info in infos:
        budget.members += 1
        if budget.members > budget.limits.unpacked_members:
            budget.note("archive_too_many", f"more than {budget.limits.unpacked_members} files in archives", name[:100])
            return
        if info.is_dir() or not info.filename.lower().endswith(_TEXT_ENDINGS):
            continue
        if info.flag_bits & 1:
            budget.note("archive_encrypted", "a file in the archive is encrypted", name[:100])
            continue
        unpacked = io.BytesIO()  # gives its bytes away without a second copy
        try:
            with archive.open(info) as file:
                while chunk := file.read(_CHUNK):
                    if not _spend(budget, len(chunk), name):
                        break
                    unpacked.write(chunk)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
            budget.note("archive_damaged", "a file in the archive is damaged", name[:100])
        if unpacked.tell():
            yield info.filename, unpacked.getvalue()
        if budget.unpacked > budget.limits.unpacked_bytes:
            return


def _gzip(data: bytes, name: str, budget: Budget) -> Iterator[tuple[str, bytes]]:
    unpacked = io.BytesIO()  # gives its bytes away without a second copy
    stream = zlib.decompressobj(31)
    rest = data
    try:
        while rest and not stream.eof:
            chunk = stream.decompress(rest, _CHUNK)
            rest = stream.unconsumed_tail
            if not _spend(budget, len(chunk), name):
                break
            unpacked.write(chunk)
            if not chunk and not rest:
                break
    except zlib.error:
        budget.note("archive_damaged", "the gzip file is damaged", name[:100])
    if unpacked.tell():
        yield (name[:-3] if name.lower().endswith(".gz") else name), unpacked.getvalue()

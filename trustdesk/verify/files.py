"""The evidence store against its rows: all that should be here is, what was erased is not, nothing is beside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trustdesk.models import Evidence
from trustdesk.verify.findings import Finding
from trustdesk.verify.reading import Unreadable, read_all

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Doubt:
    """What may have been caught in mid-step: asked again when the frozen view is over."""

    digest: str
    finding: Finding


def path_of(folder: Path, digest: str) -> Path:
    """Where the bytes of a digest are: two digits, then all of them."""
    return folder / digest[:2] / digest


def where_of(folder: Path, path: Path) -> str:
    """A file of the store, for a finding."""
    return f"evidence/{path.relative_to(folder)}"


def check(folder: Path, *, doubts: list[Doubt], step: Callable[[int], None]) -> Iterator[Finding]:
    """Findings about files. Missing files and files that outlived their erasure go to `doubts`, because a desk at work
    may be between the row and the file."""
    rows = read_all(Evidence, ("digest",), "digest", "size", "erased_at")
    for number, values in enumerate(rows, 1):
        if isinstance(values, Unreadable) or not _is_digest(values[0]):
            continue  # named with the rows
        digest, size, erased_at = values
        path = path_of(folder, digest)
        where = where_of(folder, path)
        try:
            found, length = _digest(path)
        except FileNotFoundError:
            if erased_at is None:
                doubts.append(Doubt(digest, Finding("evidence.missing", where, "the file is not there")))
        except OSError as error:
            yield Finding("evidence.unreadable", where, f"{type(error).__name__}: {error.strerror}")
        else:
            if erased_at is not None:
                text = f"was erased on {erased_at:%Y-%m-%d}, and the file is there"
                doubts.append(Doubt(digest, Finding("evidence.not_erased", where, text)))
            elif found != digest:
                yield Finding("evidence.changed", where, f"its bytes have the digest {found}")
            elif length != size:
                yield Finding("evidence.size", where, f"has {length} bytes; its row says {size}")
        if not number % 100:
            step(100)


def recheck(folder: Path, doubts: list[Doubt]) -> Iterator[Finding]:
    """What is still in doubt now, with fresh eyes on rows and files."""
    for doubt in doubts:
        erased = Evidence.objects.filter(pk=doubt.digest).values_list("erased_at", flat=True).first()
        if path_of(folder, doubt.digest).exists() == (erased is not None):
            yield doubt.finding


def strays(folder: Path) -> Iterator[Finding]:
    """Files that no row knows: notes, because a door that was killed after the bytes were kept and before the row was
    written leaves one behind, and its sender was never told that we have it."""
    if not folder.is_dir():
        return
    for part in sorted(folder.iterdir()):
        names = sorted(p.name for p in part.iterdir()) if part.is_dir() else []
        for at in range(0, len(names), 500):
            some = names[at : at + 500]
            known = set(Evidence.objects.filter(pk__in=some).values_list("pk", flat=True))
            for name in some:
                if name not in known or name[:2] != part.name:
                    yield Finding("evidence.stray", where_of(folder, part / name), "no row knows this file", note=True)
        if not part.is_dir():
            yield Finding("evidence.stray", where_of(folder, part), "no row knows this file", note=True)


def _digest(path: Path) -> tuple[str, int]:
    sha, length = hashlib.sha256(), 0
    with open(path, "rb") as source:
        while piece := source.read(PIECE):
            sha.update(piece)
            length += len(piece)
    return sha.hexdigest(), length


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)

"""The journal itself: every chain from its first entry to its tip, and what its entries lead to.

One pass in the order (chain, seq), which is that of the table's own index. What is kept of a chain ends with the
chain; what its entries wrote about rows goes to `Named`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trustdesk.models import Case, DeskChain, Entry
from trustdesk.verify import compare, hashing
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.named import Named, Written
from trustdesk.verify.reading import Unreadable, read_all, read_where
from trustdesk.verify.replay import Bad, Story

COLUMNS = ("id", "chain", "seq", "kind", "at", "actor", "body", "prev", "hash")
#: Reads a row's key from its name in a body; None for a table or key that cannot be.
Keys = Callable[[str, str], int | str | None]
#: Chains compared with their rows in one go.
BATCH = 200


@dataclass(slots=True)
class Chain:
    """A chain as far as it was read: the tip, the story (of a case), and what was written about rows."""

    number: int
    seq: int = 0
    hash: str = ""
    last_id: int = 0
    story: Story | None = None
    written: dict[tuple[str, int | str], Written] = field(default_factory=dict)
    told: bool = True  # false once an entry made no sense: comparing what follows would only add noise


def check(
    named: Named, *, keys: Callable[[str, str], int | str | None], step: Callable[[int], None]
) -> Iterator[Finding]:
    """Findings about entries, tips and replayed state; `step(n)` is told of progress."""
    done: list[Chain] = []
    chain: Chain | None = None
    for number, entry in enumerate(read_all(Entry, ("chain", "seq"), *COLUMNS), 1):
        if isinstance(entry, Unreadable):
            yield Finding("row.unreadable", row("entry", entry.key), entry.why)
            continue
        if chain is None or chain.number != entry[1]:
            if chain is not None:
                done.append(chain)
            if len(done) >= BATCH:
                yield from _finish(done, named)
                done = []
            chain = Chain(entry[1], story=Story(entry[1]) if entry[1] else None)
        yield from _entry(chain, entry, keys)
        if not number % 1000:
            step(1000)
    if chain is not None:
        done.append(chain)
    yield from _finish(done, named)
    yield from _desk(chain_zero_seen=Entry.objects.filter(chain=0).exists())


def _entry(chain: Chain, entry: tuple[Any, ...], keys: Keys) -> Iterator[Finding]:
    ident, number, seq, kind, at, actor, body, prev, digest = entry
    where = row("entry", ident)
    if seq != chain.seq + 1:
        yield Finding("chain.gap", where, f"seq {seq} of chain {number} follows seq {chain.seq}")
    if prev != chain.hash:
        yield Finding(
            "chain.broken", where, f"seq {seq} of chain {number} does not name the hash of the entry before it"
        )
    if digest != hashing.of_entry(number, seq, kind, at, actor, prev, body):
        yield Finding(
            "entry.changed", where, f"seq {seq} of chain {number} does not have the hash that its content gives"
        )
    if ident <= chain.last_id:
        yield Finding("entry.order", where, f"seq {seq} of chain {number} has a smaller id than the entry before it")
    chain.seq, chain.hash, chain.last_id = seq, digest, ident
    try:
        told = json.loads(body)
        for name, row_digest in told["rows"].items():
            model, _, text = name.partition("/")
            key = keys(model, text)
            if key is None or not isinstance(row_digest, str):
                yield Finding("entry.unknown_row", where, f"names {name[:80]}, which is no row of the desk's")
            else:
                chain.written[model, key] = Written(model, key, ident, number, seq, row_digest)
        if chain.story is not None and chain.told:
            chain.story.tell(kind, hashing.stamp(at), actor, told)
    except Bad as error:
        chain.told = False
        yield Finding(error.code, where, f"seq {seq} of chain {number}: {error}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        chain.told = False
        text = f"{type(error).__name__} {error}"[:200]
        yield Finding("entry.unreadable", where, f"seq {seq} of chain {number} ({kind}) cannot be replayed: {text}")


def _finish(chains: list[Chain], named: Named) -> Iterator[Finding]:
    named.write(written for chain in chains for written in chain.written.values())
    tips: dict[int, tuple[int, str] | None] = {}
    for tip in read_where(Case, "id", [c.number for c in chains], "pk", "seq", "head"):
        if isinstance(tip, Unreadable):
            yield Finding("row.unreadable", row("case", tip.key), tip.why)
        else:
            tips[tip[0]] = tip[1:]
    if any(chain.number == 0 for chain in chains):
        desk = [d for d in read_all(DeskChain, ("pk",), "pk", "seq", "head") if not isinstance(d, Unreadable)]
        tips[0] = desk[0][1:] if desk else None
    for chain in chains:
        # A case that is gone altogether is named with the rows that are missing.
        if chain.number in tips and tips[chain.number] != (chain.seq, chain.hash):
            yield _tip(chain, tips[chain.number])
    yield from compare.check([c.story for c in chains if c.story is not None and c.told])


def _tip(chain: Chain, tip: tuple[int, str] | None) -> Finding:
    where = row("case", chain.number) if chain.number else row("deskchain", 1)
    stands = "there is no tip" if tip is None else f"the tip says seq {tip[0]}, {str(tip[1])[:16]}…"
    ends = f"chain {chain.number} ends with seq {chain.seq}, {chain.hash[:16]}…"
    return Finding("chain.tip", where, f"{stands}; {ends}")


def _desk(*, chain_zero_seen: bool) -> Iterator[Finding]:
    """The desk's own chain has one tip, row 1, and none while it is empty."""
    for tip in read_all(DeskChain, ("pk",), "pk", "seq"):
        if isinstance(tip, Unreadable):
            yield Finding("row.unreadable", row("deskchain", tip.key), tip.why)
        elif tip[0] != 1 or (tip[1] and not chain_zero_seen):
            yield Finding("chain.tip", row("deskchain", tip[0]), f"says seq {tip[1]} and stands for no chain")

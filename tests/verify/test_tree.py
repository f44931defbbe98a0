"""RFC 6962 hashing, three times: the writer's, the checker's, and the RFC's own words as slow as they stand there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.core import journal
from trustdesk.flow.checkpoint import Root
from trustdesk.verify import hashing
from trustdesk.verify.tree import Tree, root_from_path

#: Inputs and roots of the tree of n of these, computed from section 2.1 by `rfc_root` below and by hand for n < 3;
#: they are the inputs that implementations of Certificate Transparency test each other with.
INPUTS = [bytes.fromhex(x) for x in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def rfc_root(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc_root(data[:k]) + rfc_root(data[k:])).digest()


def rfc_path(m: int, data: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*rfc_path(m, data[:k]), rfc_root(data[k:])]
    return [*rfc_path(m - k, data[k:]), rfc_root(data[:k])]


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


@pytest.mark.parametrize("count", range(9))
def test_golden_roots(count: int) -> None:
    data = INPUTS[:count]
    golden = ROOTS[count - 1] if count else hashlib.sha256(b"").hexdigest()
    assert rfc_root(data).hex() == golden
    assert journal.merkle_root([journal.leaf_hash(d) for d in data]).hex() == golden
    streamed = Root()
    for one in data:
        streamed.add(journal.leaf_hash(one))
    assert streamed.value().hex() == golden
    assert streamed.leaves == count
    tree = Tree()
    for one in data:
        tree.insert(len(tree), leaf(one))
    assert tree.root().hex() == golden


changes = st.lists(
    st.tuples(st.sampled_from(["append", "append", "insert", "set", "root"]), st.integers(0, 200), st.binary(max_size=4)),
    max_size=60,
)  # fmt: skip


@given(changes)
@settings(max_examples=150, deadline=None)
def test_a_tree_that_changes_is_the_tree_made_anew(steps: list[tuple[str, int, bytes]]) -> None:
    tree, data = Tree(), list[bytes]()
    for verb, at, value in steps:
        if verb == "append" or not data:
            tree.insert(len(data), leaf(value))
            data.append(value)
        elif verb == "insert":
            tree.insert(at % len(data), leaf(value))
            data.insert(at % len(data), value)
        elif verb == "set":
            tree.set(at % len(data), leaf(value))
            data[at % len(data)] = value
        else:
            assert tree.root() == rfc_root(data)
    assert len(tree) == len(data)
    assert tree.root() == rfc_root(data)
    for m in range(len(data)):
        assert tree.path(m) == rfc_path(m, data)


@given(st.integers(1, 70), st.data())
@settings(max_examples=100, deadline=None)
def test_a_proof_leads_to_the_root_and_no_other_does(count: int, data: st.DataObject) -> None:
    leaves = [leaf(bytes([n])) for n in range(count)]
    tree = Tree()
    for n, one in enumerate(leaves):
        tree.insert(n, one)
    at = data.draw(st.integers(0, count - 1))
    path = tree.path(at)
    assert root_from_path(leaves[at], at, count, path) == tree.root()
    assert root_from_path(leaf(b"another"), at, count, path) != tree.root()
    with pytest.raises(ValueError, match="path"):
        root_from_path(leaves[at], at, count, [*path, b"x" * 32])
    if path:
        with pytest.raises(ValueError, match="path"):
            root_from_path(leaves[at], at, count, path[:-1])


def test_no_proof_outside_the_tree() -> None:
    with pytest.raises(IndexError):
        Tree().path(0)
    with pytest.raises(ValueError, match="leaf"):
        root_from_path(b"", 1, 1, [])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), values, max_size=4), st.datetimes(timezones=st.timezones(), min_value=None))
@settings(max_examples=200, deadline=None)
def test_writer_and_checker_hash_alike(columns: dict[str, object], at: object) -> None:
    from datetime import UTC, datetime

    assert isinstance(at, datetime)
    try:
        at.astimezone(UTC)
    except OverflowError:
        return
    columns = {**columns, "at": at}
    key = b"k"
    assert hashing.of_row(key, "case", columns) == journal.row_digest(key, "case", columns)
    assert hashing.of_rows(key, "indicators", [columns] * 2) == journal.group_digest(key, "indicators", [columns] * 2)
    body = journal.canonical(columns)
    theirs = journal.entry_hash(chain=1, seq=2, kind="case.opened", at=at, actor="person:1", body=body, prev="p")
    assert hashing.of_entry(1, 2, "case.opened", at, "person:1", "p", body) == theirs
    theirs = journal.checkpoint_hash(at=at, entries=1, leaves=2, root="r", prev="p", key="k")
    assert hashing.of_checkpoint(at, 1, 2, "r", "p", "k") == theirs
    assert hashing.of_head(1, 2, "h") == journal.head_leaf(1, 2, "h")

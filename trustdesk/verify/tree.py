"""A Merkle tree (RFC 6962, 2.1) that can be changed leaf by leaf and gives roots and inclusion proofs.

Every level is one flat byte array of 32-byte nodes; a node without a right neighbour is carried up unchanged, which is
the RFC's split at the largest power of two. Replaying many checkpoints only recomputes what lies above changed leaves.
"""

from __future__ import annotations

import hashlib

from trustdesk.verify.hashing import of_pair

SIZE = 32


class Tree:
    """Leaves are hashes already. Memory: 64 bytes a leaf."""

    def __init__(self) -> None:
        self._levels = [bytearray()]
        self._touched: set[int] = set()
        self._from = 0  # every leaf from here on is new or has moved

    def __len__(self) -> int:
        return len(self._levels[0]) // SIZE

    def insert(self, index: int, leaf: bytes) -> None:
        """Put a leaf before the one at `index`; at the end if `index` is their number."""
        self._levels[0][index * SIZE : index * SIZE] = leaf
        self._from = min(self._from, index)

    def set(self, index: int, leaf: bytes) -> None:
        """Replace a leaf."""
        self._levels[0][index * SIZE : (index + 1) * SIZE] = leaf
        self._touched.add(index)

    def root(self) -> bytes:
        """Root over all leaves; of no leaves, the hash of nothing."""
        if not len(self):
            return hashlib.sha256(b"").digest()
        self._rebuild()
        return bytes(self._levels[-1])

    def path(self, index: int) -> list[bytes]:
        """Audit path of a leaf, from the bottom up (RFC 6962, 2.1.1). Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        self._rebuild()
        path = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling * SIZE < len(level):
                path.append(bytes(level[sibling * SIZE : (sibling + 1) * SIZE]))
            index //= 2
        return path

    def _rebuild(self) -> None:
        touched, first, height = self._touched, self._from, 0
        while len(self._levels[height]) > SIZE:
            below = self._levels[height]
            height += 1
            if height == len(self._levels):
                self._levels.append(bytearray())
            level = self._levels[height]
            nodes = len(below) // SIZE
            parents = (nodes + 1) // 2
            first //= 2
            touched = {index // 2 for index in touched if index // 2 < first}
            level[parents * SIZE :] = bytes(max(0, parents * SIZE - len(level)))
            for index in (*touched, *range(first, parents)):
                at = 2 * index * SIZE
                pair = below[at : at + 2 * SIZE]
                node = of_pair(bytes(pair[:SIZE]), bytes(pair[SIZE:])) if len(pair) == 2 * SIZE else pair
                level[index * SIZE : (index + 1) * SIZE] = node
        del self._levels[height + 1 :]
        self._touched, self._from = set(), len(self)


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2). Raises ValueError when the path has a wrong length."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    node, last, rest = leaf, size - 1, list(path)
    while last:
        if index & 1 or index < last:  # has a sibling on this level
            if not rest:
                raise ValueError("the path is too short")
            other = rest.pop(0)
            node = of_pair(other, node) if index & 1 else of_pair(node, other)
        index >>= 1
        last >>= 1
    if rest:
        raise ValueError("the path is too long")
    return node

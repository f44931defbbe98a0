"""Where the lake lies: a folder or a bucket, by one interface.

A name is `data/fact_case/month=2026-11/b000003-1f….parquet`. Every `put` is all or nothing: a local file is written
beside and renamed, an object in a bucket appears whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Taken(Exception):
    """`create` found that somebody made this name before."""


class Store:
    """One lake's files. `place` is a folder, or a URL that obstore knows: `s3://bucket/prefix`, `gs://…`, `az://…`.

    `options` are those of the bucket (`endpoint`, `region`, `access_key_id` …); without them obstore looks where the
    tools of the provider look (environment variables, instance roles).
    """

    def __init__(self, place: str, options: Mapping[str, Any] | None = None) -> None:
        from obstore.store import LocalStore, from_url

        self.place = place.rstrip("/")
        self.local = "://" not in place
        self._store: Any
        if self.local:
            folder = Path(place).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            self.place = str(folder)
            self._store = LocalStore(prefix=folder)
        else:
            given: dict[str, Any] = {"config": dict(options or {})}
            if str(given["config"].get("endpoint", "")).startswith("http://"):
                given["client_options"] = {"allow_http": True}
            self._store = from_url(self.place, **given)

    def put(self, name: str, content: bytes) -> None:
        """Write or replace."""
        import obstore

        obstore.put(self._store, name, content)

    def create(self, name: str, content: bytes) -> None:
        """Write what must not be there yet. Raises Taken."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._store, name, content, mode="create")
        except AlreadyExistsError as error:
            raise Taken(name) from error

    def get(self, name: str) -> bytes:
        """The content. Raises FileNotFoundError."""
        import obstore

        return bytes(obstore.get(self._store, name).bytes())

    def names(self, prefix: str) -> Iterator[str]:
        """Every name below `prefix`, unordered."""
        import obstore

        for page in obstore.list(self._store, prefix=prefix):
            for meta in page:
                yield meta["path"]

    def delete(self, names: list[str]) -> None:
        """Remove; what is not there any more is no fault."""
        import obstore

        for name in names:
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                continue

    def url(self, name: str) -> str:
        """The name as an engine would open it: a path, or the bucket's URL."""
        return f"{self.place}/{name}"

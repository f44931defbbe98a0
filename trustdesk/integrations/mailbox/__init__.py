"""Channel into a local maildir: what the desk would send, where a person can read it and no network is needed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from trustdesk.integrations.configuring import checked
from trustdesk.integrations.letters import BadLetter, as_bytes
from trustdesk.interfaces.channel import Delivery, Letter


class Mailbox:
    """Writes each letter once, atomically and durably, into a maildir (`tmp` → `new`).

    Configuration: `path`, the maildir's directory (made when absent). A letter's file is named after its Message-ID, so
    a second delivery finds the first, also after a mail reader has moved it to `cur`.
    """

    name = "mailbox"

    def __init__(self, config: Mapping[str, object]) -> None:
        self._path = Path(checked(self.name, config, path=str)["path"])

    def deliver(self, letter: Letter) -> Delivery:
        """See Channel. `sent` means: on disk, flushed, with its directory entry."""
        try:
            data = as_bytes(letter, now=datetime.now(UTC)).replace(b"\r\n", b"\n")  # as maildir readers expect
        except BadLetter as error:
            return Delivery("failed", error.code, str(error))
        unique = hashlib.sha256(letter.message_id.encode()).hexdigest()[:40] + ".trustdesk"
        try:
            for part in ("tmp", "new", "cur"):
                (self._path / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(file.name.split(":")[0] == unique for file in (self._path / "cur").glob(unique + "*")):
                return Delivery("sent", "already", "a letter with this Message-ID is there")
            return self._write(data, unique)
        except OSError as error:
            return Delivery("retry", "disk", str(error))

    def _write(self, data: bytes, unique: str) -> Delivery:
        handle, draft = tempfile.mkstemp(prefix=unique + ".", dir=self._path / "tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, self._path / "new" / unique)  # unlike rename, it never overwrites
            except FileExistsError:
                return Delivery("sent", "already", "a letter with this Message-ID is there")
        finally:
            with suppress(OSError):
                os.unlink(draft)
        directory = os.open(self._path / "new", os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return Delivery("sent", "stored", unique)


def make(config: Mapping[str, object]) -> Mailbox:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return Mailbox(config)

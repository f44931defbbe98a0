"""The IMAP door: takes reports out of a mailbox that the provider has already.

Nothing is marked or moved before `receive` returned, so a message is lost by no crash; one that is fetched a second
time is the same report. Where the door stands is a small file (`imap/` in the desk's folder): the mailbox's
UIDVALIDITY, the highest UID that was seen to, and those that could not be taken yet. Without the file, or when the
server numbers its messages anew (RFC 3501, 2.3.1.1), the door begins at the start: what is here is a duplicate.
"""

from __future__ import annotations

import hashlib
import imaplib
import json
import logging
import os
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.utils import encode_folder

from trustdesk import clock
from trustdesk.core.types import Channel
from trustdesk.doors.imap_settings import Account
from trustdesk.doors.intake import NotTaken, take_in
from trustdesk.flow.receive import Incoming

log = logging.getLogger("trustdesk.doors")

#: What the other end may do to us; the door waits and comes again.
TROUBLE = (ImapToolsError, imaplib.IMAP4.error, OSError, ssl.SSLError, subprocess.TimeoutExpired)
#: So many messages or bytes are made durable with one commit.
MESSAGES = 50
BYTES = 8 * 1024 * 1024
#: IDLE is begun anew so often (RFC 2177 asks for less than 29 minutes), and the mailbox is looked at then anyway.
IDLE_FOR = 300.0
PAUSES = (1.0, 5.0, 15.0, 60.0)
TIMEOUT = 60
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


@dataclass(slots=True)
class Place:
    """Where the door stands in one mailbox; kept in a file."""

    validity: int = 0
    uid: int = 0
    again: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What one look at the mailbox brought."""

    new: int = 0
    duplicates: int = 0
    too_large: int = 0
    not_taken: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message on the server. `arrived` is the server's own date of it."""

    uid: int
    size: int
    arrived: datetime | None


class Door:
    """One mailbox. `look` sees to what is there; `run` goes on until `ended` is set."""

    def __init__(self, account: Account) -> None:
        self.account = account
        name = "\0".join([account.host, str(account.port), account.user, account.folder])
        self.path = Path(settings.HOME) / "imap" / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"

    def run(self, ended: threading.Event) -> None:
        """Take in what is there and what comes, by IDLE where the server can, else by looking every so often."""
        failures = 0
        while not ended.is_set():
            try:
                with self.connect() as box:
                    while not ended.is_set():
                        tally = self.look(box)
                        if tally.not_taken:
                            raise OSError(f"{tally.not_taken} messages could not be taken in")
                        failures = 0
                        self._wait(box, ended)
            except TROUBLE as error:
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                log.warning("imap %s: %s; again in %g s", self.account.host, _said(error), pause)
                ended.wait(pause)

    def connect(self) -> BaseMailBox:
        """A selected mailbox. Raises one of TROUBLE."""
        account = self.account
        context = ssl.create_default_context(cafile=account.ca_file or None)
        box: BaseMailBox
        if account.security == "tls":
            box = MailBox(account.host, account.port, timeout=TIMEOUT, ssl_context=context)
        elif account.security == "starttls":
            box = MailBoxStartTls(account.host, account.port, timeout=TIMEOUT, ssl_context=context)
        else:
            box = MailBoxUnencrypted(account.host, account.port, timeout=TIMEOUT)
        try:
            if account.by_token:
                box.xoauth2(account.user, account.token(), None)
            else:
                # PLAIN carries any password; some servers know only LOGIN.
                plain = "AUTH=PLAIN" in box.client.capabilities
                (box.login_utf8 if plain else box.login)(account.user, account.password(), None)
            # The list from before signing in may be shorter than what the server can do.
            box.client._get_capabilities()
            if account.archive and not box.folder.exists(account.archive):
                box.folder.create(account.archive)
            box.folder.set(account.folder)
        except BaseException:
            box.client.shutdown()
            raise
        return box

    def look(self, box: BaseMailBox) -> Tally:
        """Take in everything that was not seen to yet, mark it, and note how far that went."""
        place, tally = self._place(box), Tally()
        group: list[tuple[Waiting, bytes]] = []
        size = 0
        for waiting in self._waiting(box, place):
            if waiting.size > settings.MESSAGE_SIZE_LIMIT:
                self._too_large(box, waiting)
                tally.too_large += 1
                self._keep(place, [waiting.uid], [])
                continue
            raw = _fetch(box, waiting.uid)
            if raw is None:  # somebody removed it meanwhile
                continue
            group.append((waiting, raw))
            size += len(raw)
            if len(group) >= MESSAGES or size >= BYTES:
                self._take(box, place, group, tally)
                group, size = [], 0
        if group:
            self._take(box, place, group, tally)
        return tally

    def _place(self, box: BaseMailBox) -> Place:
        """Where we stand; at the start if the numbers of the mailbox are others than they were."""
        try:
            place = Place(**json.loads(self.path.read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            place = Place()
        said = box.client.untagged_responses.get("UIDVALIDITY") or [b"0"]
        validity = int(said[-1]) if isinstance(said[-1], bytes) else 0
        if place.validity != validity:
            if place.validity:
                log.warning("imap %s: the server numbers its messages anew; beginning at the start", self.account.host)
            place = Place(validity)
        return place

    def _waiting(self, box: BaseMailBox, place: Place) -> Iterator[Waiting]:
        """What is to be seen to, in the order of numbers. `n:*` always gives the last one, even if it is before n."""
        criteria = ["UID", f"{place.uid + 1}:*"]
        if self.account.since is not None:
            criteria += ["SINCE", f"{self.account.since:%d-%b-%Y}"]
        found = {int(n) for n in box.uids(" ".join(criteria))}
        wanted = sorted({n for n in found if n > place.uid} | set(place.again))
        for at in range(0, len(wanted), 200):
            yield from _listed(box, wanted[at : at + 200])

    def _take(self, box: BaseMailBox, place: Place, group: list[tuple[Waiting, bytes]], tally: Tally) -> None:
        now = clock.now()
        batch = [
            # Our duties run from when it reached the provider's mailbox, not from when we came to look.
            Incoming(raw, Channel.MAIL, received_at=min(one.arrived, now) if one.arrived else None)
            for one, raw in group
        ]
        taken, left = [], []
        for (one, _), answer in zip(group, take_in(batch), strict=True):
            if isinstance(answer, NotTaken):
                left.append(one.uid)
                continue
            taken.append(one.uid)
            tally.duplicates += answer.duplicate
            tally.new += not answer.duplicate
        tally.not_taken += len(left)
        self._mark(box, taken)
        self._keep(place, taken, left)

    def _mark(self, box: BaseMailBox, uids: list[int]) -> None:
        if not uids:
            return
        _ask(box, "STORE", uids, "+FLAGS.SILENT", "(\\Seen)")
        if not self.account.archive:
            return
        archive = encode_folder(self.account.archive)
        if "MOVE" in box.client.capabilities:
            _ask(box, "MOVE", uids, archive)
            return
        _ask(box, "COPY", uids, archive)
        _ask(box, "STORE", uids, "+FLAGS.SILENT", "(\\Deleted)")
        # A plain EXPUNGE would remove what people marked as deleted as well, so without UIDPLUS it is left to them.
        if "UIDPLUS" in box.client.capabilities:
            _ask(box, "EXPUNGE", uids)

    def _too_large(self, box: BaseMailBox, waiting: Waiting) -> None:
        log.error(
            "imap %s: message %d has %d bytes, more than TRUSTDESK_MESSAGE_SIZE_LIMIT; it stays in the mailbox, flagged",
            self.account.host, waiting.uid, waiting.size,
        )  # fmt: skip
        _ask(box, "STORE", [waiting.uid], "+FLAGS.SILENT", "(\\Flagged)")

    def _keep(self, place: Place, done: list[int], left: list[int]) -> None:
        place.uid = max([place.uid, *done, *left])
        place.again = sorted(set(place.again) - set(done) | set(left))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}")
        said = {"validity": place.validity, "uid": place.uid, "again": place.again}
        beside.write_text(json.dumps(said), "utf-8")
        beside.replace(self.path)

    def _wait(self, box: BaseMailBox, ended: threading.Event) -> None:
        """Return when something may have come, or it is time to look."""
        if "IDLE" not in box.client.capabilities or not self.account.idle:
            ended.wait(self.account.every)
            return
        until = time.monotonic() + IDLE_FOR
        with box.idle as idle:
            while not ended.is_set() and time.monotonic() < until:
                begun = time.monotonic()
                if idle.poll(timeout=1.0) or time.monotonic() - begun < 0.5:
                    return  # news, or the server is gone: then leaving IDLE raises


def _listed(box: BaseMailBox, uids: list[int]) -> Iterator[Waiting]:
    if not uids:
        return
    found = []
    for line in _ask(box, "FETCH", uids, "(UID RFC822.SIZE INTERNALDATE)"):
        if not isinstance(line, bytes):
            continue
        uid, size = _UID.search(line), _SIZE.search(line)
        if uid is None or size is None:  # news about flags in between
            continue
        arrived = imaplib.Internaldate2tuple(line)
        when = datetime.fromtimestamp(time.mktime(arrived), UTC) if arrived is not None else None
        found.append(Waiting(int(uid[1]), int(size[1]), when))
    yield from sorted(found, key=lambda w: w.uid)


def _fetch(box: BaseMailBox, uid: int) -> bytes | None:
    """The bytes of one message as the server keeps them; None if it is not there any more."""
    parts = _ask(box, "FETCH", [uid], "(UID BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple) and b"BODY[]" in part[0]), None)


def _ask(box: BaseMailBox, command: str, uids: list[int], *arguments: str | bytes) -> list[Any]:
    """One command on messages by their numbers; its answers. Raises imaplib's error when the server says no.

    (imap-tools' own `flag` and `move` also expunge, which removes what others in the mailbox marked as deleted.)
    """
    kind, answers = box.client.uid(command, ",".join(map(str, uids)), *arguments)  # type: ignore[arg-type]
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{command}: {answers!r}"[:200])
    return answers


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"

"""Channel: delivers a letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter. `name` is a plain file name in ASCII, `media_type` such as `application/pdf`."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice, ready to go to one recipient.

    `message_id` is the RFC 5322 Message-ID with its angle brackets and the idempotency key: made once by the desk,
    kept on every retry, quoted back by replies and bounces. `sender` and `to` are `Name <user@host>` or a bare
    address. `text` is always there; `html` may be "". `language` is BCP 47. `headers` are further fields
    (In-Reply-To, References, Reply-To …). `sent_at` is aware and becomes the Date; None means the time of delivery.
    """

    message_id: str
    sender: str
    to: str
    subject: str
    text: str
    html: str = ""
    language: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    sent_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt: `sent` (the next hop has taken responsibility), `retry` (may work later) or `failed`.

    `code` is for machines (an enhanced status such as `5.1.1` where there is one), `detail` for people.
    """

    status: Literal["sent", "failed", "retry"]
    code: str = ""
    detail: str = ""


@runtime_checkable
class Channel(Protocol):
    """Takes letters out of the desk.

    Built with one mapping (its table in the configuration). Called outside any transaction and at least once for a
    letter: where the medium allows it, a second delivery of one `message_id` leaves one letter. Never raises for what
    the world does, never retries by itself.
    """

    name: str

    def deliver(self, letter: Letter) -> Delivery:
        """Deliver, or say why not."""
        ...

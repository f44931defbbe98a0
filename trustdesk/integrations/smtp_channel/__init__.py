"""Channel over SMTP to the operator's relay, signed with DKIM when there is a key."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim

from trustdesk.integrations.configuring import checked
from trustdesk.integrations.letters import BadLetter, address, as_bytes, clean
from trustdesk.interfaces.channel import Delivery, Letter

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# RFC 6376 section 5.4.1. A field is signed once more than it occurs (From, Subject …), so that none can be added.
_SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"auto-submitted")
_SIGNED_ALSO = (b"content-transfer-encoding", b"content-language", b"in-reply-to", b"references", b"reply-to")


class SmtpChannel:
    """One connection a letter; simple, and fast enough for letters that a desk writes.

    Configuration: `host`, `port`; `tls`: `starttls` (default; refused if the relay does not offer it), `implicit` or
    `none`; `ca_file` (else the system's); `user`, `password`; `timeout` (seconds for each step); `local_name` (EHLO);
    `envelope_from` (where bounces go, else the sender); `dkim_domain`, `dkim_selector`, `dkim_key_file` (RSA, PEM).

    A connection lost after the last dot leaves open whether the relay took the letter: that is `retry`, with the same
    Message-ID, so a recipient may in that case get it twice but never not at all.
    """

    name = "smtp"

    def __init__(self, config: Mapping[str, object]) -> None:
        c = checked(
            self.name,
            config,
            host=str,
            port=587,
            tls="starttls",
            ca_file="",
            user="",
            password="",
            timeout=20.0,
            local_name="",
            envelope_from="",
            dkim_domain="",
            dkim_selector="",
            dkim_key_file="",
        )
        if c["tls"] not in ("starttls", "implicit", "none"):
            raise ValueError("smtp: 'tls' must be starttls, implicit or none")
        if c["envelope_from"]:
            c["envelope_from"] = address(c["envelope_from"])
        self._config = c
        self._context = ssl.create_default_context(cafile=c["ca_file"] or None) if c["tls"] != "none" else None
        self._key = b""
        if c["dkim_domain"] or c["dkim_selector"] or c["dkim_key_file"]:
            self._key = _dkim_key(c)

    def deliver(self, letter: Letter) -> Delivery:
        """See Channel. `sent` means that the relay answered 2xx to the whole letter."""
        try:
            data = as_bytes(letter, now=datetime.now(UTC))
            envelope, to = self._config["envelope_from"] or address(letter.sender), address(letter.to)
        except BadLetter as error:
            return Delivery("failed", error.code, str(error))
        try:
            relay = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            # Refused before a word about this letter was said: the relay's or our set-up, which somebody will mend.
            return Delivery("retry", "relay", f"{type(error).__name__}: {clean(str(error))}")
        try:
            relay.sendmail(envelope, [to], self.sign(data))
        except smtplib.SMTPRecipientsRefused as error:
            return _said(*error.recipients[to])
        except smtplib.SMTPResponseException as error:
            return _said(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Delivery("retry", "connection", f"{type(error).__name__}: {clean(str(error))}")
        finally:
            # Whatever is said after the letter was taken does not change that it was taken.
            with suppress(smtplib.SMTPException, OSError):
                relay.quit()
            relay.close()
        return Delivery("sent", "accepted", f"by {self._config['host']}")

    def sign(self, data: bytes) -> bytes:
        """`data` with a DKIM-Signature (RFC 6376, rsa-sha256, relaxed/relaxed) before it; unchanged without a key."""
        if not self._key:
            return data
        present = {line.split(b":")[0].lower() for line in data.split(b"\r\n\r\n")[0].split(b"\r\n") if b":" in line}
        also = tuple(name for name in _SIGNED_ALSO if name in present)
        signature = dkim.sign(
            data,
            self._config["dkim_selector"].encode(),
            self._config["dkim_domain"].encode(),
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(_SIGNED + also + (b"from", b"to", b"subject")),
        )
        return bytes(signature) + data

    def _connect(self) -> smtplib.SMTP:
        c = self._config
        name = c["local_name"] or None
        if c["tls"] == "implicit":
            assert self._context is not None
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                c["host"], c["port"], name, timeout=c["timeout"], context=self._context
            )
        else:
            relay = smtplib.SMTP(c["host"], c["port"], name, timeout=c["timeout"])
        try:
            if c["tls"] == "starttls":
                relay.starttls(context=self._context)
            if c["user"]:
                relay.login(c["user"], c["password"])
        except BaseException:
            relay.close()
            raise
        return relay


def _dkim_key(config: dict[str, Any]) -> bytes:
    for name in ("dkim_domain", "dkim_selector", "dkim_key_file"):
        if not config[name]:
            raise ValueError(f"smtp: DKIM needs {name!r} as well")
    try:
        key = Path(config["dkim_key_file"]).read_bytes()
        dkim.crypto.parse_pem_private_key(key)
    except (OSError, dkim.crypto.UnparsableKeyError) as error:
        raise ValueError(f"smtp: 'dkim_key_file' cannot be used: {error}") from None
    return key


def _said(code: int, text: bytes | str) -> Delivery:
    """A relay's refusal: 4yz may work later, 5yz will not (RFC 5321 section 4.2.1)."""
    words = clean(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
    enhanced = _ENHANCED.match(words)
    word = enhanced.group(1) if enhanced else str(code)
    return Delivery("failed", word, words) if 500 <= code < 600 else Delivery("retry", word, words)


def make(config: Mapping[str, object]) -> SmtpChannel:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return SmtpChannel(config)

"""What is sealed in a message: signatures checked, encrypted parts opened and put in their place.

OpenPGP inline and as MIME (RFC 9580, RFC 3156), S/MIME signed beside or around its content and enveloped (RFC 8551). The
parts that were inside stand where the sealed part stood, so that everything after this reads them like any other mail;
the bytes that came are not touched. A signature says something of the message only if it covers all that people read:
one over a part of it (a mailing list's footer, a signed mail shown in another) is `partial` and proves nobody. The header
is never signed; who it names is compared with the owner of the key elsewhere (`authentication`).
"""

from __future__ import annotations

from collections.abc import Sequence

from trustdesk.reading import cms, openpgp
from trustdesk.reading.headers import Headers
from trustdesk.reading.keys import NO_KEYS, Keys, Signature
from trustdesk.reading.message import Message
from trustdesk.reading.mime import Budget, Part, children, leaves, split_header

#: So many parts of one message are opened or checked; each may cost a signature or a process.
MOST = 5
_DEPTH = 4
_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP_SIGNATURE = frozenset({"application/pgp-signature"})
_PKCS7_SIGNATURE = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
#: What clients write as the subject of an encrypted message whose subject is inside (RFC 9788).
_HIDDEN = frozenset({"", "...", "[...]", "encrypted message", "encrypted"})


def unseal(message: Message, keys: Keys = NO_KEYS) -> None:
    """Open what can be opened in `message`, note on it what stays closed, and keep the signatures. Never raises."""
    if message.kind in ("mail", "text") and message.parts:
        _Unsealing(message, keys).run()


class _Unsealing:
    def __init__(self, message: Message, keys: Keys) -> None:
        self.message, self.keys, self.left = message, keys, MOST
        self.signatures: list[Signature] = []
        self.budget: Budget = message.budget

    def run(self) -> None:
        self._message(self.message, top=True)
        self.message.signatures = tuple(self.signatures)

    def _message(self, message: Message, *, top: bool) -> None:
        if message.kind == "mail":
            self._beside(message.raw, message.headers, *message.body, top=top, path="")
        message.parts = self._parts(message, message.parts, top=top, depth=0)
        for nested in message.nested:
            self._message(nested, top=False)

    def _parts(self, message: Message, parts: Sequence[Part], *, top: bool, depth: int) -> tuple[Part, ...]:
        out: list[Part] = []
        alone = top and sum(_is_read(part) for part in parts) <= 1
        for part in parts:
            inside = None if depth >= _DEPTH else self._open(message, part, top=alone, depth=depth)
            if inside is None:
                out.append(part)
                self._closed(part)
                continue
            if out and out[-1].content_type == "application/pgp-encrypted":
                out.pop()
            out += inside
        return tuple(out)

    def _open(self, message: Message, part: Part, *, top: bool, depth: int) -> tuple[Part, ...] | None:
        """What stands in the place of `part`; None if it stays as it is."""
        if part.content_type in _PKCS7:
            return self._pkcs7(message, part, top=top, depth=depth)
        if part.containers[-1:] == ("encrypted",) and part.content_type == "application/octet-stream":
            return self._pgp(message, part, part.payload, top=top, depth=depth)
        if part.content_type == "text/plain" and b"-----BEGIN PGP " in part.payload:
            return self._inline(message, part, top=top, depth=depth)
        return None

    def _closed(self, part: Part) -> None:
        """Note what could not be read."""
        if part.content_type == "application/pgp-encrypted" and "encrypted" in part.containers:
            return  # the version; what is encrypted stands after it
        if part.content_type == "application/pgp-encrypted" or "encrypted" in part.containers:
            self.budget.note("encrypted", "the message is encrypted with OpenPGP (RFC 3156)", part.path)
        elif part.content_type in _PKCS7 and part.params.get("smime-type", "enveloped-data") in _ENVELOPED:
            self.budget.note("encrypted", "the message is encrypted with S/MIME (RFC 8551)", part.path)
        elif part.content_type == "text/plain" and openpgp.SEALED_BEGIN.encode() in part.payload:
            self.budget.note("encrypted", "the text holds an OpenPGP message", part.path)

    def _keep(self, found: Sequence[Signature], where: str, *, whole: bool) -> None:
        for signature in found:
            if signature.result == "bad":
                self.budget.note("signature_bad", f"the signature with the key of {signature.owner} is not good", where)
            if signature.result == "good" and not whole:
                signature = Signature(signature.kind, "partial", signature.owner, signature.key)
            self.signatures.append(signature)

    def _spend(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def _beside(self, raw: bytes, headers: Headers, start: int, end: int, *, top: bool, path: str) -> None:
        """Check multipart/signed (RFC 1847): the first part exactly as it stands, line ends as CRLF."""
        kind, params = headers.parameters("Content-Type")
        if kind != "multipart/signed" or not params.get("boundary") or not self._spend():
            return
        pieces = children(raw, start, end, params["boundary"], self.budget, path)
        if len(pieces) != 2:
            return
        (begin, stop), (sig_at, sig_end) = pieces
        content = raw[begin:stop].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        signature = self._one(raw, sig_at, sig_end, path)
        if signature is None:
            return
        if signature.content_type in _PGP_SIGNATURE:
            self._keep([openpgp.check_beside(content, signature.payload, self.keys)], path, whole=top)
        elif signature.content_type in _PKCS7_SIGNATURE:
            try:
                found = cms.signed(signature.payload)
            except cms.Damaged:
                self.budget.note("signature_damaged", "the S/MIME signature cannot be read", path)
                return
            self._keep(cms.check(found, content, self.keys), path, whole=top and found.content is None)

    def _one(self, raw: bytes, start: int, end: int, path: str) -> Part | None:
        head, body = split_header(raw, start, end)
        headers, _ = Headers.from_bytes(raw[start:head], self.budget.limits)
        found = leaves(raw, min(body, end), end, headers, depth=1, path=path, budget=self.budget)
        return found[0] if found else None

    def _pkcs7(self, message: Message, part: Part, *, top: bool, depth: int) -> tuple[Part, ...] | None:
        if not self._spend():
            return None
        try:
            kind = cms.kind_of(part.payload)
            if kind == cms.ENVELOPED:
                text = cms.decrypt(part.payload, self.keys)
                return None if text is None else self._entity(message, part, text, top=top, depth=depth)
            if kind != cms.SIGNED:
                return None
            found = cms.signed(part.payload)
        except cms.Damaged:
            self.budget.note("smime_damaged", "the S/MIME part cannot be read", part.path)
            return None
        if found.content is None:  # certificates alone
            return None
        self._keep(cms.check(found, found.content, self.keys), part.path, whole=top)
        return self._entity(message, part, found.content, top=top, depth=depth)

    def _pgp(
        self, message: Message, part: Part, data: bytes, *, top: bool, depth: int, text: bool = False
    ) -> tuple[Part, ...] | None:
        if not self._spend():
            return None
        limits = self.budget.limits
        room = min(limits.decoded_bytes - self.budget.decoded, max(limits.opened_bytes, 4 * len(data)))
        opened = openpgp.decrypt(data, self.keys, limit=max(room, 0))
        if opened is None:
            return None
        inside, signature, cut = opened
        if cut:
            self.budget.note("decoded_too_large", "the encrypted message holds more than the limit", part.path)
        if signature is not None:
            self._keep([signature], part.path, whole=top)
        if text:
            return (self._text(part, inside),)
        return self._entity(message, part, inside, top=top, depth=depth)

    def _inline(self, message: Message, part: Part, *, top: bool, depth: int) -> tuple[Part, ...] | None:
        raw = part.payload
        begin = raw.find(openpgp.SEALED_BEGIN.encode())
        if begin >= 0:
            end = raw.find(openpgp.SEALED_END.encode(), begin)
            if end < 0:
                return None
            end += len(openpgp.SEALED_END)
            whole = top and not raw[:begin].strip() and not raw[end:].strip()
            return self._pgp(message, part, raw[begin:end], top=whole, depth=depth, text=True)
        begin = raw.find(openpgp.CLEAR_BEGIN.encode())
        end = raw.find(openpgp.CLEAR_END.encode(), begin)
        if begin >= 0 and end >= 0 and self._spend():
            end += len(openpgp.CLEAR_END)
            whole = top and not raw[:begin].strip() and not raw[end:].strip()
            self._keep([openpgp.check_clear(raw[begin:end], self.keys)], part.path, whole=whole)
        return None

    def _text(self, part: Part, data: bytes) -> Part:
        self.budget.decoded += len(data)
        return Part(data, 0, len(data), path=part.path, content_type="text/plain", params={"charset": "utf-8"},
                    headers=Headers(), containers=part.containers, depth=part.depth, budget=self.budget)  # fmt: skip

    def _entity(self, message: Message, part: Part, data: bytes, *, top: bool, depth: int) -> tuple[Part, ...]:
        """The leaves of the MIME entity in `data`, nested messages and what is sealed again included."""
        self.budget.decoded += len(data)
        head, body = split_header(data, 0, len(data))
        headers, problems = Headers.from_bytes(
            data[: min(head, self.budget.limits.header_bytes + 1)], self.budget.limits
        )
        for problem in problems:
            self.budget.note(problem.code, problem.message, part.path)
        if top and "Subject" in headers and message.headers.get("Subject").strip().lower() in _HIDDEN:
            fields = [f for f in message.headers.fields if f[0].lower() != "subject"]
            message.headers = Headers((*fields, ("Subject", headers.raw("Subject"))))
        self._beside(data, headers, min(body, len(data)), len(data), top=top, path=part.path)
        inside = leaves(
            data, min(body, len(data)), len(data), headers, depth=part.depth + 1, path=part.path, budget=self.budget
        )
        for leaf in inside:
            message.nest(leaf)
        return self._parts(message, inside, top=top, depth=depth + 1)


_ENVELOPED = frozenset({"enveloped-data", "authenveloped-data"})


def _is_read(part: Part) -> bool:
    """Whether people see this part, so that a signature over another one does not speak for the message."""
    kind = part.content_type
    return kind not in ("application/pgp-encrypted", "application/pgp-keys", *_PGP_SIGNATURE, *_PKCS7_SIGNATURE)


def tags(signatures: Sequence[Signature]) -> tuple[str, ...]:
    """The signatures as tags of a reading: `signed:<kind>:<result>` and, where the key is known, `:<owner>`."""
    return tuple(f"signed:{s.kind}:{s.result}{':' + s.owner if s.owner else ''}" for s in signatures)

"""The keys of the desk, read from files (docs/operate/mail.md): `reporters/` holds keys of those we know, `private/` ours.

The name of a file in `reporters/` says whose the key is: `cert@bank.example.asc`, or a domain, `bank.example.pem`. What a
key says of itself is not asked. A file that cannot be used is left out, and the log names it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from trustdesk.reading.keys import NO_KEYS, Keys, Kind, Known, Private

log = logging.getLogger("trustdesk.keyring")

KINDS: dict[str, Kind] = {
    ".asc": "pgp", ".gpg": "pgp", ".pgp": "pgp", ".pem": "smime", ".crt": "smime", ".cer": "smime", ".der": "smime",
}  # fmt: skip
#: A key ring of a hundred people has some megabytes; what is larger is something else.
MOST_BYTES = 16 * 1024 * 1024
_OWNER = re.compile(r"^(?:[^@\s]{1,64}@)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10}$")


class KeyFileError(Exception):
    """A file of keys that cannot be used; the message names it and says why."""


def load(folder: Path) -> tuple[Keys, list[KeyFileError]]:
    """The keys under `folder` and what is wrong with the files that were left out. Nothing there is no error."""
    known: list[Known] = []
    private: list[Private] = []
    wrong: list[KeyFileError] = []
    for path in (*_files(folder / "reporters"), *_files(folder / "private")):
        try:
            kind = KINDS.get(path.suffix.lower())
            if kind is None:
                raise KeyFileError(f"{path}: ends with none of {', '.join(KINDS)}")
            if path.stat().st_size > MOST_BYTES:
                raise KeyFileError(f"{path}: is larger than {MOST_BYTES} bytes")
            data = path.read_bytes()
            if path.parent.name == "private":
                if path.stat().st_mode & 0o077:
                    raise KeyFileError(f"{path}: others may read it; a private key is for its owner only (chmod 600)")
                private.append(_private(path, kind, data))
            else:
                known.append(_known(path, kind, data))
        except KeyFileError as error:
            wrong.append(error)
        except OSError as error:
            wrong.append(KeyFileError(f"{path}: {error.strerror}"))
    return Keys(tuple(known), tuple(private)), wrong


def current() -> Keys:
    """The keys of this desk, from `keys/` in its folder; read again when a file there changes."""
    from django.conf import settings

    folder = Path(settings.KEYS_DIR)
    stamp = tuple(
        (path.name, stat.st_mtime_ns, stat.st_size)
        for path in (*_files(folder / "reporters"), *_files(folder / "private"))
        if (stat := path.stat())
    )
    return _kept(folder, stamp) if stamp else NO_KEYS


@lru_cache(maxsize=2)
def _kept(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> Keys:
    keys, wrong = load(folder)
    for error in wrong:
        log.error("%s", error)
    return keys


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _known(path: Path, kind: Kind, data: bytes) -> Known:
    owner = path.stem.lower()
    if not _OWNER.match(owner):
        raise KeyFileError(f"{path}: name it after the address or domain whose key it is, such as bank.example.asc")
    try:
        if kind == "pgp":
            import pysequoia

            if not pysequoia.Cert.split_bytes(data):
                raise ValueError("there is no certificate in it")
        else:
            from cryptography import x509

            pem = data.lstrip().startswith(b"-----")
            if not (x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]):
                raise ValueError("there is no certificate in it")
    except Exception as error:
        raise KeyFileError(f"{path}: {str(error).splitlines()[0][:200]}") from error
    return Known(owner, kind, data)


def _private(path: Path, kind: Kind, data: bytes) -> Private:
    try:
        if kind == "pgp":
            import pysequoia

            pysequoia.Tsk.from_bytes(data).decryptor()
        else:
            from cryptography import x509
            from cryptography.hazmat.primitives import serialization

            x509.load_pem_x509_certificate(data)
            serialization.load_pem_private_key(data, None)
    except Exception as error:
        raise KeyFileError(f"{path}: {str(error).splitlines()[0][:200]}") from error
    return Private(kind, data)

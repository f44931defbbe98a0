"""Real mail servers of our own for a test: Dovecot and Postfix as private instances on free ports."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.processes import free_ports

USER, PASSWORD = "abuse", "s3cret&password"


def need(program: str, package: str) -> str:
    """Where a server program is. Without it the test is skipped, loudly; where CI is set it fails."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        why = f"{program} is not installed (Debian: {package}); what this test promises WAS NOT TESTED"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    return found


@dataclass
class Dovecot:
    """A running IMAP server with one mailbox. `port` is plain with STARTTLS, `tls_port` is TLS."""

    program: str
    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "dovecot.conf"

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def start(self, *more: str) -> None:
        """Start it; `more` are lines of configuration."""
        self.config.write_text(_dovecot(self.folder, self.port, self.tls_port) + "\n".join(more) + "\n")
        self.process = subprocess.Popen([self.program, "-F", "-c", str(self.config)])
        until = time.monotonic() + 20
        while True:
            try:
                self.client().logout()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def client(self):  # type: ignore[no-untyped-def]
        """Somebody who uses the mailbox beside us, signed in."""
        import imaplib

        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(USER, PASSWORD)
        return client

    def append(self, raw: bytes, at: datetime | None = None) -> None:
        """Deliver a message; `at` is when it arrived."""
        client = self.client()
        when = f'"{at:%d-%b-%Y %H:%M:%S} +0000"' if at else None
        assert client.append("INBOX", None, when, raw)[0] == "OK"  # type: ignore[arg-type]
        client.logout()

    def count(self, folder: str, criteria: str = "ALL") -> int:
        """How many messages of a folder meet the criteria."""
        client = self.client()
        assert client.select(folder, readonly=True)[0] == "OK"
        found = len(client.search(None, criteria)[1][0].split())
        client.logout()
        return found


@contextmanager
def dovecot(*more: str) -> Iterator[Dovecot]:
    """A private Dovecot, gone afterwards."""
    program = need("dovecot", "dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="td-dovecot-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("nobody")
        os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    certify(folder)
    server = Dovecot(program, folder, *free_ports(2))
    try:
        server.start(*more)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _dovecot(folder: Path, port: int, tls_port: int) -> str:
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody" if root else getpass.getuser())
    users = "" if root else f"default_internal_user = {owner.pw_name}\ndefault_login_user = {owner.pw_name}\n"
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
first_valid_uid = 1
{users}
passdb {{
  driver = static
  args = user={USER} password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def certify(folder: Path) -> None:
    """A certificate for the loopback address, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

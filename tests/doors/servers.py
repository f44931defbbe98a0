"""Real mail servers of our own for a test: Dovecot and Postfix as private instances on free ports."""

from __future__ import annotations

import base64
import getpass
import hmac
import json
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
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
    _token_key(folder)
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


TOKEN_SECRET = b"a secret between the server and who makes tokens"


def _token_key(folder: Path) -> None:
    """The key by which the server checks access tokens itself (JWT, HS256)."""
    keys = folder / "tokens" / "default" / "HS256"
    keys.mkdir(parents=True)
    (keys / "default").write_text(base64.b64encode(TOKEN_SECRET).decode())
    rule = f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={folder}/tokens/\nusername_attribute = sub\n"
    (folder / "oauth2.conf").write_text(rule)


def token(user: str = USER, *, lasts: int = 600, secret: bytes = TOKEN_SECRET) -> str:
    """An access token as an identity provider makes it."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    now = int(time.time())
    said = {"sub": user, "iat": now - 10, "nbf": now - 10, "exp": now + lasts}
    signed = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(said).encode())}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"


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
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
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
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass
class Postfix:
    """A running mail server that takes mail for host.example on `port` and hands it on by LMTP."""

    program: str
    folder: Path
    port: int

    def control(self, command: str) -> None:
        done = subprocess.run(
            [self.program, "-c", str(self.folder / "etc"), command], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.log()

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def send(self, *messages: bytes, to: Sequence[str] = ("abuse@host.example",)) -> None:
        """Hand in messages; each is accepted or this raises."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
            for raw in messages:
                assert client.sendmail("a@reporter.example", list(to), raw, ["BODY=8BITMIME"]) == {}

    def queued(self) -> int:
        """How many messages wait."""
        queue = self.folder / "queue"
        return sum(1 for part in ("incoming", "active", "deferred") for f in (queue / part).rglob("*") if f.is_file())


@contextmanager
def postfix(lmtp_port: int) -> Iterator[Postfix]:
    """A private Postfix that retries within seconds, gone afterwards. Its master must be started by root."""
    program = need("postfix", "postfix")
    if os.geteuid() != 0:
        pytest.skip("only root can start Postfix; what this test promises WAS NOT TESTED")
    folder = Path(tempfile.mkdtemp(prefix="td-postfix-"))
    folder.chmod(0o755)
    server = Postfix(program, folder, free_ports(1)[0])
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    (folder / "etc" / "main.cf").write_text(_main_cf(folder, lmtp_port))
    (folder / "etc" / "master.cf").write_text(_MASTER_CF.replace("PORT", f"127.0.0.1:{server.port}"))
    try:
        server.control("start")
        until = time.monotonic() + 20
        while True:
            try:
                smtplib.SMTP("127.0.0.1", server.port, timeout=5).quit()
                break
            except OSError:
                assert time.monotonic() < until, server.log()
                time.sleep(0.05)
        yield server
    finally:
        subprocess.run([program, "-c", str(folder / "etc"), "abort"], capture_output=True, timeout=60, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _main_cf(folder: Path, lmtp_port: int) -> str:
    return f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
inet_interfaces = loopback-only
myhostname = mx.host.example
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = host.example
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
lmtp_destination_recipient_limit = 50
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""


_MASTER_CF = """
PORT       inet  n - n - - smtpd
pickup     unix  n - n 60 1 pickup
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - - proxymap
showq      unix  n - n - - showq
error      unix  - - n - - error
retry      unix  - - n - - error
lmtp       unix  - - n - - lmtp
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
tlsmgr     unix  - - n 1000? 1 tlsmgr
postlog    unix-dgram n - n - 1 postlogd
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

"""Run the whole suite: everything on SQLite, and all that touches a database again on PostgreSQL.

PostgreSQL is the server of TRUSTDESK_TEST_POSTGRES_URL, or one that is started for the run from the programs found on
this machine. Without either, half the promises were not tested, and this says so loudly; with
TRUSTDESK_REQUIRE_POSTGRES=1 it fails.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: These never ask a database, or not for anything that differs between the two; once is enough.
PURE = (
    "core",
    "reading",
    "insight",
    "engines",
    "integrations",
    "contracts",
    "docs",
    "examples",
    "web/test_browser.py",
    "test_demo.py",
)
#: Bytes of memory that must be free for the files of a run to be kept there.
ROOM = 6 << 30
LETTERS = "--ignore-glob=*/flow/test_letters*"


def pytest(arguments: list[str], workers: int) -> list[str]:
    """The command line of one half."""
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "worksteal", "--durations", "10"]
    return [*command, "-m", "not engines", *arguments]  # those are for `make engines`


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest first."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(
        glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/opt/homebrew/opt/postgresql*/bin"), reverse=True
    )
    return next((Path(f) for f in folders if (Path(f) / "initdb").exists()), None)


def as_server(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as its own user."""
    if os.geteuid() != 0:
        return command
    return ["runuser", "-u", "postgres", "--", *command]


@contextmanager
def server(bin_dir: Path, more: str = "") -> Iterator[str]:
    """A PostgreSQL of our own on a free port, gone afterwards; gives its URL. `more` are further options of the server."""
    folder = Path(tempfile.mkdtemp(prefix="trustdesk-pg-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = folder / "data"
        init = [str(bin_dir / "initdb"), "-D", str(data), "-U", "trustdesk", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run(as_server(init), check=True, stdout=subprocess.DEVNULL, cwd=folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # Without fsync only a power cut loses anything, and no test can cut the power; `kill -9` of a desk is as always.
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        options += f" -c max_connections=200 -c fsync=off -c full_page_writes=off {more}"
        start = [str(bin_dir / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"]
        subprocess.run(as_server(start), check=True, stdout=subprocess.DEVNULL, cwd=folder)
        try:
            create = [str(bin_dir / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "trustdesk", "trustdesk"]
            subprocess.run(create, check=True, cwd=folder)
            yield f"postgresql://trustdesk@127.0.0.1:{port}/trustdesk"
        finally:
            stop = [str(bin_dir / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
            subprocess.run(as_server(stop), check=False, stdout=subprocess.DEVNULL, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_memory() -> Iterator[dict[str, str]]:
    """Where the run keeps its files: a file system in memory if there is a large one, so that nothing waits for a disk."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < ROOM or not os.access(shared, os.W_OK):
        yield {}
        return
    folder = tempfile.mkdtemp(prefix="trustdesk-tests-", dir=shared)
    os.chmod(folder, 0o755)
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield {"TMPDIR": folder}
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


def loud(text: str) -> None:
    """Words that nobody overlooks."""
    line = "!" * 100
    print(f"\n{line}\n!!  {text}\n{line}\n", file=sys.stderr, flush=True)


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL for the run; empty when there is none."""
    found = programs()
    url = os.environ.get("TRUSTDESK_TEST_POSTGRES_URL", "")
    if url or found is None:
        yield url
        return
    with server(found) as started:
        yield started


def halves(arguments: list[str], environment: dict[str, str], url: str) -> tuple[int, int]:
    """Both halves at once: tests of real processes wait much of their time, and one half keeps the cores busy while the
    last tests of the other end. What the half on PostgreSQL says is shown when both are done. Gives both exit codes."""
    cores = min(8, os.cpu_count() or 1)
    with tempfile.TemporaryFile("w+") as said:
        second = None
        if url:
            ignored = [LETTERS, *(f"--ignore=tests/{name}" for name in PURE)]
            second = subprocess.Popen(
                pytest([*ignored, *arguments], cores),
                cwd=ROOT, env=environment | {"TRUSTDESK_DATABASE_URL": url}, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        print("== on SQLite ==", flush=True)
        try:
            workers = cores + 1 if url else 2 * cores
            first = subprocess.run(pytest(arguments, workers), cwd=ROOT, env=environment, check=False).returncode
        finally:
            if second is not None:
                second.wait()
        if second is None:
            return first, 0
        said.seek(0)
        print("== on PostgreSQL ==", said.read(), sep="\n", flush=True)
        return first, second.returncode


def main() -> int:
    """Both halves; the exit code is that of the first that failed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
    begun = time.monotonic()
    with in_memory() as files, postgres() as url:
        first, second = halves(sys.argv[1:], environment | files, url)
    print(f"both halves took {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if not url:
        loud("No PostgreSQL was found on this machine: HALF OF THE PROMISES WERE NOT TESTED. Install it and run again.")
        if os.environ.get("TRUSTDESK_REQUIRE_POSTGRES") == "1":
            return 1
    return first or second


if __name__ == "__main__":
    sys.exit(main())

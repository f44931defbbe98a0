"""Nube Norte Hosting: a small, fictional hosting company to try the desk with. See README.md."""

from __future__ import annotations

import base64
import os
import secrets
import sys
import tempfile
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from examples.provider import control, front
from examples.provider.state import State

#: The provider's own records, in the form that the `csv` inventory reads.
INVENTORY = Path(__file__).parent / "inventory"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who hangs up early is no fault of ours; everything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Provider:
    """A running provider. `stop()` ends it; what was ordered stays in its home. Usable as a context manager."""

    def __init__(self, home: Path, control_port: int, sites_port: int, secret: str) -> None:
        self._state = State(home / "provider.sqlite3")
        try:
            self._control = _listen(control_port, control.handler(self._state, secret))
            self._front = _listen(sites_port, front.handler(self._state))
        except BaseException:
            if hasattr(self, "_control"):
                self._control.server_close()
            self._state.close()
            raise
        self.secret = secret
        self.control_port, self.sites_port = self._control.server_port, self._front.server_port
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.1,), name=f"provider-{name}", daemon=True)
            for name, server in (("control", self._control), ("sites", self._front))
        ]
        for thread in self._threads:
            thread.start()
        self._stopped = False

    def stop(self) -> None:
        """Stop listening and close the state file. Safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        for server in (self._control, self._front):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=2)
        self._state.close()

    def __enter__(self) -> Provider:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(home: Path, control_port: int = 8026, sites_port: int = 8027, secret: str = "") -> Provider:
    """Start the provider on the loopback and return at once. Port 0 takes a free one; no secret takes the home's own.

    Raises OSError when a port is taken.
    """
    return Provider(home, control_port, sites_port, secret or home_secret(home))


def home_secret(home: Path) -> str:
    """The Standard Webhooks secret of this home, made at the first call and readable by its owner alone."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "provider.secret"
    if not path.exists():
        # Whole or not at all: somebody else may be reading while we write, or be killed while writing.
        handle, draft = tempfile.mkstemp(dir=home, prefix=".secret-")
        with os.fdopen(handle, "w") as file:
            file.write("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # the first to come wins
        os.unlink(draft)
    return path.read_text().strip()


def enforcer_config(control_port: int, sites_port: int, secret: str) -> dict[str, object]:
    """The configuration with which the `webhook` enforcer works against this provider."""
    return {
        "base_url": f"http://127.0.0.1:{control_port}",
        "secret": secret,
        "timeout": 5.0,
        # However a target is spelled, the probe goes to the sample front and nowhere else.
        "probe": {"*": f"http://127.0.0.1:{sites_port}"},
        "observe": {"account": "http://{ref}.users.nube-norte.example/"},
        "witness": "http://nube-norte.example/",
    }


def _listen(port: int, handler: type[BaseHTTPRequestHandler]) -> _Server:
    return _Server(("127.0.0.1", port), handler)

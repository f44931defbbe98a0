"""A small Lumen on this machine, to try submissions against without publishing anything.

python -m trustdesk.integrations.lumen.simulator --port 8032 --token test
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from trustdesk.integrations.lumen import problems

LARGEST = 4_000_000


class Simulator(ThreadingHTTPServer):
    """`notices` is what it took, by the submitter's id; `trouble` are statuses to answer next instead."""

    def __init__(self, port: int = 0, token: str = "test") -> None:  # noqa: S107 (a token for trying)
        super().__init__(("127.0.0.1", port), _Handler)
        self.token = token
        self.notices: dict[str, dict[str, Any]] = {}
        self.trouble: list[int] = []

    @property
    def url(self) -> str:
        """The base for the plugin's configuration."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Simulator

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: dict[str, Any], location: str = "") -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        """Take one notice."""
        data = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST))
        if self.server.trouble:
            return self._answer(self.server.trouble.pop(0), {"message": "try again later"})
        try:
            body = json.loads(data)
            notice = body["notice"]
        except (ValueError, KeyError, TypeError):
            return self._answer(400, {"errors": {"notice": "is missing"}})
        if body.get("authentication_token") != self.server.token:
            return self._answer(401, {"documentation_link": "", "error": "not authorised"})
        if found := {problem.where: problem.message for problem in problems(notice)}:
            return self._answer(422, {"errors": found})
        self.server.notices.setdefault(str(notice.get("submission_id")), notice)
        number = list(self.server.notices).index(str(notice.get("submission_id"))) + 1
        return self._answer(201, {}, f"{self.server.url}/notices/{number}")


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8032)
    parser.add_argument("--token", default="test")
    options = parser.parse_args()
    server = Simulator(options.port, options.token)
    print(f"Lumen simulator: {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

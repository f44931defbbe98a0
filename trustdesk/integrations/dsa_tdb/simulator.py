"""A small DSA Transparency Database on this machine, to try submissions against without telling the Commission anything.

python -m trustdesk.integrations.dsa_tdb.simulator --port 8031 --token test

It checks every field as the real one is documented to, keeps what it took in memory, and answers as the real one does:
201, 422 with errors by field, 422 with `existing` for a PUID that is taken, 401, and 503 now and then if told to.
"""

from __future__ import annotations

import argparse
import json
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from trustdesk.integrations.dsa_tdb.fields import problems

NAMESPACE = uuid.UUID("7d0c4f2e-3b1f-4c2a-9a36-5a9f6b1c2d10")
LARGEST = 4_000_000


class Simulator(ThreadingHTTPServer):
    """`statements` is what it took, by PUID; `requests` what was asked; `trouble` are statuses to answer next instead."""

    def __init__(self, port: int = 0, token: str = "test") -> None:  # noqa: S107 (a token for trying)
        super().__init__(("127.0.0.1", port), _Handler)
        self.token = token
        self.statements: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.trouble: list[int] = []

    @property
    def url(self) -> str:
        """The base for the plugin's configuration."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Simulator

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: dict[str, Any], **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        """Is a PUID taken?"""
        path = self.path.partition("?")[0]
        puid = path.removeprefix("/api/v1/statement/existing-puid/")
        if puid != path and puid in self.server.statements:
            self._answer(302, self.server.statements[puid])
        else:
            self._answer(404, {"message": "not found"})

    def do_POST(self) -> None:
        """Take one statement or up to a hundred."""
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(min(length, LARGEST + 1))
        self.server.requests.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self._answer(401, {"message": "Unauthenticated."})
        if self.server.trouble:
            status = self.server.trouble.pop(0)
            return self._answer(
                status, {"message": "try again later"}, **({"Retry_After": "7"} if status == 429 else {})
            )
        try:
            body = json.loads(data)
        except ValueError:
            return self._answer(400, {"message": "not JSON"})
        if self.path == "/api/v1/statement":
            return self._single(body)
        if self.path == "/api/v1/statements":
            return self._many(body.get("statements") if isinstance(body, dict) else None)
        return self._answer(404, {"message": "not found"})

    def _single(self, body: Any) -> None:
        errors = _errors(body)
        if errors:
            return self._answer(422, {"message": "The given data was invalid.", "errors": errors})
        if body["puid"] in self.server.statements:
            message = "The identifier given is not unique within this platform."
            there = self.server.statements[body["puid"]]
            return self._answer(422, {"message": message, "errors": {"puid": [message]}, "existing": there})
        return self._answer(201, self._keep(body))

    def _many(self, rows: Any) -> None:
        if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
            return self._answer(422, {"message": "between 1 and 100", "errors": {"statements": ["between 1 and 100"]}})
        errors: dict[str, Any] = {}
        seen: set[str] = set()
        for n, row in enumerate(rows):
            found = _errors(row)
            puid = row.get("puid") if isinstance(row, dict) else None
            if not found and (puid in self.server.statements or puid in seen):
                found = {"puid": ["The identifier given is not unique within this platform."]}
            seen.add(str(puid))
            if found:
                errors[f"statement_{n}"] = found
        if errors:
            return self._answer(422, {"message": "The given data was invalid.", "errors": errors})
        return self._answer(201, {"statements": [self._keep(row) for row in rows]})

    def _keep(self, row: dict[str, Any]) -> dict[str, Any]:
        made = row | {"uuid": str(uuid.uuid5(NAMESPACE, row["puid"])), "platform_name": "Simulator"}
        self.server.statements[row["puid"]] = made
        return made


def _errors(row: Any) -> dict[str, list[str]]:
    if not isinstance(row, dict):
        return {"statement": ["must be an object"]}
    errors: dict[str, list[str]] = {}
    for problem in problems(row):
        errors.setdefault(problem.where, []).append(f"{problem.where} {problem.message}")
    return errors


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8031)
    parser.add_argument("--token", default="test")
    options = parser.parse_args()
    server = Simulator(options.port, options.token)
    print(f"DSA Transparency Database simulator: {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

"""The sample provider's control API: signed orders in, measures in force."""

from __future__ import annotations

import json
import re
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks.webhooks import Webhook

from examples.provider import world
from examples.provider.state import State

_MAX_BODY = 256 * 1024
_TEXT = ("key", "kind", "asset_kind", "asset_ref", "target", "legal_basis")


def handler(state: State, secret: str) -> type[BaseHTTPRequestHandler]:
    """The request handler class, bound to this provider's memory and secret."""
    signer = Webhook(secret)

    class Control(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "NubeNorteControl", ""
        timeout = 10

        def do_GET(self) -> None:
            if not self._local():
                return self._answer(421, {"code": "host", "detail": "this door is for the loopback only"})
            if self.path == "/healthz":
                return self._answer(200, {"code": "ok"})
            if self.path == "/state":
                return self._answer(200, state.report())
            return self._answer(404, {"code": "not_found"})

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not re.fullmatch(r"[0-9]{1,7}", length) or int(length) > _MAX_BODY:
                self.close_connection = True
                return self._answer(
                    413, {"code": "too_large", "detail": f"at most {_MAX_BODY} octets, length declared"}
                )
            body = self.rfile.read(int(length))
            if self.path != "/measures":
                return self._answer(404, {"code": "not_found"})
            try:
                # Signature and timestamp (five minutes either way). The library raises ValueError and others for
                # header fields that are no signature at all; to the sender that is the same no.
                payload = signer.verify(body, dict(self.headers.items()))
            except Exception as error:
                return self._answer(401, {"code": "signature", "detail": str(error) or type(error).__name__})
            ident = self.headers["webhook-id"]
            wrong = _wrong(payload)
            if wrong:
                return self._answer(422, {"code": "invalid", "detail": wrong})
            event, data = payload["type"], payload["data"]
            if not world.known(data["kind"], data["asset_kind"], data["asset_ref"], data["target"]):
                return self._answer(404, {"code": "unknown_asset", "detail": f"{data['target']} is not here"})
            status, answer = state.order(ident, event, data)
            return self._answer(status, answer)

        def _local(self) -> bool:
            """A page in a browser may not read the state by pointing its own name at the loopback (DNS rebinding)."""
            host = self.headers.get("Host", "").rsplit(":", 1)[0]
            return host in ("127.0.0.1", "localhost", "[::1]")

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Control


def _wrong(payload: object) -> str:
    """What is wrong with a payload, or ""."""
    if not isinstance(payload, dict) or payload.get("type") not in ("measure.apply", "measure.lift"):
        return "type must be measure.apply or measure.lift"
    data = payload.get("data")
    if not isinstance(data, dict):
        return "data must be an object"
    for name in _TEXT:
        if not isinstance(data.get(name), str):
            return f"data.{name} must be text"
    if data["kind"] not in world.KINDS:
        return f"this provider does not do {data['kind']}"
    if not data["key"]:
        return "data.key is empty"
    until = data.get("until")
    if until is not None:
        try:
            if datetime.fromisoformat(until).tzinfo is None:
                return "data.until needs an offset"
        except (TypeError, ValueError):
            return "data.until is not an ISO 8601 time"
    return ""

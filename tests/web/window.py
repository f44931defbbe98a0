"""A real Chromium whose network is Django's test client: pages of this process, without a server and without a port.

Whatever a page asks of another host is refused and remembered; so is whatever the browser complains about, and every
dialog that opens.
"""

from __future__ import annotations

import gzip
import html
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.db import connection, connections
from django.test import Client

CHROMIUM = (
    os.environ.get("TRUSTDESK_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: A name that browsers trust without TLS, so that every header counts.
HERE = "http://localhost"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


@contextmanager
def chromium() -> Iterator[Any]:
    """One headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        # Within the browser's loop Django keeps connections of its own; one that stays open keeps the database from going.
        connections.close_all()
        browser.close()


class Window:
    """One page of a browser, signed in as whoever `client` is.

    `elsewhere` lists requests to other hosts, `complaints` what the console said, `dialogs` what opened, `statuses` the
    answers that were no success.
    """

    def __init__(self, browser: Any, client: Client, **options: Any) -> None:
        self.client = client
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        #: What travelled since this was set to 0, compressed as a server or proxy sends it.
        self.bytes = 0
        #: The test's own connection: the browser's loop calls back in a context of its own, which would open another.
        self._database = connections[connection.alias]
        self.context = browser.new_context(base_url=HERE, locale="en", service_workers="block", **options)
        self.context.route("**/*", self._carefully)
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def close(self) -> None:
        """Close the page and whatever it holds."""
        self.context.close()

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _carefully(self, route: Any) -> None:
        connections[self._database.alias] = self._database
        try:
            self._answer(route)
        except Exception as error:  # what the desk raises belongs to the test, not to the browser's own loop
            self.complaints.append(repr(error))
            route.abort()

    def _answer(self, route: Any) -> None:
        request = route.request
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != HERE:
            self.elsewhere.append(request.url)
            route.abort()
            return
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            if not found:
                route.fulfill(status=404)
                return
            with open(str(found), "rb") as file:
                body = file.read()
            self.bytes += len(gzip.compress(body))
            kind = TYPES.get(os.path.splitext(str(found))[1], "application/octet-stream")
            route.fulfill(status=200, body=body, headers={"content-type": kind})
            return
        headers = {k: v for k, v in request.headers.items() if k not in ("cookie", "host", "content-length")}
        answer = self.client.generic(
            request.method,
            path,
            request.post_data_buffer or b"",
            content_type=headers.pop("content-type", "application/octet-stream"),
            headers=headers | {"accept-encoding": "gzip"},
            SERVER_NAME=parts.hostname,
        )
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.bytes += len(body)
        if answer.headers.get("Content-Encoding") == "gzip":  # the browser takes what is made up here as it is
            body = gzip.decompress(body)
            del answer.headers["Content-Encoding"]
        if answer.status_code in (301, 302, 303) and request.is_navigation_request():
            # A redirect that is made up here would go to the network: let the page itself go there.
            there = html.escape(answer.headers["Location"])
            body, answer.status_code = f'<meta http-equiv="refresh" content="0;url={there}">'.encode(), 200
            answer.headers = {"Content-Type": "text/html"}
        sent = {k.lower(): v for k, v in answer.headers.items()}
        route.fulfill(status=answer.status_code, body=body, headers=sent)

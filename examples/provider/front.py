"""The sample provider's web front: customer sites by Host header, and by path (`/~host/…`) for browsers without DNS."""

from __future__ import annotations

import html
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from examples.provider import pages, world
from examples.provider.state import InForce, State

_CSS = (world.HERE / "static" / "site.css").read_bytes()
_STATUS = {
    "site_disable": "disabled (451)",
    "path_block": "part blocked (451)",
    "warning_page": "behind a warning",
    "account_suspend": "account suspended (403)",
    "domain_hold": "name on hold",
    "null_route": "address silent",
}


def handler(state: State) -> type[BaseHTTPRequestHandler]:
    """The request handler class, bound to this provider's memory."""

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "NubeNorte", ""
        timeout = 10

        def do_GET(self) -> None:
            self._serve()

        do_HEAD = do_GET

        def do_POST(self) -> None:
            """A form was sent. Nothing of it is read: the connection is closed with the answer."""
            self.close_connection = True
            self._send(200, pages.frame("Sample form", pages.FORM, "plain"))

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if path == "/_nn/site.css":
                return self._send(200, _CSS, "text/css; charset=utf-8")
            host, base = _hostname(self.headers.get("Host", "")), ""
            if path.startswith("/~"):
                host, _, rest = path[2:].partition("/")
                base, path = f"/~{host}", f"/{rest}"
            measures = state.in_force()
            if world.routed(host, measures):
                return self._drop()
            if host.endswith(world.ACCOUNTS):
                return self._account(host.removesuffix(world.ACCOUNTS), measures)
            site = world.sites().get(host) or world.sites().get(host.removeprefix("www."))
            if site is None:
                return self._elsewhere(host, measures)
            measure = world.meeting(site, path, measures)
            if measure is None:
                return self._page(site, path, base)
            return self._meet(measure, site, path, base, parts.query)

        def _page(self, site: world.Site, path: str, base: str) -> None:
            page = site.page(path)
            if page is None:
                body = pages.NOT_HERE.format(base=base)
                return self._send(404, pages.frame(site.title, body, site.theme, site, base))
            return self._send(200, pages.frame(page.title, page.html.replace("{base}", base), site.theme, site, base))

        def _meet(self, measure: InForce, site: world.Site, path: str, base: str, query: str) -> None:
            marked = ("Measure", measure.kind)
            if measure.kind == "null_route":
                return self._drop()
            if measure.kind == "domain_hold":
                body = pages.HELD.format(host=site.host)
                return self._send(404, pages.frame("Name on hold", body, "notice"), fields=(marked,))
            if measure.kind == "account_suspend":
                return self._send(403, _suspended(), fields=(marked,))
            if measure.kind == "warning_page":
                if query == "understood":
                    return self._page(site, path, base)
                body = pages.WARNING.format(onward=html.escape(f"{base}{path}?understood", quote=True))
                return self._send(200, pages.frame("Warning", body, "warning"), fields=(marked,))
            # RFC 7725: the body explains, the Link names who blocks (section 4); caches may keep it unless told not to.
            basis = html.escape(measure.legal_basis or "our terms of service")
            what = "site" if measure.kind == "site_disable" else "page"
            body = pages.BLOCKED.format(what=what, provider=pages.PROVIDER, basis=basis)
            fields = (("Link", f'<{pages.PROVIDER}>; rel="blocked-by"'), ("Cache-Control", "no-store"), marked)
            return self._send(451, pages.frame("Unavailable for legal reasons", body, "notice"), fields=fields)

        def _account(self, account: str, measures: tuple[InForce, ...]) -> None:
            own = [s for s in world.sites().values() if s.account == account]
            if not own:
                return self._send(404, pages.frame("No such account", "<h1>No such account</h1>", "plain"))
            if world.suspended(account, measures):
                return self._send(403, _suspended(), fields=(("Measure", "account_suspend"),))
            items = "".join(f"<li>{s.host}</li>" for s in own)
            return self._send(200, pages.frame(account, f"<h1>Account {account}</h1><ul>{items}</ul>", "plain"))

        def _elsewhere(self, host: str, measures: tuple[InForce, ...]) -> None:
            if host in ("127.0.0.1", "localhost", "[::1]", "::1", "nube-norte.example"):
                return self._send(200, pages.frame("Nube Norte Hosting", _index(measures), "provider"))
            shared = [s for s in world.sites().values() if s.address == host]
            if shared:
                body = pages.SHARED.format(count=len(shared))
                return self._send(200, pages.frame(host, body, "plain"))
            fields = (("Measure", "domain_hold"),) if world.held(host, measures) else ()
            return self._send(404, pages.frame("Unknown host", "<h1>No such site here</h1>", "plain"), fields=fields)

        def _drop(self) -> None:
            """No answer at all, as from an address that nobody routes."""
            self.close_connection = True

        def _send(
            self,
            status: int,
            body: bytes,
            kind: str = "text/html; charset=utf-8",
            fields: tuple[tuple[str, str], ...] = (),
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'")
            self.send_header("X-Content-Type-Options", "nosniff")
            if self.close_connection:
                self.send_header("Connection", "close")
            for name, value in fields:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Front


def _hostname(field: str) -> str:
    """The host of a Host field without its port, lower case, no brackets, no final dot."""
    try:
        return (urlsplit("//" + field.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _suspended() -> bytes:
    return pages.frame("Account suspended", pages.SUSPENDED, "notice")


def _index(measures: tuple[InForce, ...]) -> str:
    rows = []
    for site in world.sites().values():
        met = world.meeting(site, "/", measures) or next(
            (m for m in measures if m.kind in ("path_block", "warning_page") and site.host in m.target), None
        )
        now = f'<b class="on">{_STATUS[met.kind]}</b>' if met else "open"
        rows.append(
            f'<tr><td><a href="/~{site.host}/">{site.host}</a></td><td>{html.escape(site.title)}</td>'
            f"<td>{site.account}</td><td>{site.address}</td><td>{now}</td></tr>"
        )
    return pages.INDEX.format(rows="".join(rows))

"""An HTTP GET that can be pointed at a hostile address without becoming the attacker's hand inside the network.

The check stands where the connection is made, not where the URL is read: the name is resolved once, every address is
judged, and the socket goes to an address that was judged (no second look-up, so no DNS rebinding). Each redirect goes
through the same door. Size and total time are bounded whatever the other side does.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import ada_url
import httpcore2

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Cloud machinery in space that `ipaddress` calls public (the second is RFC 6890's, which Python 3.11 knows in part).
_MACHINERY = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `headers` have lower-case names; `body` is cut at the size limit (`truncated`); `address` spoke."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    address: str

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of the field `name`, in order."""
        return tuple(v for n, v in self.headers if n == name.lower())


@dataclass(frozen=True, slots=True)
class NotFetched:
    """No answer, as a value.

    `code`: `url` (not an http URL), `no_route` (the routes do not allow this host), `address` (a forbidden address),
    `name` (there is no such name), `resolver` (nobody could say whether there is), `timeout`, `refused`, `dropped`
    (closed or reset without an answer), `tls`, `protocol`, `redirects` (too many).
    """

    url: str
    code: str
    detail: str


class _Refused(Exception):
    def __init__(self, code: str, detail: str) -> None:
        self.code, self.detail = code, detail
        super().__init__(detail)


def forbidden(address: IPAddress, allow: Iterable[IPNetwork] = ()) -> str:
    """Why nobody may be sent to `address`, or "". `allow` is asked first.

    Only globally reachable unicast passes (IANA special-purpose registries, RFC 6890). IPv4 inside IPv6 (mapped,
    6to4, Teredo, NAT64) is judged by the IPv4 address it leads to.
    """
    if any(address in network for network in allow if network.version == address.version):
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return "has a zone"
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return forbidden(inner, allow)
    if any(address in network for network in _MACHINERY):
        return "is a cloud provider's internal address"
    for name in ("unspecified", "loopback", "link_local", "multicast", "private", "reserved"):
        if getattr(address, f"is_{name}"):
            return f"is {name.replace('_', '-')}"
    return "" if address.is_global else "is not globally reachable"


def resolve(host: str, port: int) -> tuple[IPAddress, ...]:
    """Every address of `host`, by the system's resolver and within its time limit, not ours.

    Raises socket.gaierror when there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


class GuardedClient:
    """Fetches only where it may.

    `routes` maps a host (`shop.example`), a suffix (`*.example`) or everything (`*`) to `direct`, which resolves the
    name and refuses every address that is not public, or to a fixed door such as `http://127.0.0.1:8027`, which is
    used instead of any resolving and is thereby allowed. The most exact route wins; a host without one is not fetched.
    `allow` opens networks for `direct`. Times are seconds, sizes are octets.
    """

    def __init__(
        self,
        routes: Mapping[str, str] | None = None,
        *,
        allow: Sequence[str] = (),
        timeout: float = 10.0,
        max_bytes: int = 256 * 1024,
        max_redirects: int = 0,
        resolver: Callable[[str, int], Sequence[IPAddress]] = resolve,
        user_agent: str = "trustdesk-probe",
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._routes = {k.lower(): _door(v) for k, v in (routes if routes is not None else {"*": "direct"}).items()}
        self._allow = tuple(ipaddress.ip_network(n) for n in allow)
        self._timeout, self._max_bytes, self._max_redirects = (timeout, max_bytes, max_redirects)
        self._resolver, self._user_agent, self._ssl = resolver, user_agent, ssl_context

    def get(self, url: str) -> Fetched | NotFetched:
        """GET `url`, following at most `max_redirects`; never raises for what the world does."""
        deadline = time.monotonic() + self._timeout
        for _ in range(self._max_redirects + 1):
            answer = self._get_once(url, deadline)
            if isinstance(answer, NotFetched) or not self._max_redirects:
                return answer
            location = answer.header("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            try:
                url = ada_url.join_url(url, location[0])
            except ValueError:
                return NotFetched(url, "url", "redirected to something that is not a URL")
        return NotFetched(url, "redirects", f"more than {self._max_redirects} redirects")

    def _get_once(self, url: str, deadline: float) -> Fetched | NotFetched:
        try:
            parsed = ada_url.URL(url)
        except ValueError:
            return NotFetched(url, "url", "not a URL")
        if parsed.protocol not in ("http:", "https:"):
            return NotFetched(url, "url", f"{parsed.protocol} is not fetched")
        scheme = parsed.protocol[:-1]
        host = parsed.hostname.strip("[]").rstrip(".")
        port = int(parsed.port) if parsed.port else (443 if scheme == "https" else 80)
        door = self._route(host)
        if door is None:
            return NotFetched(url, "no_route", f"the configuration gives no way to {host}")
        backend = _Backend(self, host, deadline, door if isinstance(door, tuple) else None)
        if isinstance(door, tuple):
            scheme, port = door[0], door[2]
        headers = [
            (b"Host", parsed.host.encode()),
            (b"User-Agent", self._user_agent.encode()),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
            (b"Connection", b"close"),
        ]
        target = (parsed.pathname + parsed.search).encode()
        request = httpcore2.Request(
            "GET",
            httpcore2.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target),
            headers=headers,
            # httpcore measures each step; the whole is bounded by the stream below.
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)},
        )
        try:
            with httpcore2.ConnectionPool(ssl_context=self._ssl, network_backend=backend, retries=0) as pool:
                response = pool.handle_request(request)
                try:
                    body, truncated = _bounded(cast(Iterable[bytes], response.stream), self._max_bytes)
                finally:
                    response.close()
        except _Refused as refusal:
            return NotFetched(url, refusal.code, refusal.detail)
        except httpcore2.TimeoutException:
            return NotFetched(url, "timeout", f"no full answer within {self._timeout:g} s")
        except httpcore2.ConnectError as error:
            tls = isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)
            return NotFetched(url, "tls" if tls else "refused", str(error))
        except httpcore2.ProtocolError as error:
            return NotFetched(url, "protocol" if backend.spoke else "dropped", str(error))
        except (httpcore2.NetworkError, OSError) as error:
            return NotFetched(url, "dropped", str(error) or type(error).__name__)
        fields = tuple((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in response.headers)
        return Fetched(url, response.status, fields, body, truncated, backend.address)

    def _route(self, host: str) -> tuple[str, str, int] | str | None:
        if host in self._routes:
            return self._routes[host]
        labels = host.split(".")
        for i in range(1, len(labels)):
            door = self._routes.get("*." + ".".join(labels[i:]))
            if door is not None:
                return door
        return self._routes.get("*")

    def addresses(self, host: str, port: int) -> tuple[IPAddress, ...]:
        """The judged addresses of `host`. One forbidden address condemns the name: honest ones do not mix."""
        try:
            found: tuple[IPAddress, ...] = (ipaddress.ip_address(host),)
        except ValueError:
            try:
                found = tuple(self._resolver(host, port))
            except socket.gaierror as error:
                # "There is no such name" is knowledge; "the resolver does not answer" is not.
                code = "name" if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)) else "resolver"
                raise _Refused(code, f"{host}: {error}") from None
        if not found:
            raise _Refused("name", f"{host} has no address")
        for address in found:
            if why := forbidden(address, self._allow):
                raise _Refused("address", f"{host} leads to {address}, which {why}")
        return found


def _door(value: str) -> tuple[str, str, int] | str:
    if value == "direct":
        return value
    parsed = ada_url.URL(value)
    if parsed.protocol not in ("http:", "https:") or parsed.pathname != "/" or parsed.search:
        raise ValueError(f"a route is 'direct' or 'http://address:port', not {value!r}")
    host = parsed.hostname.strip("[]")
    ipaddress.ip_address(host)  # a name would have to be resolved, and that is what a door avoids
    scheme = parsed.protocol[:-1]
    return (scheme, host, int(parsed.port) if parsed.port else (443 if scheme == "https" else 80))


def _bounded(chunks: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


class _Backend(httpcore2.NetworkBackend):
    """Connects to a judged address only, and hands out streams that know the deadline."""

    def __init__(self, client: GuardedClient, host: str, deadline: float, door: tuple[str, str, int] | None) -> None:
        self._client, self._host, self.deadline, self._door = client, host, deadline, door
        self._inner = httpcore2.SyncBackend()
        self.address = ""
        self.spoke = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        if self._door is not None:
            candidates = [self._door[1]]
        else:
            candidates = [str(a) for a in self._client.addresses(self._host, port)]
        for last, address in enumerate(candidates, start=1 - len(candidates)):
            try:
                stream = self._inner.connect_tcp(address, port, _left(self.deadline), None, socket_options)
            except httpcore2.ConnectError:
                if last == 0:
                    raise
                continue
            self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            return _Stream(stream, self)
        raise AssertionError("addresses() never returns nothing")


class _Stream(httpcore2.NetworkStream):
    """A peer that drips one octet at a time resets a per-read timeout for ever; a deadline it cannot reset."""

    def __init__(self, inner: httpcore2.NetworkStream, backend: _Backend) -> None:
        self._inner, self._backend = inner, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, _left(self._backend.deadline))
        self._backend.spoke = self._backend.spoke or bool(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._backend.deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(self._backend.deadline)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for the whole exchange is over")
    return left

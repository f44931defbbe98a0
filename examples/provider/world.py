"""The sample provider's customer sites, read from `sites/*.toml`, and which measure meets a visitor of each."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from examples.provider.state import InForce

HERE = Path(__file__).parent
ACCOUNTS = ".users.nubenorte.example"  # <account>.users.nubenorte.example is the account's own page
KINDS = frozenset({"site_disable", "path_block", "warning_page", "account_suspend", "domain_hold", "null_route"})
#: When several measures meet one visitor, the first of these speaks.
_ORDER = ("null_route", "domain_hold", "account_suspend", "site_disable", "path_block", "warning_page")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a site: its path, its title, its body in HTML."""

    path: str
    title: str
    html: str


@dataclass(frozen=True, slots=True)
class Site:
    """One customer site: its host name, whose it is, the address it is served from, its pages by path."""

    host: str
    ref: str
    account: str
    address: str
    theme: str
    title: str
    tagline: str
    pages: dict[str, Page]


@cache
def sites() -> dict[str, Site]:
    """Every site by host name."""
    found = {}
    for file in sorted((HERE / "sites").glob("*.toml")):
        data = tomllib.loads(file.read_text("utf-8"))
        pages = {p["path"]: Page(p["path"], p.get("title", data["title"]), p["html"]) for p in data.pop("page")}
        site = Site(pages=pages, **data)
        found[site.host] = site
    return found


def known(kind: str, asset_kind: str, asset_ref: str, target: str) -> bool:
    """Does this order name something of ours, fit for its kind?"""
    if kind == "account_suspend":
        return any(s.account in (asset_ref, target) for s in sites().values())
    if kind == "null_route":
        return _network(target) is not None
    return bool(_hosts(asset_ref, target))


def meeting(site: Site, path: str, measures: Iterable[InForce]) -> InForce | None:
    """The measure that a visitor of `path` on `site` meets, or None."""
    met = [m for m in measures if _binds(m, site, path)]
    return min(met, key=lambda m: _ORDER.index(m.kind), default=None)


def routed(address: str, measures: Iterable[InForce]) -> bool:
    """Is `address` null-routed?"""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    for measure in measures:
        network = _network(measure.target) if measure.kind == "null_route" else None
        if network is not None and network.version == found.version and found in network:
            return True
    return False


def _binds(measure: InForce, site: Site, path: str) -> bool:
    if measure.kind == "null_route":
        return routed(site.address, (measure,))
    if measure.kind == "account_suspend":
        return site.account in (measure.asset_ref, measure.target)
    if measure.kind == "domain_hold":
        name = _host(measure.target) or measure.asset_ref
        return site.host == name or site.host.endswith("." + name)
    if site.host not in _hosts(measure.asset_ref, measure.target):
        return False
    if measure.kind == "site_disable":
        return True
    prefix = urlsplit(measure.target).path.rstrip("/") if "//" in measure.target else ""
    return prefix == "" or path == prefix or path.startswith(prefix + "/")


def _hosts(asset_ref: str, target: str) -> set[str]:
    """The hosts that an order about a site means: the one in its target, else the one its asset reference names."""
    host = _host(target)
    if host in sites():
        return {host}
    return {s.host for s in sites().values() if asset_ref in (s.ref, s.host) or target == s.ref}


def _host(target: str) -> str:
    try:
        host = urlsplit(target if "//" in target else f"//{target}").hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".")


def _network(target: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(_host(target) if "//" in target else target, strict=False)
    except ValueError:
        return None

"""The sample provider's customer sites, read from `sites/*.toml`, and which measure meets a visitor of each."""

from __future__ import annotations

import csv
import ipaddress
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from examples.provider.state import InForce

HERE = Path(__file__).parent
ACCOUNTS = ".users.nube-norte.example"  # <account>.users.nube-norte.example is the account's own page
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
    language: str
    theme: str
    title: str
    tagline: str
    pages: dict[str, Page]

    def page(self, path: str) -> Page | None:
        """The page at `path`, with or without a final slash; a page at `/x/*` answers for all below `/x/`."""
        exact = self.pages.get(path) or self.pages.get(path.rstrip("/"))
        return exact or self.pages.get(path.rpartition("/")[0] + "/*")


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


@cache
def domains() -> dict[str, str]:
    """The names of the inventory by their reference (`dom-1012` → `swiftparcel-delivery.example`)."""
    with (HERE / "inventory" / "assets.csv").open(encoding="utf-8", newline="") as file:
        return {row["ref"]: row["value"] for row in csv.DictReader(file) if row["kind"] == "domain"}


def known(kind: str, asset_kind: str, asset_ref: str, target: str) -> bool:
    """Does this order name something of ours, fit for its kind?"""
    if kind == "account_suspend":
        return bool(_accounts(asset_ref, target))
    if kind == "null_route":
        return _network(target) is not None
    if kind == "domain_hold":
        return _held(asset_ref, target) != ""
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


def held(host: str, measures: Iterable[InForce]) -> bool:
    """Is `host`, or a name above it, on hold?"""
    names = [_held(m.asset_ref, m.target) for m in measures if m.kind == "domain_hold"]
    return any(host == name or host.endswith("." + name) for name in names)


def suspended(account: str, measures: Iterable[InForce]) -> bool:
    """Is `account` suspended?"""
    return any(m.kind == "account_suspend" and account in _accounts(m.asset_ref, m.target) for m in measures)


def _binds(measure: InForce, site: Site, path: str) -> bool:
    if measure.kind == "null_route":
        return routed(site.address, (measure,))
    if measure.kind == "account_suspend":
        return site.account in _accounts(measure.asset_ref, measure.target)
    if measure.kind == "domain_hold":
        return held(site.host, (measure,))
    if site.host not in _hosts(measure.asset_ref, measure.target):
        return False
    if measure.kind == "site_disable":
        return True
    prefix = unquote(urlsplit(measure.target).path).rstrip("/") if "//" in measure.target else ""
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


def _accounts(asset_ref: str, target: str) -> set[str]:
    """The account that an order names, or else the one that holds the site it names."""
    named = {s.account for s in sites().values() if s.account in (asset_ref, target)}
    return named or {sites()[host].account for host in _hosts(asset_ref, target)}


def _held(asset_ref: str, target: str) -> str:
    """The name that a hold is about: that of the referenced domain, else the host of the target if it is ours."""
    host = _host(target)
    names = {*domains().values(), *sites()}
    own = any(host == name or host.endswith("." + name) for name in names)
    return domains().get(asset_ref) or (host if own else "")


def _network(target: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network that a null route is about; a site stands for its address."""
    if "/" not in target or "//" in target:
        host = _host(target) if "//" in target else target
        target = sites()[host].address if host in sites() else host
    try:
        return ipaddress.ip_network(target, strict=False)
    except ValueError:
        return None

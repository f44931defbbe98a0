"""Looks at a resource from outside, as any visitor could, and says whether a measure is in force."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import ada_url
import re2

from trustdesk.integrations.guarded import Fetched, GuardedClient, NotFetched
from trustdesk.interfaces.enforcer import Order, Outcome

#: What a visitor must meet for each kind: an HTTP status, and the field that says it is a measure and no accident.
_EXPECTED = {
    "site_disable": (451, "link"),
    "path_block": (451, "link"),
    "warning_page": (200, "measure"),
    "account_suspend": (403, "measure"),
    "domain_hold": (404, "measure"),
}
# RFC 7725 section 4: Link with rel="blocked-by" names who blocks. RE2, because the field is the other side's text.
_BLOCKED_BY = re2.compile(
    r'(?i)<([^<>]*)>[^<>]*;\s*rel\s*=\s*(?:"(?:[^"]*\s)?blocked-by(?:\s[^"]*)?"|blocked-by(?:[\s;,]|$))'
)
_HOST = re2.compile(r"(?i)^[a-z0-9_](?:[a-z0-9_-]{0,62}\.)+[a-z0-9-]{2,63}$")


class Observer:
    """Turns an order into a URL, fetches it through the guard, and compares with what the kind promises.

    `observe` maps an asset kind to a URL template with `{ref}`; `witness` is a URL that must answer before silence is
    taken for a null route. An order of an unknown kind cannot be confirmed: `failed`, code `unknown_kind`.
    """

    def __init__(self, client: GuardedClient, *, observe: Mapping[str, str], witness: str = "") -> None:
        self._client, self._observe, self._witness = client, observe, witness

    def url(self, order: Order) -> str:
        """The URL to look at, or "" when the order names nothing that can be seen from outside."""
        target = order.target.strip()
        if target.lower().startswith(("http://", "https://")):
            return target
        try:
            network = ipaddress.ip_network(target, strict=False)
        except ValueError:
            pass
        else:
            first = network[0] if network.num_addresses == 1 else network[1]
            return f"http://[{first}]/" if first.version == 6 else f"http://{first}/"
        if _HOST.match(target):
            return f"http://{target}/"
        template = self._observe.get(order.asset_kind, "")
        return template.replace("{ref}", order.asset_ref)

    def host(self, order: Order) -> str:
        """The host of that URL, or ""."""
        try:
            return ada_url.URL(self.url(order)).hostname
        except ValueError:
            return ""

    def confirm(self, order: Order) -> Outcome:
        """`done` when a visitor meets the measure, `pending` when not (yet), `failed` when nobody can tell."""
        return self._look(order, wanted=True)

    def confirm_lifted(self, order: Order) -> Outcome:
        """`done` when a visitor gets an answer and it is not the measure's."""
        return self._look(order, wanted=False)

    def _look(self, order: Order, *, wanted: bool) -> Outcome:
        if order.kind not in _EXPECTED and order.kind != "null_route":
            return Outcome("failed", "unknown_kind", f"it is not known how {order.kind} looks from outside")
        url = self.url(order)
        if not url:
            return Outcome("failed", "not_observable", f"{order.target!r} is nothing that can be visited")
        answer = self._client.get(url)
        seen = describe(answer)
        if isinstance(answer, NotFetched) and answer.code in ("url", "no_route", "address"):
            return Outcome("failed", answer.code, answer.detail, observed=seen)
        if order.kind == "null_route":
            return self._silence(answer, seen, wanted)
        if isinstance(answer, NotFetched) and answer.code == "name" and order.kind == "domain_hold":
            met = True  # what a hold is: the name does not resolve
        elif isinstance(answer, NotFetched):
            # Silence proves neither a measure nor its end.
            return Outcome("pending", answer.code, "the resource gives no answer", True, seen)
        else:
            met = meets(order.kind, answer)
        if met == wanted:
            return Outcome("done", "seen" if wanted else "gone", "", observed=seen)
        return Outcome("pending", "not_seen" if wanted else "still_there", "", True, seen)

    def _silence(self, answer: Fetched | NotFetched, seen: str, wanted: bool) -> Outcome:
        if isinstance(answer, Fetched):
            if wanted:
                return Outcome("pending", "not_seen", "the address still answers", True, seen)
            return Outcome("done", "gone", "the address answers", observed=seen)
        if not wanted:
            return Outcome("pending", "still_there", "the address does not answer", True, seen)
        if answer.code not in ("timeout", "dropped", "refused"):
            return Outcome("pending", answer.code, answer.detail, True, seen)
        if not self._witness:
            return Outcome("failed", "no_witness", "without a witness, silence may be our own", observed=seen)
        witness = self._client.get(self._witness)
        seen = f"{seen}; witness {describe(witness)}"
        if isinstance(witness, NotFetched):
            return Outcome("pending", "road_closed", "the witness does not answer either", True, seen)
        return Outcome("done", "seen", "the address is silent while the witness answers", observed=seen)


def meets(kind: str, answer: Fetched) -> bool:
    """Does `answer` look as the kind of measure promises?"""
    status, field = _EXPECTED[kind]
    if answer.status != status:
        return False
    if field == "link":
        return blocked_by(answer) != ""
    return any(value.split(";")[0].strip() == kind for value in answer.header("measure"))


def blocked_by(answer: Fetched) -> str:
    """The target of the first Link with rel="blocked-by" (RFC 7725 section 4, RFC 8288), or ""."""
    for value in answer.header("link"):
        if found := _BLOCKED_BY.search(value[:4096]):
            return str(found.group(1))
    return ""


def describe(answer: Fetched | NotFetched) -> str:
    """One line for the record: what was asked, of whom, and what came back."""
    if isinstance(answer, NotFetched):
        return f"GET {answer.url}: {answer.code} ({answer.detail})"
    by = blocked_by(answer)
    measure = ", ".join(answer.header("measure"))[:80]
    extra = (f', Link <{by}>; rel="blocked-by"' if by else "") + (f", Measure {measure}" if measure else "")
    return f"GET {answer.url} at {answer.address}: HTTP {answer.status}{extra}"

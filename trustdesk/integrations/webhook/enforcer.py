"""The webhook enforcer: one signed POST an order, and a look at the customer's resource from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import ada_url
import httpx2
from standardwebhooks.webhooks import Webhook

from trustdesk.integrations.configuring import checked
from trustdesk.integrations.guarded import GuardedClient
from trustdesk.integrations.webhook.breaker import Breaker
from trustdesk.integrations.webhook.observe import Observer
from trustdesk.interfaces.enforcer import MEASURE_KINDS, Order, Outcome

_PLANS = {
    "site_disable": "{where} answers 451 with the legal basis; the customer's other sites and account are untouched.",
    "path_block": "{target} and what lies below it answers 451; the rest of the site stays as it is.",
    "warning_page": "Visitors of {target} see a warning first and may go on; nothing is taken down.",
    "account_suspend": "Every site of account {ref} answers 403; its data and names are kept.",
    "domain_hold": "{where} and every name below it stops resolving, mail included; the registration is kept.",
    "null_route": "Nothing sent to {target} arrives any more: every service on it stops, whoever uses it.",
}
_MAX_ANSWER = 64 * 1024


class WebhookEnforcer:
    """Speaks Standard Webhooks to one control API (`base_url` + `/measures`).

    Configuration: `base_url`; `secret` (`whsec_…`); `kinds`; `timeout` (seconds for each step); `breaker_threshold`,
    `breaker_cooldown`; `probe` (routes of the guarded client: where `confirm` may look); `observe` (asset kind → URL
    template with `{ref}`, for assets that are not a URL, name or address); `witness` (a URL that answers as long as the
    road is open: only with it can silence prove a null route).

    `webhook-id` is the order's key (apply) or `<key>.lift` (lift), so that a retry is recognised; the signed timestamp
    is that of the attempt. Retrying is the caller's: 408, 425, 429, 5xx and silence say `retry`, other 4xx do not.
    """

    name = "webhook"

    def __init__(
        self,
        config: Mapping[str, object],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        c = checked(
            "webhook",
            config,
            base_url=str,
            secret=str,
            kinds=tuple(sorted(MEASURE_KINDS)),
            timeout=10.0,
            breaker_threshold=5,
            breaker_cooldown=30.0,
            probe={},
            observe={},
            witness="",
        )
        base = ada_url.URL(c["base_url"])  # ValueError when it is none
        if base.protocol not in ("http:", "https:") or base.search or base.username:
            raise ValueError("webhook: 'base_url' must be a plain http or https URL")
        self.kinds = frozenset(c["kinds"])
        self._url = c["base_url"].rstrip("/") + "/measures"
        try:
            self._signer = Webhook(c["secret"])
        except Exception as error:  # the library raises several kinds for a bad secret
            raise ValueError(f"webhook: 'secret' is not a Standard Webhooks secret: {error}") from None
        self._timeout, self._clock, self._monotonic = c["timeout"], clock, monotonic
        self._breaker = Breaker(c["breaker_threshold"], c["breaker_cooldown"])
        # One client, because its TLS context is slow to make; no connection is kept, so forking it does no harm.
        # trust_env off: a proxy variable of the process must not see the orders.
        self._client = httpx2.Client(
            timeout=c["timeout"],
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )
        client = GuardedClient(c["probe"], timeout=c["timeout"])
        self._observer = Observer(client, observe=c["observe"], witness=c["witness"])

    def plan(self, order: Order) -> str:
        """See Enforcer."""
        sentence = _PLANS.get(order.kind, "The provider's system is told to carry out {kind} on {target}.")
        where = self._observer.host(order) or order.target
        text = sentence.format(kind=order.kind, target=order.target, ref=order.asset_ref, where=where)
        return text + (f" It ends by itself on {order.until:%Y-%m-%d %H:%M %Z}." if order.until else "")

    def apply(self, order: Order) -> Outcome:
        """See Enforcer. `done`: the API says it is in force; `pending`: it took the order (202)."""
        if order.kind not in self.kinds:
            return Outcome("failed", "kind", f"this enforcer does not do {order.kind}")
        return self._post("measure.apply", order, order.key)

    def lift(self, order: Order) -> Outcome:
        """See Enforcer."""
        return self._post("measure.lift", order, f"{order.key}.lift")

    def confirm(self, order: Order) -> Outcome:
        """See Enforcer. Looks at the resource itself; the control API is not asked."""
        return self._observer.confirm(order)

    def confirm_lifted(self, order: Order) -> Outcome:
        """See Enforcer."""
        return self._observer.confirm_lifted(order)

    def _post(self, event: str, order: Order, ident: str) -> Outcome:
        now = self._clock()
        if not self._breaker.allow(self._monotonic()):
            wait = int(self._breaker.wait(self._monotonic())) + 1
            return Outcome("failed", "breaker_open", "the control API failed lately; waiting", True, retry_after=wait)
        try:
            status, headers, body = self._exchange(event, order, ident, now)
        except httpx2.TimeoutException:
            self._breaker.failed(self._monotonic())
            return Outcome("failed", "timeout", f"no answer within {self._timeout:g} s", retry=True)
        except httpx2.HTTPError as error:
            self._breaker.failed(self._monotonic())
            return Outcome("failed", "unreachable", str(error) or type(error).__name__, retry=True)
        seen = f"POST {self._url} ({ident}): HTTP {status}"
        try:
            answer = json.loads(body) if body else {}
        except ValueError:
            answer = {}
        answer = answer if isinstance(answer, dict) else {}
        code, detail = str(answer.get("code", ""))[:64], str(answer.get("detail", ""))[:500]
        if status >= 500:
            self._breaker.failed(self._monotonic())
        else:
            self._breaker.succeeded()
        if 200 <= status < 300:
            return Outcome("pending" if status == 202 else "done", code or f"http_{status}", detail, observed=seen)
        again = status >= 500 or status in (408, 425, 429)
        after = _retry_after(headers.get("retry-after", ""), now) if again else None
        return Outcome("failed", code or f"http_{status}", detail, again, seen, after)

    def _exchange(self, event: str, order: Order, ident: str, now: float) -> tuple[int, httpx2.Headers, bytes]:
        at = datetime.fromtimestamp(now, UTC)
        data = asdict(order) | {"until": order.until.isoformat() if order.until else None}
        payload = {"type": event, "timestamp": at.isoformat(timespec="seconds"), "data": data}
        body = json.dumps(payload, ensure_ascii=False, sort_keys=True)
        headers = {
            "content-type": "application/json",
            "user-agent": "trustdesk-webhook",
            "webhook-id": ident,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": self._signer.sign(ident, at, body),
        }
        deadline = time.monotonic() + self._timeout
        with self._client.stream("POST", self._url, content=body.encode(), headers=headers) as response:
            answer = bytearray()
            for chunk in response.iter_raw():
                answer += chunk
                if len(answer) > _MAX_ANSWER:
                    break  # too long to be an answer of this API; what matters is the status
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer takes too long")
            return response.status_code, response.headers, bytes(answer[:_MAX_ANSWER])


def _retry_after(value: str, now: float) -> int | None:
    """Seconds of a Retry-After field (RFC 9110 section 10.2.3: a delay or a date), at most a day."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:6]), 86_400)
    try:
        return max(0, min(int(parsedate_to_datetime(value).timestamp() - now), 86_400))
    except (ValueError, TypeError, OverflowError):
        return None

"""Statements of reasons to the DSA Transparency Database (Art. 24(5)): one by one or a hundred at once, idempotent by PUID."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from trustdesk.core.types import Problem
from trustdesk.integrations.configuring import checked
from trustdesk.integrations.dsa_tdb.fields import problems
from trustdesk.interfaces.exchange import Answer, Item

#: Octets of an answer that are read: a hundred records come back with at most 7,000 characters each.
LARGEST = 4_000_000


def make(config: Mapping[str, object]) -> TransparencyDatabase:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return TransparencyDatabase(config)


class TransparencyDatabase:
    """`url` is the API's base with its version (`https://transparency.dsa.ec.europa.eu/api/v1`, or the simulator's);
    `token` the platform's bearer token; `timeout` in seconds."""

    name = "dsa_tdb"
    batch = 100

    def __init__(self, config: Mapping[str, object]) -> None:
        values = checked(self.name, config, url=str, token=str, timeout=30.0)
        self._url = values["url"].rstrip("/")
        if not self._url.startswith(("https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:")):
            raise ValueError("dsa_tdb: url must be https; only a simulator on this machine may be http")
        self._client = httpx2.Client(
            timeout=values["timeout"],
            headers={"Authorization": f"Bearer {values['token']}", "Accept": "application/json"},
            follow_redirects=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def check(self, item: Item) -> tuple[Problem, ...]:
        """What the database would refuse, as far as its published rules say."""
        return tuple(problems(item.payload))

    def submit(self, items: Sequence[Item]) -> list[Answer]:
        """Hand the records over. A batch is all or nothing there: what was wrong with some holds the others up no longer
        than one more request."""
        if len(items) == 1:
            return [self._one(items[0])]
        status, body, pause = self._post("statements", {"statements": [dict(i.payload) for i in items]})
        if status == 201:
            made: list[Any] = rows if isinstance(rows := body.get("statements"), list) else []
            found = {str(row.get("puid")): str(row.get("uuid", "")) for row in made if isinstance(row, dict)}
            return [Answer(i.key, "accepted", found.get(i.key, "")) for i in items]
        if status != 422:
            return [_later(i, status, body, pause) for i in items]
        wrong = _by_item(body.get("errors"), len(items))
        if not wrong:
            return [self._one(i) for i in items]
        good = [i for n, i in enumerate(items) if n not in wrong]
        answers = {i.key: a for i, a in zip(good, self.submit(good), strict=True)} if good else {}
        for n, item in enumerate(items):
            if n in wrong:
                # A PUID that is taken comes as an error of the batch; alone the record tells which statement has it.
                taken = all(p.where == "puid" for p in wrong[n])
                answers[item.key] = self._one(item) if taken else Answer(item.key, "refused", problems=wrong[n])
        return [answers[i.key] for i in items]

    def _one(self, item: Item) -> Answer:
        status, body, pause = self._post("statement", dict(item.payload))
        if status == 201:
            return Answer(item.key, "accepted", str(body.get("uuid", "")))
        if status == 422:
            existing = body.get("existing")
            if isinstance(existing, dict) and existing.get("puid") == item.key:
                return Answer(item.key, "accepted", str(existing.get("uuid", "")), detail="was there already")
            return Answer(
                item.key, "refused", problems=_problems(body.get("errors")), detail=str(body.get("message", ""))[:300]
            )
        return _later(item, status, body, pause)

    def _post(self, path: str, content: Mapping[str, Any]) -> tuple[int, dict[str, Any], float | None]:
        """Status (0: no answer), body and the pause that was asked for."""
        try:
            with self._client.stream("POST", f"{self._url}/{path}", json=content) as answer:
                data = b""
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > LARGEST:
                        return 0, {"message": "the answer is too large"}, None
                pause = answer.headers.get("Retry-After", "")
                status = answer.status_code
        except httpx2.HTTPError as error:
            return 0, {"message": f"{type(error).__name__}: {error}"[:300]}, None
        try:
            body = json.loads(data)
        except ValueError:
            body = {}
        return status, body if isinstance(body, dict) else {}, float(pause) if pause.isdigit() else None


def _later(item: Item, status: int, body: Mapping[str, Any], pause: float | None) -> Answer:
    """401 and 403 are a matter of the token, not of the record; it waits until somebody has put that right."""
    if status in (401, 403):
        return Answer(item.key, "later", detail=f"{status}: the token is not accepted", retry_after=3600)
    if status in (400, 413):
        why = (Problem("request", str(body.get("message", "the request was not understood"))[:300]),)
        return Answer(item.key, "refused", problems=why)
    return Answer(
        item.key, "later", detail=f"{status or 'no answer'}: {body.get('message', '')}"[:300], retry_after=pause
    )


def _problems(errors: object) -> tuple[Problem, ...]:
    """`{field: [message, …]}` as the database says it."""
    if not isinstance(errors, dict):
        return (Problem("field", "was refused without a reason"),)
    return tuple(
        Problem("field", str(text)[:300], str(name)[:60])
        for name, texts in errors.items()
        for text in (texts if isinstance(texts, list) else [texts])
    )


def _by_item(errors: object, many: int) -> dict[int, tuple[Problem, ...]]:
    """`{"statement_2": {field: [message]}}` → number → problems."""
    found = {}
    for name, row in errors.items() if isinstance(errors, dict) else ():
        number = str(name).removeprefix("statement_")
        if number.isdigit() and int(number) < many:
            found[int(number)] = _problems(row)
    return found

"""Notices to the Lumen database, one by one. What may leave was decided before (rulebook/registers/lumen.toml)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx2

from trustdesk.core.types import Problem
from trustdesk.integrations.configuring import checked
from trustdesk.interfaces.exchange import Answer, Item

TYPES = ("DMCA", "Counterfeit", "Counternotice", "CourtOrder", "DataProtection", "Defamation", "GovernmentRequest",
         "LawEnforcementRequest", "LocalLaw", "PrivateInformation", "Trademark", "Other")  # fmt: skip
ROLES = ("recipient", "sender", "principal", "submitter")
LARGEST = 200_000


def make(config: Mapping[str, object]) -> Lumen:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return Lumen(config)


def problems(notice: Mapping[str, Any]) -> Iterable[Problem]:
    """What Lumen asks of a notice: its type, a title, a work with addresses, a recipient and a sender."""
    if notice.get("type") not in TYPES:
        yield Problem("field", f"is none of {', '.join(TYPES)}", "type")
    if not str(notice.get("title") or "").strip():
        yield Problem("field", "is required", "title")
    works = notice.get("works_attributes") or []
    if not works:
        yield Problem("field", "at least one work is required", "works_attributes")
    for n, work in enumerate(works):
        if not any(row.get("url") for row in work.get("infringing_urls_attributes", ())):
            yield Problem("field", f"work {n + 1} names no address", "works_attributes")
    roles = [row.get("name") for row in notice.get("entity_notice_roles_attributes", ())]
    for name in ("recipient", "sender"):
        if name not in roles:
            yield Problem("field", f"nobody is the {name}", "entity_notice_roles_attributes")
    for row in notice.get("entity_notice_roles_attributes", ()):
        if row.get("name") not in ROLES or not str(row.get("entity_attributes", {}).get("name") or "").strip():
            yield Problem("field", "every role needs a known name and a party", "entity_notice_roles_attributes")


class Lumen:
    """`url` is the base of the site (or of the simulator), `token` the authentication token of the submitter."""

    name = "lumen"
    batch = 20

    def __init__(self, config: Mapping[str, object]) -> None:
        values = checked(self.name, config, url=str, token=str, timeout=30.0)
        self._url, self._token = values["url"].rstrip("/"), values["token"]
        if not self._url.startswith(("https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:")):
            raise ValueError("lumen: url must be https; only a simulator on this machine may be http")
        self._client = httpx2.Client(
            timeout=values["timeout"],
            headers={"Accept": "application/json"},
            follow_redirects=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def check(self, item: Item) -> tuple[Problem, ...]:
        """What Lumen would refuse, as far as its public code says."""
        return tuple(problems(item.payload))

    def submit(self, items: Sequence[Item]) -> list[Answer]:
        """One request for each. After the first that has to wait the others are not tried."""
        answers: list[Answer] = []
        for item in items:
            if answers and answers[-1].status == "later":
                answers.append(
                    Answer(item.key, "later", detail=answers[-1].detail, retry_after=answers[-1].retry_after)
                )
            else:
                answers.append(self._one(item))
        return answers

    def _one(self, item: Item) -> Answer:
        # Lumen keeps the submitter's id and does not refuse a second notice with it: where an answer was lost on the way,
        # the same notice may stand there twice, and the id tells so.
        content = {"authentication_token": self._token, "notice": dict(item.payload) | {"submission_id": item.key}}
        try:
            with self._client.stream("POST", f"{self._url}/notices", json=content) as reply:
                data = b""
                for chunk in reply.iter_bytes():
                    data += chunk
                    if len(data) > LARGEST:
                        break
        except httpx2.HTTPError as error:
            return Answer(item.key, "later", detail=f"no answer: {type(error).__name__}")
        if reply.status_code == 201:
            return Answer(item.key, "accepted", reply.headers.get("Location", "")[:120])
        if reply.status_code in (400, 422):
            return Answer(item.key, "refused", problems=_problems(data))
        pause = reply.headers.get("Retry-After", "3600" if reply.status_code in (401, 403) else "")
        return Answer(
            item.key, "later", detail=f"{reply.status_code}", retry_after=float(pause) if pause.isdigit() else None
        )


def _problems(data: bytes) -> tuple[Problem, ...]:
    try:
        errors = json.loads(data)
    except ValueError:
        errors = None
    rows = errors.get("errors", errors) if isinstance(errors, dict) else None
    if not isinstance(rows, dict):
        return (Problem("field", "was refused without a reason"),)
    return tuple(Problem("field", str(text)[:300], str(name)[:60]) for name, text in rows.items())

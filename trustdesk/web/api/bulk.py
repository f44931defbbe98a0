"""`POST /v1/abuse/bulk`: up to a hundred reports in one request, each with an answer of its own (docs/use/importing.md)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest
from ninja import Schema
from ninja import Status as Answer

from trustdesk import clock
from trustdesk.core.types import Finding, Refused
from trustdesk.flow import submit
from trustdesk.web.api import body as bodies
from trustdesk.web.api.access import Bearer, Buckets
from trustdesk.web.api.reports import TOKEN_LIMIT, api, failed, test_code
from trustdesk.web.api.schemas import ONE, Failure, Field

#: Reports in one request, and requests a second and at once for each account.
MOST = 100
CALLS = Buckets(rate=1, burst=10)
_BLANK = " \t\r\n"


class Item(Schema):
    """What became of one report. `status` is what the same report alone would have been answered with (202, 409, 422,
    503); `id` is there if it is 202, `code` and `message` if it is not."""

    index: int
    status: int
    id: str | None = None
    duplicate: bool = False
    test: bool = False
    code: str = ""
    message: str = ""
    fields: list[Field] = []


class Items(Schema):
    """One answer for each report, in the order of the reports."""

    accepted: int
    items: list[Item]


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "minItems": 1, "maxItems": MOST, "items": {"anyOf": ONE}}}
        },
    }
}


@api.post(
    "/abuse/bulk",
    auth=Bearer("reports:write", CALLS),
    response={200: Items, **dict.fromkeys((400, 401, 403, 413, 415, 422, 429, 503), Failure)},
    openapi_extra=BODY,
    summary="Send up to 100 reports as XARF 4 or 3",
    by_alias=True,
)
def send(request: HttpRequest) -> Any:
    """200 with an answer for each report. One that is refused does not hold up the others; each that is 202 is durable.

    A report may be wrapped with a `clientToken` of its own, so that a request can be repeated as a whole.
    """
    account: str = request.auth  # type: ignore[attr-defined]
    if request.content_type != "application/json":
        return Answer(415, failed("body.media_type", "send application/json"))
    try:
        raw = elements(request.body)
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return Answer(413, failed("body.too_large", f"a body may have {most} bytes"))
    except bodies.BadJson as error:
        return Answer(400, failed("body.malformed", f"not valid JSON: {error}"))
    if raw is None or not 1 <= len(raw) <= MOST:
        return Answer(422, failed("bulk.not_a_list", f"send a list of 1 to {MOST} reports"))
    items = [{"index": index, **_one(one, account)} for index, one in enumerate(raw)]
    return Answer(200, {"accepted": sum(item["status"] == 202 for item in items), "items": items})


def elements(raw: bytes) -> list[bytes] | None:
    """The bytes of each element of a JSON array, as they stand there; None if it is no array. Raises BadJson."""
    try:
        text = raw.decode("utf-8-sig")
        if not isinstance(json.loads(text), list):
            return None
    except RecursionError:
        raise bodies.BadJson("nested too deeply") from None
    except UnicodeDecodeError:
        raise bodies.BadJson("not UTF-8") from None
    except ValueError as error:
        raise bodies.BadJson(str(error)[:200]) from None
    scan = json.JSONDecoder().raw_decode
    found: list[bytes] = []
    at = text.index("[") + 1
    while True:
        while text[at] in _BLANK + ",":
            at += 1
        if text[at] == "]":
            return found
        _, end = scan(text, at)
        found.append(text[at:end].encode("utf-8", "surrogatepass"))
        at = end


def _one(raw: bytes, account: str) -> dict[str, Any]:
    try:
        submitted = bodies.read(raw)
    except bodies.BadJson as error:
        return {"status": 422, **failed("body.malformed", f"not valid JSON: {error}")}
    findings = bodies.check(submitted)
    token = submitted.token if isinstance(submitted.token, str) else ""
    if len(token) > TOKEN_LIMIT or not token.isascii() or not token.isprintable():
        limit = f"1 to {TOKEN_LIMIT} printable ASCII characters"
        findings.append(Finding("idempotency.bad_token", limit, "clientToken"))
    if findings:
        return {"status": 422, **failed("xarf.invalid", "the report was not taken in", *findings)}
    if bodies.is_test(submitted.xarf):
        code = test_code(account, hashlib.sha256(submitted.raw).hexdigest()[:16])
        return {"status": 202, "id": code, "test": True}
    try:
        receipt = submit.submit(submitted.raw, account=account, token=token, now=clock.now())
    except Refused as error:
        found = error.findings[0]
        status = 409 if found.code == "idempotency.conflict" else 422
        return {"status": status, **failed(found.code, found.message, *error.findings)}
    except (OSError, OperationalError):
        return {"status": 503, **failed("desk.try_again", "this report was not accepted; send it again")}
    return {"status": 202, "id": receipt.code, "duplicate": receipt.duplicate}


# The address of one report would match first and answer 405 to a POST.
_paths = api.default_router.path_operations
_paths["/abuse/{report_id}"] = _paths.pop("/abuse/{report_id}")

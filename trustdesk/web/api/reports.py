"""`/v1/abuse`: report by machine, and ask what became of it (docs/use/api.md)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from ninja import NinjaAPI
from ninja import Status as Answer
from ninja.errors import AuthenticationError, ValidationError

from trustdesk import __version__, clock
from trustdesk.core.types import Finding, Refused
from trustdesk.flow import submit
from trustdesk.queries import api as queries
from trustdesk.web.api import body as bodies
from trustdesk.web.api.access import Bearer, Buckets, Denied, TooMany
from trustdesk.web.api.schemas import BODY, DESCRIPTION, Accepted, Failure, Status

#: Calls a second and at once, per account.
WRITES = Buckets(rate=10, burst=100)
READS = Buckets(rate=50, burst=100)
TOKEN_LIMIT = 128
TEST = "T-"

api = NinjaAPI(
    title="Trustdesk reports",
    version=__version__,
    description=DESCRIPTION,
    docs_url=None,  # its page would load scripts that the content security policy forbids
    openapi_url="/openapi.json",
    urls_namespace="api",
)


@api.post(
    "/abuse",
    auth=Bearer("reports:write", WRITES),
    response={202: Accepted, **dict.fromkeys((400, 401, 403, 409, 413, 415, 422, 429, 503), Failure)},
    openapi_extra=BODY,
    summary="Send one report as XARF 4 or 3",
    by_alias=True,
)
def send(request: HttpRequest, response: HttpResponse) -> Any:
    """202 as soon as the report is durable. The bytes are kept as they came."""
    account: str = request.auth  # type: ignore[attr-defined]
    if request.content_type not in ("application/json", "application/xarf+json"):
        return _failure(415, "body.media_type", "send application/json")
    try:
        submitted = bodies.read(request.body)
    except RequestDataTooBig:
        return _failure(413, "body.too_large", f"a body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes")
    except bodies.BadJson as error:
        return _failure(400, "body.malformed", f"not valid JSON: {error}")
    findings = bodies.check(submitted)
    token = request.headers.get("Idempotency-Key", "") or (submitted.token if isinstance(submitted.token, str) else "")
    if len(token) > TOKEN_LIMIT or not token.isascii() or not token.isprintable():
        limit = f"1 to {TOKEN_LIMIT} printable ASCII characters"
        return _failure(400, "idempotency.bad_token", limit, Finding("idempotency.bad_token", limit, "Idempotency-Key"))
    if findings:
        return _failure(422, "xarf.invalid", "the report was not taken in", *findings)
    if bodies.is_test(submitted.xarf):
        code = test_code(account, hashlib.sha256(submitted.raw).hexdigest()[:16])
        return Answer(
            202, {"id": code, "reportId": code, "status": queries.COMPLETED, "duplicate": False, "test": True}
        )
    receipt = submit.submit(submitted.raw, account=account, token=token, now=clock.now())
    found = queries.status(account, receipt.code)
    response["Location"] = f"/v1/abuse/{receipt.code}"
    said = {"id": receipt.code, "reportId": receipt.code, "duplicate": receipt.duplicate, "test": False}
    return Answer(202, said | {"status": found.status if found else queries.QUEUED})


@api.get(
    "/abuse/{report_id}",
    auth=Bearer("reports:read", READS),
    response={200: Status, **dict.fromkeys((401, 403, 404, 429, 503), Failure)},
    summary="What became of a report that your account sent",
    by_alias=True,
)
def status(request: HttpRequest, report_id: str) -> Any:
    """404 for a report that does not exist or that another account sent: the two look alike."""
    account: str = request.auth  # type: ignore[attr-defined]
    if report_id.startswith(TEST):
        if not constant_time_compare(report_id, test_code(account, report_id[len(TEST) : len(TEST) + 16])):
            raise Http404
        return {"id": report_id, "reportId": report_id, "status": queries.COMPLETED, "reasonCode": "TEST"}
    found = queries.status(account, report_id)
    if found is None:
        raise Http404
    return {
        "id": found.code,
        "reportId": found.code,
        "status": found.status,
        "reasonCode": found.reason or None,
        "receivedAt": found.received_at,
        "completedAt": found.completed_at,
    }


def test_code(account: str, digest: str) -> str:
    """A name for a report that was checked and not kept; it proves itself, because nothing is stored."""
    return f"{TEST}{digest}{salted_hmac('trustdesk.api.test', f'{account}/{digest}').hexdigest()[:16]}"


def failed(name: str, message: str, *findings: Finding) -> dict[str, Any]:
    fields = [{"field": f.field, "code": f.code, "message": f.message} for f in findings]
    return {"code": name, "message": message, "fields": fields}


def _failure(code: int, name: str, message: str, *findings: Finding) -> Answer[Any]:
    return Answer(code, failed(name, message, *findings))


def _answer(request: HttpRequest, code: int, name: str, message: str, *findings: Finding) -> HttpResponse:
    return api.create_response(request, failed(name, message, *findings), status=code)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: Any) -> HttpResponse:
    answer = _answer(request, 401, "token.invalid", "a valid API token is needed: Authorization: Bearer …")
    answer["WWW-Authenticate"] = 'Bearer realm="trustdesk"'
    return answer


@api.exception_handler(Denied)
def _denied(request: HttpRequest, error: Any) -> HttpResponse:
    answer = _answer(request, 403, "token.scope", f"this token lacks the scope {error.scope}")
    answer["WWW-Authenticate"] = f'Bearer realm="trustdesk", error="insufficient_scope", scope="{error.scope}"'
    return answer


@api.exception_handler(TooMany)
def _too_many(request: HttpRequest, error: Any) -> HttpResponse:
    answer = _answer(request, 429, "rate.exceeded", f"too many calls; come again in {error.seconds} s")
    answer["Retry-After"] = str(error.seconds)
    return answer


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    return _answer(request, 404, "report.unknown", "your account sent no such report")


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    conflict = any(f.code == "idempotency.conflict" for f in error.findings)
    name = error.findings[0].code
    return _answer(request, 409 if conflict else 422, name, error.findings[0].message, *error.findings)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    return _answer(request, 422, "request.invalid", "the request is not valid")


@api.exception_handler(OperationalError)
@api.exception_handler(OSError)
def _later(request: HttpRequest, error: Any) -> HttpResponse:
    answer = _answer(request, 503, "desk.try_again", "nothing was accepted; try again")
    answer["Retry-After"] = "5"
    return answer

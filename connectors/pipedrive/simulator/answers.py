"""Error bodies in Pipedrive's shapes; texts vary in reality and must not be parsed [facts: 7, error-shapes]."""

from .calls import Reply
from .refusals import Forbidden, Invalid, Missing, Refusal, WebhookRefused

INFO = "Please check developers.pipedrive.com"
MORE_INFO = f"{INFO} for more information about Pipedrive API."
EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>Access denied</title></head>"
    "<body><h1>Error 1015</h1><p>You are being rate limited. Cloudflare</p></body></html>"
)


def _failure(error: str, info: str = INFO, **more: object) -> dict[str, object]:
    return {"success": False, "error": error, "error_info": info, "data": None, "additional_data": None} | more


def unauthorized(correlation: str) -> Reply:
    """Bad or missing token [observed, live probe of 2026-09-26]."""
    body = {"success": False, "error": "unauthorized access", "errorCode": 401, "error_info": INFO}
    return Reply(401, body, (("x-401-by-gw", "true"), ("x-correlation-id", correlation)))


def bad_bearer() -> Reply:
    """An access token that is unknown, taken back or too old [readme.io: OAuth status codes; envelope assumed]."""
    return Reply(401, {"success": False, "error": "Invalid token: access token is invalid", "errorCode": 401})


def wrong_scope() -> Reply:
    """[readme.io: OAuth status codes; envelope inferred, error-shapes]"""
    return Reply(403, {"success": False, "error": "Scope and URL mismatch"})


def over_limit() -> Reply:
    """Burst or daily budget: both the same bare 429 [facts: 3; body as public test suites have it]."""
    return Reply(429, {"success": False, "error": "request over limit", "errorCode": 429, "error_info": INFO})


def edge() -> Reply:
    """Traffic that goes on after 429 meets HTML [facts: 3]."""
    return Reply(403, EDGE_PAGE, html=True)


def no_such_path() -> Reply:
    """[assumed: the text; status documented]"""
    return Reply(404, _failure("Unknown method ."))


def wrong_method(allowed: list[str]) -> Reply:
    """[status documented; body assumed]"""
    return Reply(405, _failure("Method not allowed"), (("allow", ", ".join(sorted(allowed))),))


def broken(status: int) -> Reply:
    """A server-side failure with Pipedrive's words for it [facts: 7]."""
    if status == 429:
        return over_limit()
    if status == 503:
        return Reply(503, _failure("Requested service is not available"))
    if status == 502:
        return Reply(502, "<html><head><title>502 Bad Gateway</title></head></html>", html=True)
    return Reply(status, {"success": False, "error": "Internal Server Error"})


def refused(refusal: Refusal, version: str) -> Reply:
    """The answer to what the account would not do."""
    if isinstance(refusal, WebhookRefused):
        status = {"invalid": 400, "missing": 404, "full": 422}[refusal.kind]
        return Reply(status, {"status": "error", "success": False, "errors": refusal.errors})
    if isinstance(refusal, Missing):
        return Reply(404, _failure(str(refusal)))
    if isinstance(refusal, Forbidden):
        code = {"code": refusal.code} if refusal.code else {}
        return Reply(403, _failure(refusal.text, MORE_INFO, **code))
    assert isinstance(refusal, Invalid)
    if version == "v1":
        return Reply(400, _failure(str(refusal), MORE_INFO))
    text = f"Validation failed: {refusal}"
    return Reply(400, {"success": False, "error": text, "code": "ERR_SCHEMA_VALIDATION_FAILED"})

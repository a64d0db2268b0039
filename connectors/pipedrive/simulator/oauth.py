"""The addresses of oauth.pipedrive.com, at the simulator's own host: asking people, handing out tokens [facts: 2]."""

import html
from base64 import b64decode
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from .apps import OAuthRefusal, Registered
from .calls import Reply
from .state import Account

FORM = "application/x-www-form-urlencoded"
PAGE = (
    '<!doctype html><html lang="en"><title>Install</title><h1>{app} wants to access {company}</h1><p>{scopes}</p>'
    '<form method="post" action="/oauth/authorize?{query}"><button name="answer" value="allow">Allow and install'
    '</button><button name="answer" value="deny">Cancel</button></form></html>'
)


def answer(account: Account, request: Request, body: bytes) -> Reply:
    """What is answered below /oauth, under the account's lock."""
    carried = {
        ("GET", "/oauth/authorize"): _ask, ("POST", "/oauth/authorize"): _decided,
        ("POST", "/oauth/token"): _token, ("POST", "/oauth/revoke"): _revoke,
    }.get((request.method, request.url.path))  # fmt: skip
    return Reply(404, "", html=True) if carried is None else carried(account, request, body)


def _asked(account: Account, request: Request) -> tuple[Registered, dict[str, str]] | None:
    query = dict(parse_qsl(request.url.query))
    app = account.apps.known.get(query.get("client_id", ""))
    if app is None or query.get("redirect_uri", app.callback) != app.callback:
        return None
    return app, query


def _ask(account: Account, request: Request, body: bytes) -> Reply:
    """Shows the page with the two buttons to whoever is signed in [its words assumed]."""
    asked = _asked(account, request)
    if asked is None:
        return Reply(400, "App cannot be installed for requested company", html=True)
    app, query = asked
    words = {"app": app.id, "company": account.company, "scopes": ", ".join(app.scopes), "query": urlencode(query)}
    return Reply(200, PAGE.format(**{key: html.escape(value) for key, value in words.items()}), html=True)


def _decided(account: Account, request: Request, body: bytes) -> Reply:
    """Sends the person back with a code, or with `user_denied` [readme.io: marketplace-oauth-authorization]."""
    asked = _asked(account, request)
    if asked is None:
        return Reply(400, "App cannot be installed for requested company", html=True)
    app, query = asked
    allowed = dict(parse_qsl(body.decode())).get("answer") == "allow"
    told = {"code": account.apps.allow(app, account.signed_in)} if allowed else {"error": "user_denied"}
    if "state" in query:
        told["state"] = query["state"]
    return Reply(302, "", (("location", f"{app.callback}?{urlencode(told)}"),), html=True)


def _token(account: Account, request: Request, body: bytes) -> Reply:
    try:
        app, form = _app(account, request, body)
        kind = form.get("grant_type", "")
        if not kind:
            raise OAuthRefusal("Missing parameter: grant_type", "invalid_request")
        if kind == "authorization_code":
            granted = account.apps.exchange(app, form.get("code", ""), form.get("redirect_uri", ""))
        elif kind == "refresh_token":
            granted = account.apps.refresh(app, form.get("refresh_token", ""), account.switches.oauth_rotates)
        else:
            raise OAuthRefusal("Unsupported grant type: grant_type is invalid", "unsupported_grant_type")
    except OAuthRefusal as refusal:
        return _refused(refusal)
    here = f"{request.url.scheme}://{request.headers['host']}"
    return Reply(200, granted | {"api_domain": here})


def _revoke(account: Account, request: Request, body: bytes) -> Reply:
    try:
        app, form = _app(account, request, body)
    except OAuthRefusal as refusal:
        return _refused(refusal)
    account.apps.revoke(app, form.get("token", ""))
    return Reply(200, {})


def _app(account: Account, request: Request, body: bytes) -> tuple[Registered, dict[str, str]]:
    """The app that asks, by HTTP Basic or (tolerated) by the body; raises OAuthRefusal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthRefusal(f"Invalid request: content must be {FORM}", "invalid_request")
    form = dict(parse_qsl(body.decode(errors="replace")))
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            name = secret = ""
    if not name or not secret:
        raise OAuthRefusal("Invalid client: cannot retrieve client credentials", "invalid_client")
    app = account.apps.known.get(name)
    if app is None or app.secret != secret:
        raise OAuthRefusal("Invalid client: client is invalid", "invalid_client")
    return app, form


def _refused(refusal: OAuthRefusal) -> Reply:
    """All are 400; the envelope is assumed."""
    return Reply(400, {"success": False, "error": refusal.error, "message": str(refusal)})

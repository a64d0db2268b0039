"""The simulated OAuth server: who is sent where, which tokens come, what is refused and in which words."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.pipedrive.simulator import Account, RunningSimulator
from connectors.pipedrive.simulator.apps import LENGTH
from connectors.pipedrive.simulator.routes import OPERATIONS
from connectors.pipedrive.simulator.scopes import SCOPES, scopes
from tests.connectors.pipedrive.openapi import REFERENCE
from tests.connectors.pipedrive.simulator.conftest import Clock

CALLBACK = "http://127.0.0.1:1/acme/pipedrive/oauth/callback"
APP, SECRET = "app-id", "app-secret"
WHO = {"client_id": APP, "redirect_uri": CALLBACK, "response_type": "code", "state": "s1"}


@pytest.fixture
def web(running: RunningSimulator, account: Account) -> Iterator[httpx.Client]:
    account.add_app(APP, SECRET, CALLBACK, ("base", "contacts:read"))
    with httpx.Client(base_url=running.url, timeout=5, verify=False) as client:
        yield client


def allow(web: httpx.Client, answer: str = "allow") -> dict[str, str]:
    page = web.post("/oauth/authorize", params=WHO, data={"answer": answer})
    there = urlsplit(page.headers["location"])
    assert page.status_code == 302 and there._replace(query="").geturl() == CALLBACK
    return {key: one[0] for key, one in parse_qs(there.query).items()}


def token(web: httpx.Client, auth: tuple[str, str] | None = (APP, SECRET), **form: str) -> httpx.Response:
    return web.post("/oauth/token", data=form, auth=auth)


def exchanged(web: httpx.Client) -> dict[str, str]:
    code = allow(web)["code"]
    answer = token(web, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def test_a_person_is_asked_and_sent_back_with_a_code_and_the_state(web: httpx.Client) -> None:
    page = web.get("/oauth/authorize", params=WHO)
    assert page.status_code == 200 and "Allow and install" in page.text and "contacts:read" in page.text
    assert set(allow(web)) == {"code", "state"}
    assert allow(web, "deny") == {"error": "user_denied", "state": "s1"}


@pytest.mark.parametrize("wrong", [{"client_id": "another"}, {"redirect_uri": "http://127.0.0.1:1/elsewhere"}])
def test_nobody_is_sent_to_an_address_that_the_app_has_not_registered(web: httpx.Client, wrong: dict[str, str]) -> None:
    for method in ("GET", "POST"):
        answer = web.request(method, "/oauth/authorize", params={**WHO, **wrong})
        assert answer.status_code == 400 and "location" not in answer.headers


def test_a_code_brings_long_tokens_their_end_their_scopes_and_the_host(web: httpx.Client) -> None:
    answer = exchanged(web)
    assert len(answer["access_token"]) == len(answer["refresh_token"]) == LENGTH >= 768
    assert answer["token_type"] == "Bearer" and int(answer["expires_in"]) == 3600
    assert answer["scope"] == "base,contacts:read" and answer["api_domain"] == str(web.base_url).rstrip("/")


def test_a_code_works_once_and_for_five_minutes(web: httpx.Client, clock: Clock) -> None:
    codes = [allow(web)["code"] for _ in range(2)]

    def ask(code: str) -> httpx.Response:
        return token(web, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    assert ask(codes[0]).status_code == 200
    again = ask(codes[0])
    assert (again.status_code, again.json()["message"]) == (400, "Invalid grant: authorization_code is invalid")
    clock.move(minutes=5)
    assert ask(codes[1]).json()["message"] == "Invalid grant: authorization_code has expired"


def test_what_is_missing_or_wrong_is_told_in_pipedrives_words(web: httpx.Client) -> None:
    code = allow(web)["code"]

    def said(auth: tuple[str, str] | None = (APP, SECRET), **form: str) -> str:
        answer = token(web, auth, **form)
        assert answer.status_code == 400 and answer.json()["success"] is False
        return str(answer.json()["message"])

    assert said(scope="base") == "Missing parameter: grant_type"
    assert said(grant_type="password") == "Unsupported grant type: grant_type is invalid"
    assert said(None, grant_type="refresh_token") == "Invalid client: cannot retrieve client credentials"
    assert said((APP, "wrong"), grant_type="refresh_token") == "Invalid client: client is invalid"
    assert said(grant_type="refresh_token", refresh_token="?") == "Invalid grant: refresh_token is invalid"
    wrong = {"grant_type": "authorization_code", "code": code}
    assert said(**wrong) == "Invalid request: redirect_uri is not a valid URI"
    assert said(**wrong, redirect_uri="http://127.0.0.1:1/x") == "Invalid request: redirect_uri is invalid"
    answer = web.post("/oauth/token", json={"grant_type": "refresh_token"}, auth=(APP, SECRET))
    assert answer.json()["message"] == "Invalid request: content must be application/x-www-form-urlencoded"


def test_credentials_in_the_body_are_tolerated(web: httpx.Client) -> None:
    code = allow(web)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    assert token(web, None, **form, client_id=APP, client_secret=SECRET).status_code == 200


def test_an_access_lives_for_an_hour_and_a_renewal_brings_another(web: httpx.Client, clock: Clock) -> None:
    first = exchanged(web)

    def me(access: str) -> int:
        return web.get("/api/v1/users/me", headers={"authorization": f"Bearer {access}"}).status_code

    assert me(first["access_token"]) == 200
    clock.move(minutes=59)
    second = token(web, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"] and second["access_token"] != first["access_token"]
    clock.move(minutes=2)
    assert (me(first["access_token"]), me(second["access_token"])) == (401, 200)


def test_where_refresh_tokens_rotate_the_old_one_is_over(web: httpx.Client, account: Account) -> None:
    account.switches.oauth_rotates = True
    first = exchanged(web)
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert token(web, **renew).json()["refresh_token"] != first["refresh_token"]
    assert token(web, **renew).json()["message"] == "Invalid grant: refresh_token is invalid"


def test_sixty_days_without_use_end_an_access_and_each_use_renews_them(web: httpx.Client, clock: Clock) -> None:
    renew = {"grant_type": "refresh_token", "refresh_token": exchanged(web)["refresh_token"]}
    for _ in range(3):
        clock.move(days=59)
        assert token(web, **renew).status_code == 200
    clock.move(days=60)
    assert token(web, **renew).status_code == 400


def test_what_a_person_or_the_app_takes_back_is_over_at_once(web: httpx.Client, account: Account) -> None:
    for give_back in ("person", "app"):
        given = exchanged(web)
        if give_back == "person":
            account.apps.uninstall(APP, 1)
        else:
            answer = web.post("/oauth/revoke", data={"token": given["refresh_token"]}, auth=(APP, SECRET))
            assert answer.status_code == 200
        bearer = {"authorization": f"Bearer {given['access_token']}"}
        assert web.get("/api/v1/users/me", headers=bearer).status_code == 401
        assert token(web, grant_type="refresh_token", refresh_token=given["refresh_token"]).status_code == 400


@pytest.mark.unjudged("the document knows no 403 for a scope")
def test_an_app_reaches_what_its_scopes_open_and_nothing_else(web: httpx.Client) -> None:
    bearer = {"authorization": f"Bearer {exchanged(web)['access_token']}"}
    assert web.get("/api/v2/organizations", headers=bearer).status_code == 200
    for method, path in (("POST", "/api/v2/organizations"), ("GET", "/api/v2/deals"), ("GET", "/api/v1/webhooks")):
        answer = web.request(method, path, headers=bearer, json={"name": "A"} if method == "POST" else None)
        assert answer.status_code == 403 and answer.json()["error"] == "Scope and URL mismatch"


def test_an_app_may_send_four_times_as_much_as_an_api_token(web: httpx.Client, account: Account) -> None:
    account.limits.burst = 40
    bearer = {"authorization": f"Bearer {exchanged(web)['access_token']}"}
    answer = web.get("/api/v1/users/me", headers=bearer)
    assert answer.headers["x-ratelimit-limit"] == "160"
    assert "x-daily-requests-left" not in answer.headers


def test_apps_and_what_was_granted_survive_a_restart(web: httpx.Client, account: Account) -> None:
    given = exchanged(web)
    again = Account.load(account.dump(), clock=account.clock)
    assert again.apps.bearer(given["access_token"]) == account.apps.bearer(given["access_token"]) is not None
    assert again.apps.refreshes == account.apps.refreshes and again.apps.known == account.apps.known


@pytest.mark.reference
def test_each_operation_takes_the_scopes_that_the_documents_name() -> None:
    if not REFERENCE.is_dir():
        pytest.skip("../shared/reference is not there")
    with (REFERENCE / "token-costs.csv").open(newline="") as file:
        documented = {
            (row["api_version"], row["method"], row["path"]): set(row["oauth_scopes_any_of"].split())
            for row in csv.DictReader(file)
        }
    for one in OPERATIONS:
        found = scopes(one.version, one.method, one.template)
        assert found <= set(SCOPES)
        if (one.version, one.method, one.template) in documented:
            extra = {"webhooks:full"} if one.template.startswith("/webhooks") else set()
            assert found == documented[one.version, one.method, one.template] | extra, one.name

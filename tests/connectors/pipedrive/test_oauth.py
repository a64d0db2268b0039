"""An access by OAuth2: who may connect an account, how it is kept, renewed by one, and what is said when it ends."""

from __future__ import annotations

import json
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.pipedrive.connector import Pipedrive, PipedriveEndpoint
from connectors.pipedrive.grants import Form, Said
from connectors.pipedrive.settings import SCHEMA, Settings
from connectors.pipedrive.simulator import Account, RunningSimulator, serve
from connectors.pipedrive.simulator.scopes import SCOPES
from engine.errors import InvalidSettings
from engine.protocol import Connects, Failure, HttpRequest, HttpResponse, Query
from engine.store.store import Store
from engine.vault import Vault, new_key
from tests.connectors.pipedrive.conftest import new
from tests.connectors.pipedrive.ports import Clock, MemoryState, MemoryWork, make_site

APP, SECRET = "app-id", "app-s3cret"
CALLBACK = "https://sync.example/acme/pipedrive/oauth/callback"


@dataclass
class Shop:
    """A connection whose account is connected by OAuth2, or will be."""

    account: Account
    running: RunningSimulator
    endpoint: PipedriveEndpoint
    work: MemoryWork
    state: MemoryState
    clock: Clock
    browser: httpx.Client

    def at(self, path: str, query: str = "", method: str = "GET", **headers: str) -> HttpResponse:
        """What our own address answers."""
        return self.endpoint.answer(HttpRequest(method, path, headers, b"", query))

    def set_out(self) -> tuple[str, str]:
        """Opens a new link; the address it leads to, and the cookie that was set."""
        link = urlsplit(self.endpoint.invite().link)
        answer = self.at("/oauth/connect", link.query)
        assert answer.status == 303, answer.body
        return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]

    def granted(self, page: str, answer: str = "allow") -> str:
        """What Pipedrive adds to our callback once a person has pressed a button on its page."""
        assert "Allow and install" in self.browser.get(page).text
        gone = self.browser.post(page, data={"answer": answer})
        assert gone.headers["location"].startswith(CALLBACK)
        return urlsplit(gone.headers["location"]).query

    def connect(self) -> HttpResponse:
        """The whole way."""
        page, cookie = self.set_out()
        return self.at("/oauth/callback", self.granted(page), cookie=cookie)

    def carry(self, request: Any) -> Any:
        self.work.add(request)
        self.endpoint.drain()
        return self.work.result(request)


Maker = Callable[..., Shop]


@pytest.fixture
def shop_of(clock: Clock) -> Iterator[Maker]:
    """Makes connections; `like`: another process of the same one."""
    opened: list[Any] = []

    def make(like: Shop | None = None, keys: tuple[str, ...] = (KEY,), state: Any = None, **settings: Any) -> Shop:
        if like is None:
            account = Account(plan="growth", seed=7, clock=clock)
            account.limits.burst = None
            running = serve(account)
            account.add_app(APP, SECRET, CALLBACK, SCOPES)
            opened.append(running.stop)
        else:
            account, running = like.account, like.running
        oauth = {"client_id": APP, "client_secret": SECRET, "url": running.url}
        block = {"company": "acme", "oauth": oauth, "plan": "growth", **settings}
        state = state or (like.state if like is not None else MemoryState(clock))
        site = make_site(block, clock, state=state, vault=Vault(keys))
        endpoint = Pipedrive.open(site)
        assert isinstance(endpoint, PipedriveEndpoint) and isinstance(site.work, MemoryWork)
        browser = httpx.Client(timeout=5, verify=False)
        opened.extend([endpoint.close, browser.close])
        return Shop(account, running, endpoint, site.work, state, clock, browser)

    yield make
    for close in reversed(opened):
        close()


KEY = new_key()


@pytest.fixture
def shop(shop_of: Maker) -> Shop:
    return shop_of()


# --------------------------------------------------------------------------------------------------- connecting
def test_a_person_connects_an_account_and_work_goes_on_with_a_bearer_token(shop: Shop) -> None:
    answer = shop.connect()
    assert answer.status == 200 and b"admin@acme.example" in answer.body
    assert shop.carry(new("organization", name="Acme")).key == "1"
    found = {check.name: check.ok for check in shop.endpoint.ping()}
    assert found["account"] and found["access"] and found["scopes"]


def test_requests_go_to_the_host_that_the_grant_names(shop: Shop) -> None:
    shop.connect()
    assert shop.endpoint._settings.url == "https://acme.pipedrive.com", "which nobody here could reach"
    assert shop.carry(Query("organization")).done


def test_a_host_that_is_not_pipedrives_gets_no_token(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    page, cookie = shop.set_out()
    query = shop.granted(page)
    real = shop.endpoint._client.ask

    def ask(form: Form) -> Said:
        said = real(form)
        told = {**json.loads(said.content), "api_domain": "https://pipedrive.com.example"}
        return said._replace(content=json.dumps(told).encode())

    monkeypatch.setattr(shop.endpoint._client, "ask", ask)
    mark = shop.running.app.requests
    answer = shop.at("/oauth/callback", query, cookie=cookie)
    assert answer.status == 502 and shop.state.get("oauth") is None
    assert shop.running.app.requests == mark + 1


def test_without_an_access_everything_waits_and_says_what_to_do(shop: Shop) -> None:
    failed = shop.carry(new("organization", name="Acme"))
    assert failed.failure is Failure.CONFIGURATION and "`engine connect`" in failed.message
    assert "`engine connect`" in shop.endpoint.facts()["stopped"]
    (check,) = shop.endpoint.ping()
    assert not check.ok and "`engine connect`" in check.message
    shop.connect()
    shop.clock.move(minutes=2)
    assert "stopped" not in shop.endpoint.facts()
    assert shop.carry(new("organization", name="Beta")).key


def test_only_an_endpoint_that_uses_oauth_can_be_connected() -> None:
    site = make_site({"company": "acme", "api_token": "t0ken"}, Clock())
    endpoint = Pipedrive.open(site)
    assert isinstance(endpoint, Connects)
    with pytest.raises(InvalidSettings, match="API token"):
        endpoint.invite()
    assert endpoint.answer(HttpRequest("GET", "/oauth/connect", {}, b"", "ticket=x")).status == 404
    endpoint.close()


# ------------------------------------------------------------------------------------------------------- thieves
def nothing_was_attached(shop: Shop) -> bool:
    return shop.state.get("oauth") is None


def test_nobody_sets_out_without_a_link_and_each_works_once(shop: Shop) -> None:
    assert shop.at("/oauth/connect").status == 403
    assert shop.at("/oauth/connect", "ticket=guessed").status == 403
    query = urlsplit(shop.endpoint.invite().link).query
    assert [shop.at("/oauth/connect", query).status for _ in range(3)] == [303, 403, 403]


def test_looking_at_a_link_in_advance_does_not_use_it_up(shop: Shop) -> None:
    query = urlsplit(shop.endpoint.invite().link).query
    assert shop.at("/oauth/connect", query, "HEAD").status == 405
    assert shop.at("/oauth/connect", query).status == 303


def test_a_link_is_over_after_a_quarter_of_an_hour(shop: Shop) -> None:
    query = urlsplit(shop.endpoint.invite().link).query
    shop.clock.move(minutes=15)
    assert shop.at("/oauth/connect", query).status == 403


def test_a_strangers_code_with_a_state_of_his_own_is_refused(shop: Shop) -> None:
    page, cookie = shop.set_out()
    code = parse_qs(shop.granted(page))["code"][0]
    for state in ("guessed", ""):
        assert shop.at("/oauth/callback", f"code={code}&state={state}", cookie=cookie).status == 403
    assert nothing_was_attached(shop)


def test_the_way_back_must_be_walked_by_the_browser_that_set_out(shop: Shop) -> None:
    for stolen in ("", "pipedrive_connect=guessed", "pipedrive_connect", "=;=,\x00"):
        page, _ = shop.set_out()
        assert shop.at("/oauth/callback", shop.granted(page), cookie=stolen).status == 403
        assert nothing_was_attached(shop)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: Shop) -> None:
    answer = shop.at("/oauth/connect", urlsplit(shop.endpoint.invite().link).query)
    words = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/acme/pipedrive/oauth"} <= set(words)


def test_coming_back_twice_with_one_code_changes_nothing(shop: Shop) -> None:
    page, cookie = shop.set_out()
    query = shop.granted(page)
    assert shop.at("/oauth/callback", query, cookie=cookie).status == 200
    kept = shop.state.get("oauth")
    assert shop.at("/oauth/callback", query, cookie=cookie).status == 403
    assert shop.state.get("oauth") == kept


def test_a_code_that_was_used_elsewhere_attaches_nothing(shop: Shop) -> None:
    page, cookie = shop.set_out()
    query = shop.granted(page)
    shop.account.apps.codes.clear()
    answer = shop.at("/oauth/callback", query, cookie=cookie)
    assert answer.status == 502 and b"authorization_code is invalid" in answer.body and nothing_was_attached(shop)


def test_the_account_of_another_company_is_not_attached(shop_of: Maker) -> None:
    shop = shop_of(company="acne")
    answer = shop.connect()
    assert answer.status == 403 and b"acme" in answer.body and nothing_was_attached(shop)


def test_who_says_no_at_pipedrive_changes_nothing(shop: Shop) -> None:
    page, cookie = shop.set_out()
    answer = shop.at("/oauth/callback", shop.granted(page, "deny"), cookie=cookie)
    assert answer.status == 403 and b"user_denied" in answer.body and nothing_was_attached(shop)


def test_what_comes_in_the_address_is_never_shown_as_markup(shop: Shop) -> None:
    page, cookie = shop.set_out()
    state = parse_qs(urlsplit(page).query)["state"][0]
    answer = shop.at("/oauth/callback", f"error=%3Cscript%3E&state={state}", cookie=cookie)
    assert b"<script>" not in answer.body and b"&lt;script&gt;" in answer.body


# ------------------------------------------------------------------------------------------------------ renewing
def test_an_access_is_renewed_before_it_ends(shop: Shop) -> None:
    shop.connect()
    shop.clock.move(minutes=54)
    assert shop.carry(Query("organization", id="1")).done and shop.account.apps.renewals == 0
    shop.clock.move(minutes=2)
    assert shop.carry(Query("organization", id="2")).done and shop.account.apps.renewals == 1
    assert all(entry.status == 200 for entry in shop.account.ledger.entries)


@pytest.mark.parametrize("rotates", [False, True])
def test_whatever_comes_back_is_kept(shop: Shop, rotates: bool) -> None:
    shop.account.switches.oauth_rotates = rotates
    shop.connect()
    for number in range(4):
        shop.clock.move(hours=2)
        assert shop.carry(Query("organization", id=str(number))).done
    assert shop.account.apps.renewals == 4
    assert shop.endpoint._granted is not None
    kept = shop.endpoint._granted.stored()
    assert list(shop.account.apps.refreshes) == [kept.refresh]
    assert kept.scopes == set(SCOPES) and kept.host == shop.running.url


@pytest.mark.parametrize("expired", [False, True])
def test_of_many_who_need_it_at_once_one_renews(shop_of: Maker, expired: bool, tmp_path: Path, clock: Clock) -> None:
    stores = [Store.open(f"sqlite:///{tmp_path}/engine.db") for _ in range(6)]  # one for each process
    first = shop_of(state=stores[0].state("acme/pipedrive", clock))
    first.account.switches.oauth_rotates = True  # a second renewal with the same token would be refused
    first.connect()
    processes = [first, *(shop_of(first, state=one.state("acme/pipedrive", clock)) for one in stores[1:])]
    first.clock.move(minutes=61 if expired else 57)
    first.running.faults.add("slow=0.3@POST /oauth/token")
    passes: list[str] = []
    go = threading.Barrier(len(processes) * 3)

    def use(shop: Shop) -> None:
        assert shop.endpoint._granted is not None
        go.wait()
        passes.append(shop.endpoint._granted.current(shop.endpoint._client.ask).secret)

    threads = [threading.Thread(target=use, args=(one,)) for one in processes for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    for store in stores:
        store.close()
    assert first.account.apps.renewals == 1
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [one for one in (*passes, *first.account.apps.refreshes) if one.encode() in content]
    assert len(passes) == len(threads) and all(first.account.apps.bearer(one) for one in passes)
    assert len(set(passes)) == (1 if expired else 2), "the others go on with what is still valid"


def test_a_process_that_died_while_renewing_holds_nobody_up_for_long(shop: Shop) -> None:
    shop.connect()
    shop.state.put("oauth/lease", {"by": "dead", "until": (shop.clock() + timedelta(minutes=61)).isoformat()})
    shop.clock.move(minutes=62)
    assert shop.carry(Query("organization")).done


@pytest.mark.parametrize("fault", ["500", "502", "429", "html", "cut-before", "cut-after", "null"])
def test_a_renewal_that_gets_no_answer_is_tried_again(shop: Shop, fault: str) -> None:
    shop.connect()
    shop.clock.move(hours=2)
    shop.running.faults.add(f"{fault}@POST /oauth/token")
    shop.work.add(Query("organization"))
    shop.endpoint.drain()
    assert shop.work.results == [] and "failed to answer" in shop.work.visits[-1]["message"]
    shop.clock.move(minutes=2)
    shop.endpoint.drain()
    assert shop.work.result(Query("organization")).done


def test_a_renewal_that_fails_while_the_access_is_valid_stops_nothing(shop: Shop) -> None:
    shop.connect()
    shop.clock.move(minutes=57)
    shop.running.faults.add("500@POST /oauth/token")
    assert shop.carry(Query("organization")).done
    assert shop.account.apps.renewals == 0


def test_an_access_that_is_refused_early_is_renewed_once_and_the_request_repeated(shop: Shop) -> None:
    shop.connect()
    shop.clock.move(minutes=2)
    shop.account.apps.bearers.clear()
    assert shop.carry(new("organization", name="Acme")).key
    assert shop.account.apps.renewals == 1 and len(shop.account.records("organization")) == 1


def test_a_quiet_server_keeps_its_access_alive(shop: Shop) -> None:
    shop.connect()
    for _ in range(70):
        shop.clock.move(days=1, minutes=1)
        shop.endpoint.drain()
    assert shop.carry(new("organization", name="Acme")).key


def test_a_token_endpoint_that_is_away_is_not_asked_with_every_drain(shop: Shop) -> None:
    shop.connect()
    shop.clock.move(days=2)
    shop.running.faults.add("500@POST /oauth/token*100")
    asked = shop.running.app.requests
    for _ in range(20):
        shop.endpoint.drain()
    assert shop.running.app.requests - asked <= 2


# --------------------------------------------------------------------------------------------------------- ends
def test_an_access_that_nobody_uses_is_warned_about_in_time(shop: Shop) -> None:
    shop.connect()
    ends = f"ends on {shop.clock() + timedelta(days=60):%Y-%m-%d}"

    def warned() -> bool:
        return any(ends in note for note in shop.endpoint.facts()["notes"])

    shop.clock.move(days=29)
    assert not warned()
    shop.clock.move(days=2)
    assert warned()
    shop.endpoint.drain()
    assert not warned()


def test_after_sixty_idle_days_it_is_said_what_happened_and_what_to_do(shop: Shop) -> None:
    shop.connect()
    shop.clock.move(days=61)
    failed = shop.carry(Query("organization", id="1"))
    assert failed.failure is Failure.CONFIGURATION
    assert "60 days" in failed.message and "`engine connect`" in failed.message
    assert shop.endpoint.facts()["stopped"] == failed.message
    assert shop.connect().status == 200
    shop.clock.move(minutes=2)
    assert shop.carry(Query("organization", id="2")).done


def test_an_access_that_was_taken_back_is_asked_for_once_and_then_a_person_acts(shop: Shop) -> None:
    shop.connect()
    shop.account.apps.uninstall(APP, 1)
    shop.clock.move(minutes=2)
    failed = shop.carry(Query("organization", id="1"))
    assert failed.failure is Failure.CONFIGURATION and "taken back" in failed.message
    asked = shop.running.app.requests
    for _ in range(3):
        shop.clock.move(minutes=5)
        shop.endpoint.drain()
    assert shop.running.app.requests == asked, "a refused renewal is not repeated"


def test_pipedrives_word_that_the_app_was_removed_is_heard(shop: Shop) -> None:
    shop.connect()
    basic = b64encode(f"{APP}:{SECRET}".encode()).decode()

    def told(authorization: str, user: int) -> int:
        body = b'{"client_id": "app-id", "company_id": 1, "user_id": %d, "timestamp": "2026-11-22"}' % user
        headers = {"authorization": authorization}
        return shop.endpoint.answer(HttpRequest("DELETE", "/oauth/callback", headers, body)).status

    assert told("Basic wrong", 1) == told("", 1) == 401
    assert told(f"Basic {basic}", 2) == 204
    assert "stopped" not in shop.endpoint.facts(), "another user's"
    assert told(f"Basic {basic}", 1) == 204
    assert "uninstalled" in shop.endpoint.facts()["stopped"]


def test_an_access_can_be_given_back(shop: Shop) -> None:
    shop.connect()
    assert shop.endpoint.disconnect() is True
    assert not shop.account.apps.bearers and not shop.account.apps.refreshes
    assert shop.endpoint.disconnect() is False
    assert "`engine connect`" in shop.carry(Query("organization")).message


def test_a_wrong_secret_of_the_app_is_told_and_not_taken_for_the_end(shop_of: Maker) -> None:
    shop = shop_of()
    shop.connect()
    shop.clock.move(hours=2)
    app = shop.account.apps.known[APP]
    shop.account.add_app(APP, "another", CALLBACK, SCOPES)
    failed = shop.carry(Query("organization", id="1"))
    assert failed.failure is Failure.CONFIGURATION and "client secret" in failed.message
    shop.account.apps.register(app)
    shop.clock.move(minutes=2)
    assert shop.carry(Query("organization", id="2")).done


@pytest.mark.unjudged("the document knows no 403 for a scope")
def test_scopes_that_the_mappings_need_and_the_app_lacks_are_named(shop: Shop) -> None:
    shop.account.add_app(APP, SECRET, CALLBACK, ("base", "contacts:read"))
    shop.connect()
    failed = shop.carry(new("organization", name="Acme"))
    assert failed.failure is Failure.CONFIGURATION and "scope" in failed.message
    shop.endpoint._site = replace(shop.endpoint._site, follows=("deal",), writes=("organization",))
    (lacking,) = [check for check in shop.endpoint.ping() if check.name == "scopes"]
    assert not lacking.ok and "deals:read, contacts:full, contact-fields:full" in lacking.message


# ------------------------------------------------------------------------------------------------------ secrets
def test_no_token_lies_in_the_state_or_the_log_in_clear(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        shop.connect()
        shop.clock.move(hours=2)
        shop.carry(new("organization", name="Acme"))
    apps = shop.account.apps
    secret = [*apps.bearers, *apps.refreshes, SECRET, KEY]
    assert len(secret) >= 5
    said = caplog.text + str(shop.state._values) + str(shop.work.results) + str(shop.work.visits)
    said += f"{shop.endpoint!r} {shop.endpoint._settings!r} {shop.endpoint._client!r} {shop.endpoint._granted!r}"
    said += repr(shop.endpoint._granted and shop.endpoint._granted.stored()) + str(shop.endpoint.ping())
    assert [one for one in secret if one in said] == []


def test_a_key_can_be_changed_without_connecting_anew(shop_of: Maker) -> None:
    newer = new_key()
    old = shop_of()
    old.connect()
    both = shop_of(old, keys=(newer, KEY))
    both.clock.move(hours=1)
    assert both.carry(Query("organization", id="1")).done
    alone = shop_of(old, keys=(newer,))
    assert alone.carry(Query("organization", id="2")).done
    lost = shop_of(old, keys=(new_key(),))
    failed = lost.carry(Query("organization", id="3"))
    assert failed.failure is Failure.CONFIGURATION and "encryption_keys" in failed.message


def test_settings_take_a_token_or_an_app_and_not_both() -> None:
    oauth = {"client_id": "a", "client_secret": "b"}
    with pytest.raises(InvalidSettings, match="Keep one"):
        Settings.of({"company": "acme", "api_token": "t", "oauth": oauth})
    with pytest.raises(InvalidSettings, match="Add one"):
        Settings.of({"company": "acme"})
    made = Settings.of({"company": "acme", "oauth": oauth, "plan": "lite"})
    assert made.burst == 80 and "'b'" not in repr(made)
    with pytest.raises(InvalidSettings, match="encryption_keys"):
        Pipedrive.open(make_site({"company": "acme", "oauth": oauth}, Clock()))
    assert "oauth" in SCHEMA["properties"]

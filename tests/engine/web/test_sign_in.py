"""Signing in: who knows a password gets in, for as long as that is meant, and nobody else however he tries."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from engine import passwords
from engine.settings import DashboardUser, Settings
from engine.web import guesses
from engine.web.guesses import FOR_ONE_NAME
from engine.web.server import Server
from tests.engine.web.conftest import Answer, Browser
from tests.engine.web.doubles import PASSWORD, Engine, settings, signed_in_by

HTML = {"Accept": "text/html"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGES = ("/", "/status.json")


class Visitor:
    """A browser that keeps its cookie and looks for the token of each form."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.browser, self.headers = Browser(port), {**HTML, **headers}
        self.cookie = self.last_cookie = self.token = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self._kept(self.browser.ask("GET", path, headers=self._with(headers)))

    def post(self, path: str, **fields: str) -> Answer:
        headers = self._with({"Content-Type": "application/x-www-form-urlencoded"})
        return self._kept(self.browser.ask("POST", path, urlencode({"csrf": self.token, **fields}), headers))

    def sign_in(self, name: str, password: str, following: str = "/") -> Answer:
        self.get("/sign-in")
        return self.post("/sign-in", name=name, password=password, next=following)

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        return {**self.headers, **headers, **({"Cookie": self.cookie} if self.cookie else {})}

    def _kept(self, answer: Answer) -> Answer:
        if "set-cookie" in answer.headers:
            self.last_cookie = answer.headers["set-cookie"]
            self.cookie = self.last_cookie.partition(";")[0]
        found = re.search('name="csrf" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer


class Clock:
    """The engine's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock(engine: Engine) -> Clock:
    engine.clock = made = Clock()
    return made


@pytest.fixture
def chosen() -> Settings:
    return signed_in_by(settings(public="https://sync.example.com"))


Arrive = Callable[..., Visitor]


@pytest.fixture
def arrive(engine: Engine, clock: Clock, chosen: Settings) -> Iterator[Arrive]:
    """Makes visitors of a server; with `anew` of another process over the same store."""
    servers = [Server(engine, chosen)]
    servers[0].start()

    def one(anew: Settings | None = None, **headers: str) -> Visitor:
        if anew is not None:
            servers.append(Server(engine, anew))
            servers[-1].start()
        return Visitor(int(servers[-1].url.rsplit(":", 1)[1]), headers)

    yield one
    for server in servers:
        server.stop()


def test_nobody_sees_a_page_before_he_has_signed_in(arrive: Arrive) -> None:
    for path in PAGES:
        led = arrive().get(f"{path}?q=1")
        assert (led.status, led.headers["location"]) == (303, f"/sign-in?next={path}%3Fq%3D1")
        assert arrive().get(path, Accept="application/json").status == 401
    assert arrive().get("/healthz").status == 200


def test_who_knows_the_password_is_led_to_the_page_that_he_wanted(arrive: Arrive) -> None:
    visitor = arrive()
    answer = visitor.sign_in("anna", PASSWORD, "/status.json?a=b")
    assert (answer.status, answer.headers["location"]) == (303, "/status.json?a=b")
    page = visitor.get("/")
    assert page.status == 200
    assert "Sign out" in page.text and "anna" in page.text
    assert visitor.get("/status.json", Accept="*/*").status == 200


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna", "")])
def test_who_does_not_is_told_the_same_whatever_was_wrong(arrive: Arrive, name: str, password: str) -> None:
    visitor = arrive()
    answer = visitor.sign_in(name, password)
    assert answer.status == 403
    assert "That name and password don&#39;t fit." in answer.text
    assert password == "" or password not in answer.text
    assert visitor.get("/").status == 303


def test_an_unknown_name_costs_a_password_s_computing_time_too(arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[bytes] = []
    scrypt = passwords.hashlib.scrypt

    def counting(password: bytes, **options: object) -> bytes:
        computed.append(password)
        return scrypt(password, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords.hashlib, "scrypt", counting)
    arrive().sign_in("anna", "wrong one")
    arrive().sign_in("nobody", "wrong two")
    assert computed == [b"wrong one", b"wrong two"]
    assert passwords.hmac.compare_digest is hmac.compare_digest


@pytest.mark.parametrize("following", ["https://evil.example", "//evil.example", "/\\evil.example", "/\r\nx", "evil"])
def test_signing_in_leads_to_no_other_host(arrive: Arrive, following: str) -> None:
    assert arrive().sign_in("anna", PASSWORD, following).headers["location"] == "/"


def test_a_session_from_before_signing_in_is_worth_nothing_afterwards(arrive: Arrive) -> None:
    victim, thief = arrive(), arrive()
    victim.get("/sign-in")
    thief.cookie = victim.cookie  # planted, or read
    token = victim.token
    victim.sign_in("anna", PASSWORD)
    assert victim.cookie != thief.cookie
    assert victim.get("/").status == 200
    assert victim.token != token
    assert thief.get("/").status == 303


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(arrive: Arrive) -> None:
    visitor, thief = arrive(), arrive()
    visitor.sign_in("anna", PASSWORD)
    visitor.get("/")
    thief.cookie = visitor.cookie
    assert thief.get("/").status == 200
    assert visitor.post("/sign-out").headers["location"] == "/sign-in"
    assert "You are signed out." in visitor.get("/sign-in").text
    assert thief.get("/").status == 303


def test_who_does_nothing_must_sign_in_again_and_a_page_that_refreshes_itself_does_nothing(
    arrive: Arrive, clock: Clock
) -> None:
    visitor, left_open = arrive(), arrive()
    visitor.sign_in("anna", PASSWORD)
    left_open.sign_in("anna", PASSWORD)
    for _ in range(4):
        clock.later(minutes=30)
        assert visitor.get("/").status == 200
        left_open.get("/", **{"X-Refresh": "1"})
    assert left_open.get("/").status == 303
    clock.later(minutes=61)
    assert visitor.get("/").status == 303


def test_everybody_must_sign_in_again_in_the_end(arrive: Arrive, clock: Clock) -> None:
    visitor = arrive()
    visitor.sign_in("anna", PASSWORD)
    for _ in range(23):
        clock.later(minutes=30)
        assert visitor.get("/").status == 200
    clock.later(minutes=30)
    assert visitor.get("/").status == 303


def test_another_process_over_the_same_store_knows_the_session(arrive: Arrive, chosen: Settings) -> None:
    visitor = arrive()
    visitor.sign_in("anna", PASSWORD)
    elsewhere = arrive(anew=chosen)
    elsewhere.cookie = visitor.cookie
    assert elsewhere.get("/").status == 200


def changed(chosen: Settings, **user: str) -> Settings:
    anna = replace(chosen.dashboard.users["anna"], **user)  # type: ignore[arg-type]
    return replace(chosen, dashboard=replace(chosen.dashboard, users={"anna": anna}))


def test_a_new_password_and_a_new_role_count_at_once(arrive: Arrive, chosen: Settings) -> None:
    visitor = arrive()
    visitor.sign_in("anna", PASSWORD)
    reader = arrive(anew=changed(chosen, role="reader"))
    reader.cookie = visitor.cookie
    assert "(may look)" in reader.get("/").text
    locked = arrive(anew=changed(chosen, password_hash=passwords.hash_password("another password")))
    locked.cookie = visitor.cookie
    assert locked.get("/").status == 303


def test_a_cookie_that_was_changed_or_signed_elsewhere_is_worth_nothing(arrive: Arrive, chosen: Settings) -> None:
    visitor, thief = arrive(), arrive()
    other = arrive(anew=replace(chosen, dashboard=replace(chosen.dashboard, session_secret="x" * 32)))
    visitor.sign_in("anna", PASSWORD)
    name, _, value = visitor.cookie.partition("=")
    other.get("/sign-in")
    forged = other.cookie.partition("=")[2]
    # One character after the other; of the last one base64 uses four bits, and "w" to "z" have those in common.
    changed = [f"{value[:at]}{'A' if one in 'wxyz' else 'x'}{value[at + 1 :]}" for at, one in enumerate(value)]
    for cookie in (*changed, forged, "", "x.y.z"):
        thief.cookie = f"{name}={cookie}"
        assert thief.get("/").status == 303, cookie
    thief.cookie = f"{name}={value}"
    assert thief.get("/").status == 200


def test_a_guesser_waits_longer_each_time_also_in_another_process(
    arrive: Arrive, clock: Clock, chosen: Settings
) -> None:
    guesser = arrive()
    for _ in range(5):
        assert guesser.sign_in("anna", "wrong").status == 403
    refused = guesser.sign_in("anna", PASSWORD)
    assert refused.status == 429
    assert "Try again in a minute." in refused.text
    assert arrive(anew=chosen).sign_in("anna", PASSWORD).status == 429
    clock.later(minutes=1)
    assert guesser.sign_in("anna", "wrong").status == 403
    assert "in 2 minutes" in guesser.sign_in("anna", PASSWORD).text
    clock.later(minutes=2)
    assert guesser.sign_in("anna", PASSWORD).status == 303


def test_many_guessers_of_one_name_are_held_up_together_but_not_the_owner_of_the_machine(
    engine: Engine, clock: Clock
) -> None:
    state = engine.store.state("dashboard", clock)

    def refusal(client: str, here: bool = False) -> str | None:
        return guesses.refusal(state, client, "anna", here, clock())

    for number in range(FOR_ONE_NAME):
        clock.later(seconds=2)
        assert refusal(f"198.51.100.{number}") is None
        guesses.failed(state, f"198.51.100.{number}", "anna", clock())
    assert "for this name" in str(refusal("203.0.113.9"))
    assert guesses.refusal(state, "203.0.113.9", "rita", False, clock()) is None
    assert refusal("127.0.0.1", here=True) is None
    clock.later(hours=1)
    assert refusal("203.0.113.9") is None


def test_neighbours_in_ipv6_are_one_guesser_and_attempts_in_all_are_limited(engine: Engine, clock: Clock) -> None:
    state = engine.store.state("dashboard", clock)
    for number in range(5):
        guesses.failed(state, f"2001:db8::{number}", "anna", clock())
    assert guesses.refusal(state, "2001:db8::ffff", "rita", False, clock()) is not None
    assert guesses.refusal(state, "2001:db8:1::1", "rita", False, clock()) is None
    answers = [
        guesses.refusal(state, f"198.51.100.{number}", "x", False, clock()) for number in range(guesses.A_MINUTE)
    ]
    assert answers.count(None) == guesses.A_MINUTE - 1


def test_only_the_address_of_engine_yaml_and_this_machine_s_own_are_answered(arrive: Arrive) -> None:
    for host in ("evil.example", "sync.example.com.evil.example", "192.0.2.1", ""):
        answer = arrive(Host=host).get("/sign-in")
        assert answer.status == 403
        assert "<form" not in answer.text
    for host in ("localhost:8800", "127.0.0.1", "[::1]:8800"):
        assert arrive(Host=host).get("/sign-in").status == 200


def test_by_the_public_name_but_without_tls_no_password_is_taken(arrive: Arrive) -> None:
    visitor = arrive(Host="sync.example.com")
    answer = visitor.sign_in("anna", PASSWORD)
    assert answer.status == 403
    assert "password would travel readable" in answer.text


def test_a_password_is_in_no_log_and_not_in_the_store(
    arrive: Arrive, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = arrive()
    visitor.sign_in("anna", "a wrong pa55word")
    visitor.sign_in("anna", PASSWORD)
    visitor.get("/")
    kept = b"".join(one.read_bytes() for one in engine.folder.glob("engine.db*"))
    session = visitor.cookie.partition("=")[2]
    for secret in ("a wrong pa55word", PASSWORD, session):
        assert secret not in caplog.text + str([vars(one) for one in caplog.records])
        assert secret.encode() not in kept


def test_a_user_is_shown_without_his_hash() -> None:
    assert "scrypt" not in repr(DashboardUser("anna", passwords.hash_password(PASSWORD)))

"""The guards of the frame: who may look, who may act, and that a form is one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from engine.web import access, app, forms
from engine.web.access import User
from engine.web.frame import Frame
from engine.web.server import Server
from tests.engine.web.conftest import Answer, Browser
from tests.engine.web.doubles import Engine, settings

HTML = {"Accept": "text/html"}


class Acts:
    """A page module with an act, a question and a defect; keeps what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def routes(self, frame: Frame) -> list[Route]:
        async def token(request: Request) -> Response:
            return await frame.page(
                request, "failure.html", heading="Forms", said=f"token:{forms.token(request)}:", following=""
            )

        async def act(request: Request, form: FormData) -> Response:
            self.done.append(str(form["name"]))
            return frame.back(request, "/forms", f"{form['name']} is done.")

        async def ask(_request: Request, form: FormData) -> Response:
            return PlainTextResponse(f"You asked {form['name']}")

        async def broken(_request: Request) -> Response:
            raise ValueError("inner words")

        return [
            Route("/forms", frame.reader(token)),
            Route("/act", frame.operator(act), methods=["POST"]),
            Route("/ask", frame.question(ask), methods=["POST"]),
            Route("/broken", frame.reader(broken)),
        ]


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Acts:
    made = Acts()
    monkeypatch.setattr(app, "PAGES", (*app.PAGES, made))
    return made


@pytest.fixture
def browser(engine: Engine, acts: Acts) -> Iterator[Browser]:
    server = Server(engine, settings())
    yield Browser(int(server.start().rsplit(":", 1)[1]))
    server.stop()


class Visitor:
    """A browser with its cookie and the token that a page gave it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        page = browser.ask("GET", "/forms", headers=HTML)
        self.cookie = page.headers["set-cookie"].partition(";")[0]
        self.token = re.findall("token:([^:]+):", page.text)[0]

    def send(self, path: str, cookie: str | None = None, **fields: str) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie or self.cookie}
        return self.browser.ask("POST", path, urlencode(fields), headers)


def test_an_act_is_done_and_leads_back_to_a_page_that_says_so_once(browser: Browser, acts: Acts) -> None:
    visitor = Visitor(browser)
    answer = visitor.send("/act", csrf=visitor.token, name="retry")
    assert (answer.status, answer.headers["location"], acts.done) == (303, "/forms", ["retry"])
    cookie = answer.headers["set-cookie"].partition(";")[0]
    page = browser.ask("GET", "/forms", headers={"Cookie": cookie, **HTML})
    assert "retry is done." in page.text
    again = browser.ask("GET", "/forms", headers={"Cookie": page.headers["set-cookie"].partition(";")[0], **HTML})
    assert "retry is done." not in again.text


@pytest.mark.parametrize("fields", [{}, {"csrf": ""}, {"csrf": "guessed"}])
@pytest.mark.parametrize("path", ["/act", "/ask"])
def test_a_form_that_is_not_of_ours_does_nothing(
    browser: Browser, acts: Acts, path: str, fields: dict[str, str]
) -> None:
    visitor = Visitor(browser)
    assert visitor.send(path, name="retry", **fields).status == 403
    assert visitor.send(path, "other=1", name="retry", csrf=visitor.token).status == 403
    assert acts.done == []


def test_a_token_of_another_visitor_does_nothing(browser: Browser, acts: Acts) -> None:
    one, other = Visitor(browser), Visitor(browser)
    assert one.send("/act", csrf=other.token, name="retry").status == 403
    assert acts.done == []


def test_a_reader_may_ask_and_not_act(browser: Browser, acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(browser)
    monkeypatch.setattr(access, "LOCAL", User("rita", "reader"))
    assert visitor.send("/ask", csrf=visitor.token, name="why").text == "You asked why"
    refused = visitor.send("/act", csrf=visitor.token, name="retry")
    assert (refused.status, acts.done) == (403, [])
    assert "rita may look, and not act" in refused.text


def test_only_forms_act_and_only_within_bounds(browser: Browser, acts: Acts) -> None:
    visitor = Visitor(browser)
    assert browser.ask("GET", "/act", headers={"Cookie": visitor.cookie}).status == 405
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", "text/xml", ""):
        body = {"Cookie": visitor.cookie, "Content-Type": kind}
        assert browser.ask("POST", "/act", urlencode({"csrf": visitor.token}), body).status == 415
    assert visitor.send("/act", csrf=visitor.token, name="x" * 1_100_000).status == 413
    assert visitor.send("/act", csrf=visitor.token, **{f"n{n}": "" for n in range(2_001)}).status == 400
    assert acts.done == []


@pytest.mark.parametrize("headers", [HTML, {}], ids=["people", "programs"])
def test_a_defect_is_told_with_the_next_step_and_nothing_of_the_inside(
    browser: Browser, headers: dict[str, str]
) -> None:
    answer = browser.ask("GET", "/broken", headers=headers)
    assert answer.status == 500
    assert "try again" in answer.text
    assert "inner words" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert ("<main" in answer.text) == bool(headers)


def test_strangers_see_no_navigation_on_an_error_page(browser: Browser) -> None:
    answer = browser.ask("GET", "/", headers={"Host": "sync.example.com", **HTML})
    assert answer.status == 403
    assert "own machine only" in answer.text
    assert "<nav" not in answer.text

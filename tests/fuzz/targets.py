"""What is fuzzed: each target takes bytes and says what they came to; it raises where they came to harm.

The real ASGI application over a real store, called without sockets as if from elsewhere; the readers of answers,
mappings and packed presets by themselves.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mappings
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.qbxml import Expected, Unreadable, read_answers, read_tree, table
from connectors.quickbooks_desktop.soap import ENVELOPE, NAMESPACE, OPERATIONS
from engine.errors import UserError
from engine.passwords import hash_password
from engine.registry import Registry
from engine.settings import Settings
from engine.specs.loader import load_text
from engine.specs.packing import read_folder, read_packed
from engine.specs.validator import validate
from engine.sync.engine import Engine
from engine.web.app import create_app

HEADER = b"\r\n\r\n"
"""Between the headers and the body of a sample, as on the wire."""

CONFIG = """
store: sqlite:///engine.db
server: {{url: "https://sync.example.com"}}
dashboard: {{users: {{anna: {{password_hash: "{hashed}", role: operator}}}}}}
metrics: {{token: "a long and random token"}}
connections:
  acme:
    zone: America/New_York
    settings: {{stage: Invoices / Sent, first_invoice_date: "2026-01-01", generic_product: Item}}
    quickbooks_desktop: {{user: acme, password_hash: "{hashed}"}}
    pipedrive: {{company: acme, api_token: t0ken-of-the-fuzz, url: "http://127.0.0.1:9",
                webhook: {{user: pipedrive, password: long and random}}}}
"""
SOAP, HOOK, BOARD = "/acme/quickbooks_desktop", "/acme/pipedrive/webhook", "/"
ALLOWED = {200, 204, 303, 307, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500}


class Harm(AssertionError):
    """An input did what none may."""


class Targets:
    """All of them over one folder; `names` are theirs."""

    def __init__(self, folder: Path) -> None:
        (folder / "engine.yaml").write_text(CONFIG.format(hashed=hash_password("correct horse")))
        registry = Registry.load()
        settings = Settings.load(folder / "engine.yaml", registry)
        self.engine = Engine.open(settings, registry)
        self._app = create_app(self.engine, settings)
        self._loop = asyncio.new_event_loop()
        self._takes: Mapping[str, Callable[[bytes], str]] = {
            "soap": self._soap,
            "answers": _answers,
            "webhooks": self._webhook,
            "mappings": _mapping,
            "presets": _preset,
            "dashboard": self._dashboard,
        }
        self.names = tuple(self._takes)
        self.samples = _samples()

    def take(self, name: str, data: bytes) -> str:
        """What the input came to; raises for harm."""
        return self._takes[name](data)

    def close(self) -> None:
        self._loop.close()
        self.engine.close()

    # ------------------------------------------------------------------------------------------------ over HTTP
    def _soap(self, data: bytes) -> str:
        status, body = self._ask("POST", SOAP, data)
        if b"<authenticateResult>" in body and b"<string>nvu</string>" not in body:
            raise Harm(f"let in: {body!r}")
        return str(status)

    def _webhook(self, data: bytes) -> str:
        """Half of them come with the password: they are never refused, and nothing in them is believed."""
        authentic = data[:1] > b"@"
        proof = b64encode(b"pipedrive:long and random" if authentic else b"pipedrive:guess").decode()
        head = f"authorization: Basic {proof}\r\ncontent-type: application/json".encode()
        status, _ = self._ask("POST", HOOK, head + HEADER + data[1:])
        if authentic and status not in (204, 413):
            raise Harm(f"an authentic delivery was answered {status}")
        if not authentic and status < 400:
            raise Harm("a delivery without the password was taken")
        return str(status)

    def _dashboard(self, data: bytes) -> str:
        line, _, rest = data.partition(b"\n")
        method, _, path = line.decode("latin-1").partition(" ")
        path = "/" + path.strip().lstrip("/")
        status, body = self._ask("POST" if method == "POST" else "GET", path, rest)
        if b"customers" in body or b"t0ken-of-the-fuzz" in body or b"engine_queue_rows" in body:
            raise Harm(f"{path} shows a stranger what is inside")
        return str(status)

    def _ask(self, method: str, path: str, data: bytes) -> tuple[int, bytes]:
        head, separator, body = data.partition(HEADER)
        if not separator:
            head, body = b"content-type: text/xml", data
        pairs = [one.partition(b":") for one in head.split(b"\r\n")]
        headers = [(name.strip().lower()[:200], value.strip()[:8000]) for name, _, value in pairs if name.strip()]
        # The server's parser of HTTP lets printable ASCII pass only, and decodes the path.
        path, _, query = "".join(one for one in path if "!" <= one <= "~").partition("?")
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode("latin-1", "replace"),
            "root_path": "", "headers": [(b"host", b"sync.example.com"), *headers], "client": ("203.0.113.9", 4242),
            "server": ("203.0.113.1", 443),
        }  # fmt: skip
        return self._loop.run_until_complete(self._called(scope, body))

    async def _called(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        said: list[Any] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return given.pop() if given else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        status = said[0]["status"]
        answered = b"".join(one.get("body", b"") for one in said[1:])
        if status not in ALLOWED:
            raise Harm(f"answered {status}")
        if status == 500 and b"Envelope" not in answered:
            raise Harm("failed by a defect")
        return status, answered


# -------------------------------------------------------------------------------------------------- by themselves
EXPECTED = {
    str(number): Expected(f"{read.query}Query", {tag: table(source.shapes, ()) for tag in read.answers})
    for number, (source, read) in enumerate((s, r) for s in sources().values() for r in s.reads)
}


def _answers(data: bytes) -> str:
    text = data.decode("utf-8", "surrogateescape")
    said = "read"
    for read in (lambda: read_answers(text, EXPECTED), lambda: read_tree(text)):
        try:
            read()
        except Unreadable:
            said = "unreadable"
    return said


def _mapping(data: bytes) -> str:
    try:
        root = load_text(data.decode("utf-8"), "fuzz.yaml")
    except UnicodeDecodeError:
        return "no text"
    except UserError:
        return "refused"
    return "diagnosed" if list(validate(root, "mapping")) else "valid"


def _preset(data: bytes) -> str:
    try:
        read_packed(data, "fuzz.zip")
    except UserError:
        return "refused"
    return "read"


def _samples() -> Mapping[str, tuple[bytes, ...]]:
    calls = []
    for operation, arguments in OPERATIONS.items():
        inside = "".join(f"<{name}>x</{name}>" for name in arguments)
        call = f'<{operation} xmlns="{NAMESPACE}">{inside}</{operation}>'
        body = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{call}</s:Body></s:Envelope>'
        calls.append(b"content-type: text/xml; charset=utf-8" + HEADER + body.encode())
    answers = []
    for number, (name, source) in enumerate(sources().items()):
        inside = "".join(f"<{shape.name}>1</{shape.name}>" for shape in source.shapes)
        head = f'<QBXML><QBXMLMsgsRs><{name}QueryRs requestID="{number}" statusCode="0" statusMessage="OK">'
        answers.append(f"{head}<{name}Ret>{inside}</{name}Ret></{name}QueryRs></QBXMLMsgsRs></QBXML>".encode())
    folder = Path(mappings.__path__[0])
    texts = [path.read_bytes() for path in sorted(folder.rglob("*.yaml"))]
    v1 = json.dumps({
        "v": 1, "event": "updated.deal", "current": {"id": 5, "title": "x"}, "previous": {"id": 5},
        "meta": {"action": "updated", "object": "deal", "id": 5, "timestamp": 1772000000},
    }).encode()  # fmt: skip
    v2 = json.dumps({
        "data": {"id": 5, "title": "x"}, "previous": None,
        "meta": {"action": "change", "entity": "deal", "entity_id": "5", "id": "e1", "version": "2.0",
                 "timestamp": "2026-03-01T12:00:00Z", "change_source": "api", "user_id": "1"},
    }).encode()  # fmt: skip
    form = b"content-type: application/x-www-form-urlencoded" + HEADER + b"name=anna&password=guess&csrf=x&next=/"
    pages = (
        "/",
        "/status.json",
        "/metrics",
        "/readyz",
        "/healthz",
        "/records?q=a",
        "/parked",
        "/mappings",
    )
    guesses = "accept: text/html\r\ncookie: session=abc.def.ghi\r\nauthorization: Bearer guess"
    return {
        "soap": tuple(calls),
        "answers": tuple(answers),
        "webhooks": tuple(sign + one for one in (v1, v2) for sign in (b"A", b"0")),
        "mappings": tuple(texts),
        "presets": (read_folder(folder / "presets" / "wholesale").packed(),),
        "dashboard": (
            b"POST /sign-in\n" + form,
            b"POST /parked/retry\n" + form,
*(f"GET {page}\n{guesses}".encode() + HEADER for page in pages),
        ),
    }  # fmt: skip

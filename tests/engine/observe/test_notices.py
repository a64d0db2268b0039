"""Notices over real sockets: a mail server with TLS and login, and an address that checks the signature."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.observe.notices import Email, Notice, Unsent, Webhook, signature

NOTICE = Notice("[ml-connector] acme: é\nInjected: no", "3 records wait.\n", {"event": "raised", "key": "acme/parked"})
PASSWORD = "the mail password"


class Mailbox:
    """Keeps what was delivered."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.refuse = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return "550 not here"
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=isinstance(given, LoginPassword) and given.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def email(mailbox: Mailbox, tmp_path: Path) -> Iterator[Email]:
    """A server that takes mail after STARTTLS and a login only."""
    public, private = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=known,
    )  # fmt: skip
    controller.start()
    yield Email(
        "localhost", "sync@example.com", ["a@example.com", "b@example.com"], port, user="sync", password=PASSWORD,
        trusted=str(public),
    )  # fmt: skip
    controller.stop()


def test_a_notice_arrives_by_mail_over_tls_with_its_words(email: Email, mailbox: Mailbox) -> None:
    email.send(NOTICE)
    (message,) = mailbox.messages
    assert (message["To"], message["From"]) == ("a@example.com, b@example.com", "sync@example.com")
    assert message["Subject"] == "[ml-connector] acme: é Injected: no"
    assert message["Injected"] is None
    assert message.get_content().split() == ["3", "records", "wait."]


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"trusted": None}, {"port": 9}, {"encryption": "none"}])
def test_a_mail_server_that_does_not_take_it_is_said_without_the_password(
    email: Email, mailbox: Mailbox, change: dict[str, Any]
) -> None:
    changed = Email(**{**{name: getattr(email, name) for name in Email.__slots__}, **change})
    with pytest.raises(Unsent) as caught:
        changed.send(NOTICE)
    assert PASSWORD not in f"{caught.value} {changed!r} {caught.value.__cause__}"
    assert not mailbox.messages


def test_a_refused_message_is_not_taken_for_sent(email: Email, mailbox: Mailbox) -> None:
    mailbox.refuse = True
    with pytest.raises(Unsent, match="did not take the message"):
        email.send(NOTICE)


class Receiver(HTTPServer):
    """An on-call service; answers what it was told to."""

    status = 204

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.got.append(({name.lower(): value for name, value in handler.headers.items()}, body))
                handler.send_response(self.status)
                handler.send_header("Location", "http://localhost:9/elsewhere")
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_post_is_signed_with_its_time(receiver: Receiver) -> None:
    Webhook(f"http://127.0.0.1:{receiver.server_port}/x", "a long secret").send(NOTICE)
    headers, body = receiver.got[0]
    assert headers["x-signature"] == f"sha256={signature('a long secret', headers['x-timestamp'], body)}"
    assert headers["x-signature"] != f"sha256={signature('another one', headers['x-timestamp'], body)}"
    assert json.loads(body) == {**NOTICE.facts, "subject": NOTICE.subject, "text": NOTICE.text}


@pytest.mark.parametrize("status", [301, 404, 500])
def test_only_a_2xx_counts_and_nothing_is_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Unsent, match=f"127.0.0.1 answered {status}"):
        Webhook(f"http://127.0.0.1:{receiver.server_port}/hidden-token", "a long secret").send(NOTICE)
    assert len(receiver.got) == 1


def test_an_address_that_cannot_be_reached_is_said_without_its_path() -> None:
    with pytest.raises(Unsent) as caught:
        Webhook("http://127.0.0.1:9/hidden-token", "a long secret").send(NOTICE)
    assert "hidden-token" not in str(caught.value)
    assert "hidden-token" not in repr(Webhook("http://127.0.0.1:9/hidden-token", "s"))

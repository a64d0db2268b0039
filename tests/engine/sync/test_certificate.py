"""The certificate's check against real TLS servers on this machine, with certificates made for each case."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.protocol import Check
from engine.sync.certificate import check

NOW = datetime.now(UTC)


def certificate(folder: Path, host: str, ends: datetime) -> Path:
    """One that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=400)).not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


@contextlib.contextmanager
def serving(file: Path) -> Iterator[str]:
    """The https address of a server that shakes hands once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            plain, _ = listening.accept()
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                secured.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        thread.join(timeout=5)


def looked(folder: Path, host: str = "localhost", days: float = 90, trusted: bool = True) -> Check:
    file = certificate(folder, host, NOW + timedelta(days=days))
    trust = ssl.create_default_context(cafile=str(file)) if trusted else None
    with serving(file) as url:
        found = check(url, NOW, trust)
    assert found is not None
    return found


def test_a_good_certificate_is_told_with_its_end(tmp_path: Path) -> None:
    found = looked(tmp_path)
    assert found.ok
    assert f"{NOW + timedelta(days=90):%Y-%m-%d}" in found.message


def test_one_that_ends_within_two_weeks_was_not_renewed(tmp_path: Path) -> None:
    found = looked(tmp_path, days=13)
    assert not found.ok
    assert "Renew it" in found.message


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"days": -1}, "expired"),
        ({"host": "sync.example.com"}, "Hostname mismatch"),
        ({"trusted": False}, "self-signed"),
    ],
)
def test_one_that_the_web_connector_would_refuse_is_told_with_the_reason(
    tmp_path: Path, case: dict[str, object], words: str
) -> None:
    found = looked(tmp_path, **case)  # type: ignore[arg-type]  # each case names parameters of `looked`
    assert not found.ok
    assert words in found.message


def test_an_address_that_does_not_answer_is_told_apart_from_a_bad_certificate() -> None:
    found = check("https://127.0.0.1:9", NOW)
    assert found is not None
    assert not found.ok
    assert "does not answer from here" in found.message


def test_without_https_there_is_nothing_to_look_at() -> None:
    assert check("http://localhost:8800", NOW) is None

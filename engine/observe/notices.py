"""Sends a notice to people: by e-mail over SMTP, and as a signed JSON POST. What it says is decided elsewhere.

The signature is HMAC-SHA256 over `TIMESTAMP.BODY`, in hex: who knows the secret can tell a notice of ours from others.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

SECONDS = 20.0
"""For all that one channel does."""

Encryption = Literal["starttls", "direct", "none"]


class Unsent(Exception):
    """A channel did not take a notice; the text says why, and no secret."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. `facts` go to programs."""

    subject: str
    text: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Email:
    """A mail server and who is written to."""

    host: str
    sender: str
    to: Sequence[str]
    port: int = 587
    encryption: Encryption = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    trusted: str | None = None
    """A file with the certificate of the authority that the server's is of, if it is no public one."""

    def send(self, notice: Notice) -> None:
        """Hand it to the server; Unsent if it does not take it for everybody."""
        message = EmailMessage()
        message["Subject"] = " ".join(notice.subject.split())
        message["From"], message["To"] = self.sender, ", ".join(self.to)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        try:
            with self._connected() as server:
                if self.user is not None:
                    server.login(self.user, self.password or "")
                refused = server.send_message(message)
        except smtplib.SMTPAuthenticationError:
            raise Unsent(f"{self.host} does not take the user and password of alerts.email.") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unsent(f"{self.host}:{self.port} did not take the message: {type(error).__name__}.") from None
        if refused:
            raise Unsent(f"{self.host} did not take the message for {', '.join(sorted(refused))}.")

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self.trusted)
        if self.encryption == "direct":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        if self.encryption == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON, and the secret that signs it."""

    url: str = field(repr=False)
    secret: str = field(repr=False)

    def send(self, notice: Notice) -> None:
        """Post it; Unsent for any answer but 2xx. Redirects are not followed."""
        body = json.dumps({**notice.facts, "subject": notice.subject, "text": notice.text}, ensure_ascii=False).encode()
        stamp = str(int(datetime.now(UTC).timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "ml-connector",
            "X-Timestamp": stamp,
            "X-Signature": f"sha256={signature(self.secret, stamp, body)}",
        }
        opener = OpenerDirector()
        for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), _Answers()):
            opener.add_handler(handler)
        host = urlsplit(self.url).hostname
        try:
            request = Request(self.url, body, headers, method="POST")  # noqa: S310  # settings let http(s) pass only
            with opener.open(request, timeout=SECONDS) as answer:
                status = answer.status
        except (OSError, ValueError) as error:
            raise Unsent(f"{host} cannot be reached: {type(error).__name__}.") from None
        if not 200 <= status < 300:
            raise Unsent(f"{host} answered {status}.")


class _Answers(HTTPErrorProcessor):
    """Takes every answer as it is: neither redirects nor errors are anything but their number."""

    def http_response(self, request: Any, response: Any) -> Any:
        """As it came."""
        return response

    def https_response(self, request: Any, response: Any) -> Any:
        """As it came."""
        return response


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What X-Signature holds after `sha256=`."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

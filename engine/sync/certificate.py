"""The certificate under which a server is reached from outside: whom it names, and how long it lasts."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from engine.protocol import Check

SOON = timedelta(days=14)
"""Renewals are due some weeks before the end, so a certificate this old was not renewed."""
PATIENCE = 5.0
"""Seconds to wait for the other side."""
_DATE = "%Y-%m-%d"


def check(url: str, now: datetime, trust: ssl.SSLContext | None = None) -> Check | None:
    """Makes one TLS connection to a https address; None for http. The Web Connector and Pipedrive refuse what fails
    here. `trust`: another context than this computer's."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    place = (parts.hostname, parts.port or 443)
    try:
        with (
            socket.create_connection(place, timeout=PATIENCE) as plain,
            (trust or ssl.create_default_context()).wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            given = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return _bad(f"{parts.hostname} shows a certificate that is not accepted: {error.verify_message}. Renew it.")
    except OSError as error:
        return _bad(
            f"{url} does not answer from here: {error.strerror or error}. Start the server and what stands before it; "
            "if only this computer cannot reach it, look from another one."
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(given["notAfter"])), UTC)
    if ends - now < SOON:
        return _bad(f"The certificate of {parts.hostname} ends on {ends.strftime(_DATE)} (UTC). Renew it.")
    return Check("certificate", True, f"The certificate of {parts.hostname} is good until {ends.strftime(_DATE)}.")


def _bad(message: str) -> Check:
    return Check("certificate", False, message)

"""Fetches one small file from an address, within limits of time and size."""

from __future__ import annotations

import ipaddress
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from engine.errors import SystemUnavailable, UserError

SECONDS = 30.0
PORTION = 65_536


def is_address(text: str) -> bool:
    """Whether it is an http(s) address."""
    return text.partition("://")[0].lower() in ("http", "https")


def download(address: str, limit: int) -> bytes:
    """The bytes behind an address, at most `limit`. Plain http is only taken from this machine.

    Raises UserError for an address that is not allowed, SystemUnavailable where nothing usable answers.
    """
    _allow(address)
    opener = OpenerDirector()
    wire = (ProxyHandler(), HTTPHandler(), HTTPSHandler())
    for handler in (*wire, _Redirects(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    began = monotonic()
    read = bytearray()
    try:
        with opener.open(Request(address, headers={"User-Agent": "ml-connector"}), timeout=SECONDS) as answer:  # noqa: S310  # the scheme was looked at
            while portion := answer.read(PORTION):
                read += portion
                if len(read) > limit:
                    raise UserError(f"{address} has over {limit:,} bytes.", "No preset is as large as that.")
                if monotonic() - began > SECONDS:
                    raise TimeoutError("it took too long")
    except HTTPError as problem:
        problem.close()
        raise SystemUnavailable(f"{address} answers {problem.code} {problem.reason}.", "Check the address.") from None
    except (URLError, OSError, ValueError) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        raise SystemUnavailable(f"{address} cannot be fetched: {reason}.", "Check the address, or try later.") from None
    return bytes(read)


def _allow(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise UserError(f"{address} is no http or https address.", "Name a file, a folder or an https address.")
    if not _here(parts.hostname):
        raise UserError(f"{address} could be changed on its way: it is not https.", "Use https, or fetch it yourself.")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Redirects(HTTPRedirectHandler):
    """Follows to addresses that could have been named in the first place."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        """The next request; closes the answer where it leads to what is not allowed."""
        try:
            _allow(newurl)
        except UserError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)

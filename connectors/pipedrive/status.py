"""What an answer that is no success means: the Failure class and one plain sentence. Pure; sending is `client`'s.

Reactions follow [facts: Pipedrive 7]: `error_info` is free text and never read.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from engine.protocol import Failed, Failure


class Stopped(Exception):
    """A call did not bring an answer to go on with; `failed` is what the engine is to be told."""

    def __init__(self, failed: Failed, status: int = 0) -> None:
        super().__init__(failed.message)
        self.failed = failed
        self.status = status


def not_sent(reason: str, again_after: timedelta | None = None) -> Stopped:
    """Handed back untouched: no tokens, or a pause."""
    return Stopped(Failed(Failure.UNSENT, reason, again_after=again_after))


def unreachable(address: str, cause: str) -> Stopped:
    """The connection was never made, so certainly nothing was carried out."""
    return Stopped(Failed(Failure.RETRY, f"Pipedrive cannot be reached at {address} ({cause}).", code="unreachable"))


def cut(writes: bool, cause: str) -> Stopped:
    """The request went out and no whole answer came back."""
    if writes:
        return Stopped(Failed(Failure.UNKNOWN, f"Pipedrive's answer to a write never came ({cause}).", code="cut"))
    return Stopped(Failed(Failure.RETRY, f"Pipedrive's answer never came ({cause}).", code="cut"))


def refused(message: str, field: str | None = None, code: str = "") -> Stopped:
    """The data cannot be sent as it is."""
    return Stopped(Failed(Failure.REFUSED, message, code=code, field=field))


def misconfigured(message: str, code: str = "") -> Stopped:
    """A person must change settings, rights or fields first."""
    return Stopped(Failed(Failure.CONFIGURATION, message, code=code))


def failure(status: int, body: Any, writes: bool, keyed: bool) -> Stopped:
    """Classes a JSON (or empty) answer that is no success.

    `body` is what it said, or None; `writes` and `keyed`: the call changes something, and addresses one record.
    429 and HTML from the edge are not passed here: they pause the whole client first.
    """
    words, code = _words(body), str(body.get("code") or "") if isinstance(body, dict) else ""

    def stop(kind: Failure, message: str, code: str = "", field: str | None = None) -> Stopped:
        return Stopped(Failed(kind, message, code=code or str(status), field=field), status)

    if status == 401:
        message = "Pipedrive does not accept the API token. Put a valid one into engine.yaml."
        return stop(Failure.CONFIGURATION, message)
    if status == 402:
        return stop(Failure.CONFIGURATION, f"The Pipedrive account is closed or unpaid: {words}.")
    if status == 403:
        return Stopped(_forbidden(words, code), status)
    if status in (404, 410) and keyed:
        return stop(Failure.GONE, f"Pipedrive no longer has this record: {words}.")
    if status == 408 or status >= 500:
        kind = Failure.UNKNOWN if writes else Failure.RETRY
        return stop(kind, f"Pipedrive failed with status {status}: {words}.")
    return stop(Failure.REFUSED, f"Pipedrive refuses this: {words}.", code, _field(words))


def _forbidden(words: str, code: str) -> Failed:
    """Plan limits stop one kind of record, not the connection; a missing scope stops everything."""
    if code:
        return Failed(Failure.REFUSED, f"The account's plan does not allow this: {words}.", code)
    if "scope" in words.lower():
        return Failed(Failure.CONFIGURATION, f"The API token's user lacks rights: {words}.", "403")
    return Failed(Failure.REFUSED, f"Pipedrive forbids this: {words}.", "403")


def _words(body: Any) -> str:
    """The service's own words, short and without a closing full stop."""
    said = body.get("error") or body.get("message") or body.get("errors") if isinstance(body, dict) else None
    text = " ".join(str(said).split()) if said else "it gave no reason"
    return text[:500].rstrip(".")


_AT_FAULT = re.compile(r"(?:Validation failed: )?([a-z_]+(?:\.\w+)*): ")


def _field(words: str) -> str | None:
    """The first field that a validation message names."""
    found = _AT_FAULT.match(words)
    return found[1] if found else None

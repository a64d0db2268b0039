"""What an answer that is no success means: the Failure class and one plain sentence. Pure; sending is `client`'s.

Reactions follow [facts: Pipedrive 7]: `error_info` is free text and never read. The page for people is made from
TROUBLES by `troubles`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from engine.protocol import Failed, Failure


class Stopped(Exception):
    """A call did not bring an answer to go on with; `failed` is what the engine is to be told."""

    def __init__(self, failed: Failed, status: int = 0, words: str = "") -> None:
        super().__init__(failed.message)
        self.failed = failed
        self.status = status
        self.words = words
        """The service's own."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One class of answers."""

    answer: str
    """How it is recognised: status, and what else tells it apart."""
    failure: Failure
    means: str
    """The sentence, without its full stop."""
    act: str
    """What a person does about it; empty where nothing is to be done."""

    def sentence(self, words: str = "") -> str:
        """What people read; `words` are the service's own."""
        said = f"{self.means}: {words}." if words else f"{self.means}."
        return f"{said} {self.act}".rstrip()


TROUBLES: Final[Mapping[str, Trouble]] = {
    "invalid": Trouble(
        "400, 422", Failure.REFUSED, "Pipedrive refuses this",
        "Correct the named field in QuickBooks or in the mapping; then retry the record.",
    ),
    "unauthorized": Trouble(
        "401", Failure.CONFIGURATION, "Pipedrive does not accept the API token or the access that was granted",
        "Put a valid token into engine.yaml (it is in Pipedrive under Personal preferences, API), or run "
        "`engine connect` again.",
    ),
    "unconnected": Trouble(
        "no access by OAuth2 was granted yet", Failure.CONFIGURATION, "No Pipedrive account is connected yet",
        "Run `engine connect` and open the link that it prints.",
    ),
    "lost": Trouble(
        "400 `Invalid grant` when the access is renewed", Failure.CONFIGURATION,
        "Pipedrive does not renew the access: it was taken back, or not used for 60 days",
        "Look whether the app is still installed in Pipedrive and its user still active, then run `engine connect` "
        "and open the link that it prints.",
    ),
    "code": Trouble(
        "400 `Invalid grant` when an account is connected", Failure.CONFIGURATION,
        "Pipedrive does not take back the code that it gave", "Run `engine connect` again: a code lives for 5 minutes.",
    ),
    "app": Trouble(
        "any other 400 of the token endpoint", Failure.CONFIGURATION, "Pipedrive does not accept the app",
        "Compare client ID, client secret and callback URL in Pipedrive's Developer Hub with engine.yaml.",
    ),
    "unsealed": Trouble(
        "the stored access cannot be decrypted", Failure.CONFIGURATION,
        "None of the encryption_keys opens the stored access to Pipedrive",
        "Put the key back that was there, or run `engine connect` again.",
    ),
    "renewing": Trouble(
        "another process renews the access", Failure.UNSENT, "The access to Pipedrive is being renewed", "",
    ),
    "unpaid": Trouble(
        "402", Failure.CONFIGURATION, "The Pipedrive account is closed or unpaid",
        "Have its owner look at the subscription.",
    ),
    "plan": Trouble(
        "403 with a `code`", Failure.REFUSED, "The account's plan does not allow this",
        "Make room in Pipedrive (close open deals, remove fields) or take a larger plan; then retry the record.",
    ),
    "scope": Trouble(
        "403 that names a scope", Failure.CONFIGURATION, "Pipedrive grants this connection too few rights",
        "Give the app the missing scope in the Developer Hub and run `engine connect` again, or use an admin's token.",
    ),
    "forbidden": Trouble(
        "403 otherwise", Failure.REFUSED, "Pipedrive forbids this",
        "Look at the user's rights and the pipeline's rules (required fields, locked stages); then retry the record.",
    ),
    "edge": Trouble(
        "403 with a page in the place of JSON", Failure.UNSENT,
        "Pipedrive's edge blocks us, since too much was sent to it; everything pauses for some minutes",
        "If it goes on, find out which other program uses the same token.",
    ),
    "gone": Trouble(
        "404, 410 for one record", Failure.GONE, "Pipedrive no longer has this record",
        "If it was deleted by mistake, restore it in Pipedrive within 30 days; then retry.",
    ),
    "unknown_path": Trouble(
        "404, 410 for a list, 405", Failure.REFUSED, "Pipedrive does not offer this call (any more)",
        "Update ml-connector.",
    ),
    "conflict": Trouble(
        "409", Failure.STALE, "Somebody changed this in Pipedrive at the same moment", "",
    ),
    "feature": Trouble(
        "415", Failure.REFUSED, "The account does not have the feature that this needs",
        "Switch it on in Pipedrive, or take the field out of the mapping.",
    ),
    "burst": Trouble(
        "429, no room left in the two seconds", Failure.UNSENT,
        "Pipedrive asked for a pause: too many requests within two seconds", "",
    ),
    "budget": Trouble(
        "429, with room left in the two seconds", Failure.UNSENT,
        "The company's Pipedrive tokens for today are used up",
        "Everything goes on after the reset; more tokens can be bought in Pipedrive's company settings.",
    ),
    "writes": Trouble(
        "`x-daily-requests-left` near nought", Failure.UNSENT,
        "Today's 10,000 creations of the API token's user are nearly used up; they go on after midnight UTC", "",
    ),
    "busy": Trouble(
        "408, 500 and above, no answer; after a reading", Failure.RETRY, "Pipedrive failed to answer", "",
    ),
    "unknown": Trouble(
        "the same; after a write", Failure.UNKNOWN, "Pipedrive failed to answer a write", "",
    ),
    "unreachable": Trouble(
        "no connection", Failure.RETRY, "Pipedrive cannot be reached", "Look at this computer's network.",
    ),
    "other": Trouble(
        "any other", Failure.REFUSED, "Pipedrive refuses this", "The server's log has the answer; retry the record.",
    ),
}  # fmt: skip
"""Every class of answers that is no success, by a name that tests and documents share."""


def not_sent(reason: str, again_after: timedelta | None = None) -> Stopped:
    """Handed back untouched: no tokens, or a pause."""
    return Stopped(Failed(Failure.UNSENT, reason, again_after=again_after))


def stopped(trouble: str, words: str = "", again_after: timedelta | None = None) -> Stopped:
    """A trouble by its name."""
    one = TROUBLES[trouble]
    words = words.rstrip(".")[:500]
    return Stopped(Failed(one.failure, one.sentence(words), trouble, again_after=again_after), words=words)


def unreachable(address: str, cause: str) -> Stopped:
    """The connection was never made, so certainly nothing was carried out."""
    message = TROUBLES["unreachable"].sentence(f"{address} ({cause})")
    return Stopped(Failed(Failure.RETRY, message, code="unreachable"))


LATE = timedelta(minutes=1)
"""How long Pipedrive may still be at a write after somebody stopped waiting for it (our guess, on the safe side)."""


def cut(writes: bool, cause: str, timed_out: bool = False) -> Stopped:
    """The request went out and no whole answer came back."""
    trouble = TROUBLES["unknown" if writes else "busy"]
    again_after = LATE if writes and timed_out else None
    return Stopped(Failed(trouble.failure, trouble.sentence(cause), code="cut", again_after=again_after))


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
    trouble = TROUBLES[_trouble(status, words, code, writes, keyed)]
    field = _field(words) if status in (400, 422) else None
    code = code if trouble.failure is Failure.REFUSED and code else str(status)
    late = LATE if writes and status in _TIMED_OUT else None
    return Stopped(Failed(trouble.failure, trouble.sentence(words), code, field, late), status)


def _trouble(status: int, words: str, code: str, writes: bool, keyed: bool) -> str:
    """Plan limits stop one kind of record, not the connection; a missing scope stops everything."""
    if status == 403:
        return "plan" if code else "scope" if "scope" in words.lower() else "forbidden"
    if status in (404, 410):
        return "gone" if keyed else "unknown_path"
    if status == 408 or status >= 500:
        return "unknown" if writes else "busy"
    return _BY_STATUS.get(status, "other")


_BY_STATUS: Final = {
    400: "invalid", 401: "unauthorized", 402: "unpaid", 405: "unknown_path", 409: "conflict", 415: "feature",
    422: "invalid",
}  # fmt: skip


_TIMED_OUT: Final = (408, 504)
"""Somebody on the way stopped waiting for whoever carries it out."""


def _words(body: Any) -> str:
    """The service's own words, short and without a closing full stop; of webhooks' `errors` the first of each field."""
    said = body.get("error") or body.get("message") or body.get("errors") if isinstance(body, dict) else None
    if isinstance(said, dict):
        said = "; ".join(f"{key}: {one[0] if isinstance(one, list) and one else one}" for key, one in said.items())
    text = " ".join(str(said).split()) if said else "it gave no reason"
    return text[:500].rstrip(".")


_AT_FAULT = re.compile(r"(?:Validation failed: )?([a-z_]+(?:\.\w+)*): ")


def _field(words: str) -> str | None:
    """The first field that a validation message names."""
    found = _AT_FAULT.match(words)
    return found[1] if found else None

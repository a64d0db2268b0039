"""What a database's exception means for the people who run the engine: `StoreUnavailable` with the next step.

Everything that is not about the surroundings (a broken constraint, SQL that does not fit) is a defect and passes
through as it is. No message contains the store's password or a stored value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc

from engine.errors import StoreUnavailable

_SURROUNDINGS = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
_DAMAGED = ("malformed", "not a database", "disk image", "invalid page", "could not read block", "missing chunk")
_HINTS = (
    ("locked", "Another program holds it: close what has the file open, then try again."),
    ("deadlock", "Nothing was changed; the same work is tried again."),
    ("unable to open", "Check that its folder exists and that this user may write there."),
    ("readonly", "Check that this user may write the file and its folder."),
    ("read-only", "Check that this user may write there."),
    ("disk is full", "Make room on the disk, then try again."),
    ("disk i/o error", "Check that the disk works and has room, then try again."),
    ("no space left", "Make room on the disk, then try again."),
    ("password", "Check the user and password in the store's address."),
    ("does not exist", "Create it first, or correct the store's address."),
    ("refused", "Check that the database server runs and can be reached."),
)


@contextmanager
def told(url: sa.URL) -> Iterator[None]:
    """Turn what the surroundings did to a database statement into StoreUnavailable."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        known = unavailable(url, error)
        if known is None:
            raise
        raise known from error


def unavailable(url: sa.URL, error: exc.SQLAlchemyError) -> StoreUnavailable | None:
    """The sentence for people, or None where the error is a defect of ours."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    reason = words[0].strip()
    where = url.render_as_string(hide_password=True)
    low = reason.lower()
    if any(sign in low for sign in _DAMAGED):
        hint = "Restore the latest backup; `engine store check` says what is wrong."
        return StoreUnavailable(f"The store {where} is damaged: {reason}.", hint)
    invalidated = isinstance(error, exc.DBAPIError) and error.connection_invalidated
    if not isinstance(error, _SURROUNDINGS) and not invalidated and "read-only" not in low:
        return None
    if isinstance(error, exc.OperationalError) and any(sign in low for sign in ("no such ", "syntax error")):
        return None  # SQLite calls a mistake in our SQL an operational error
    hint = next((words for sign, words in _HINTS if sign in low), "Nothing that was acknowledged is lost; try again.")
    return StoreUnavailable(f"The store {where} cannot be used now: {reason}.", hint)

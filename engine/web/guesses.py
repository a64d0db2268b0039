"""Keeps guessers of dashboard passwords waiting: by address longer each time, by name and in all by number.

Counted in the store, so that several processes count together. An address of IPv6 counts with its neighbours, since one
caller has millions of them. On the server's own machine only the first counts: its owner must always get in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from engine import lockout
from engine.protocol import State

HOUR = timedelta(hours=1)
FOR_ONE_NAME = 50
"""Failures in an hour for one name, from elsewhere; then it waits."""
A_MINUTE = 60
"""Attempts in a minute in all, from elsewhere: each costs us a password's computing time."""


def refusal(state: State, client: str, name: str, here: bool, now: datetime) -> str | None:
    """Why an attempt is not even looked at; None: it may be made, and counts."""
    until = lockout.locked_until(state, _neighbourhood(client), now)
    if until is not None:
        return f"Too many attempts from your address. Try again {_in(until - now)}."
    if here:
        return None
    if state.spent(_by_name(name), HOUR) >= FOR_ONE_NAME:
        return "Too many failed attempts for this name. Try again in an hour, or on the server's own machine."
    if not state.spend("attempts", 1, A_MINUTE, timedelta(minutes=1)):
        return "Too many attempts at this time. Try again in a minute."
    return None


def failed(state: State, client: str, name: str, now: datetime) -> None:
    """Somebody did not know the password."""
    lockout.count_failure(state, _neighbourhood(client), now)
    state.spend(_by_name(name), 1, FOR_ONE_NAME, HOUR)


def succeeded(state: State, client: str) -> None:
    """He did."""
    lockout.forget(state, _neighbourhood(client))


def _by_name(name: str) -> str:
    return f"failures for {sha256(name.encode()).hexdigest()[:16]}"  # a name may be anything that somebody typed


def _neighbourhood(client: str) -> str:
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return client


def _in(pause: timedelta) -> str:
    minutes = max(1, -(-int(pause.total_seconds()) // 60))
    return "in a minute" if minutes == 1 else f"in {minutes} minutes"

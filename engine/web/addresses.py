"""Decides from a request's address and headers whether it comes from this very machine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that a proxy adds: behind one, every visitor's connection seems to come from here."""


def on_loopback(client: str, headers: Mapping[str, str]) -> bool:
    """Whether the peer is this machine, was not forwarded, and names this machine as the host.

    The host is looked at as well, so that a page elsewhere cannot reach us under its own name (DNS rebinding).
    """
    if any(name in headers for name in FORWARDED):
        return False
    return is_loopback(client) and is_loopback(host_name(headers.get("host", "")))


def is_loopback(host: str) -> bool:
    """Whether a host name or address without a port means this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def host_name(host: str) -> str:
    """The name or address in a Host header, its port and brackets taken off."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") <= 1 else host

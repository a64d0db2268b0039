"""The .qwc file with which a person adds the application to the Web Connector.

What the Web Connector would refuse is refused here, with its own error number, since it says little. OwnerID and
FileID are made once and kept: another pair for the same company is refused with QBWC1039. [facts 1.5, 1.6; GUIDE ch.4]
"""

from __future__ import annotations

import ipaddress
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from connectors.quickbooks_desktop.settings import Settings
from engine.errors import InvalidSettings
from engine.protocol import Site, State

IDENTITY = "qwc"
"""The key in State of OwnerID and FileID."""

LONGEST_DESCRIPTION = 80


def write_qwc(site: Site) -> str:
    """The file's text for a connection; InvalidSettings names the rule that the address or a setting breaks."""
    settings = Settings.of(site.settings)
    check_address(site.url)
    _check_user(settings.user)
    owner, file = identity(site.state)
    name = f"ml-connector ({site.connection})"
    description = f"Keeps QuickBooks and Pipedrive in step: {site.connection}"
    values = {
        "AppName": name,
        "AppID": "",
        "AppURL": site.url,
        "AppDescription": description[:LONGEST_DESCRIPTION],
        "AppSupport": site.url,
        "UserName": settings.user,
        "OwnerID": owner,
        "FileID": file,
        "QBType": "QBFS",
        "Style": "Document",
        "IsReadOnly": "false",  # the Web Connector itself must write FileID into the company file [facts 1.5]
    }
    root = etree.Element("QBWCXML")
    for tag, value in values.items():
        etree.SubElement(root, tag).text = value
    scheduler = etree.SubElement(root, "Scheduler")
    tag, number = every(settings.every)
    etree.SubElement(scheduler, tag).text = str(number)
    etree.indent(root, "  ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"


def check_address(url: str) -> None:
    """Raise InvalidSettings where the Web Connector would not take this AppURL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host:
        raise InvalidSettings(f"'{url}' is no address for the Web Connector.", "Set server.url, with https and a name.")
    if _is_ip(host):
        raise InvalidSettings(
            f"The Web Connector takes a host name, not an IP address like {host} (QBWC1001, QBWC1002).",
            "Set server.url to a name; on the QuickBooks computer itself, to http://localhost.",
        )
    if parts.scheme == "http" and host != "localhost":
        raise InvalidSettings(
            f"The Web Connector takes http for localhost only; {host} needs https (QBWC1010).",
            "Set server.url to https://…, with a certificate that Windows trusts (QBWC1048).",
        )
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidSettings(
            f"The address {url!r} has characters that a web address cannot have (QBWC1051).",
            "Write a host name with other letters in its xn-- form.",
        )
    if parts.username or parts.password or parts.fragment:
        raise InvalidSettings("The address for the Web Connector holds neither user nor password nor #.")


def _check_user(user: str) -> None:
    """The file is XML and the Web Connector trims it: the login would never fit. [facts 1.5; trimming: assumed]"""
    if not user.isprintable() or user != user.strip():
        raise InvalidSettings(
            "The setting `user` has blanks at its ends or invisible characters, which the .qwc file does not carry "
            "(QBWC1051).",
            "Use letters and digits.",
        )


def every(period: timedelta) -> tuple[str, int]:
    """The element and number of the schedule: whole minutes where it can be."""
    seconds = int(period.total_seconds())
    return ("RunEveryNMinutes", seconds // 60) if seconds % 60 == 0 else ("RunEveryNSeconds", seconds)


def identity(state: State) -> tuple[str, str]:
    """OwnerID and FileID of this connection, made at first use."""

    def make(kept: dict[str, Any] | None) -> dict[str, Any]:
        return kept or {"owner_id": _guid(), "file_id": _guid()}

    kept = state.change(IDENTITY, make)
    assert kept is not None
    return kept["owner_id"], kept["file_id"]


def kept_identity(state: State) -> dict[str, str]:
    """The same for the status, under `owner_id` and `file_id`; nothing before the file was made."""
    return dict(state.get(IDENTITY) or {})


def _guid() -> str:
    return f"{{{str(uuid.uuid4()).upper()}}}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

"""Reads a .qwc file with the Web Connector's rules and registers its application with a company file."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.soap_client import QbwcError

_REQUIRED = (
    "AppName", "AppID", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType",
)  # fmt: skip
_MAY_BE_EMPTY = {"AppID"}
_VALUES: dict[str, str] = {
    "QBType": r"QBFS",  # QBPOS is for Point of Sale
    "Style": r"Document|DocWrapped|RPC",
    "AuthFlags": r"0[xX][0-9A-Fa-f]+",
    "IsReadOnly": r"true|false",
    "Notify": r"true|false",
    "UnattendedModePref": r"umpRequired|umpOptional",
    "PersonalDataPref": r"pdpNotNeeded|pdpOptional|pdpRequired",
    "OwnerID": r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}",
    "FileID": r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}",
}
_KNOWN = {*_REQUIRED, *_VALUES, "Scheduler", "AppDisplayName", "AppUniqueName", "CertURL"}
_LOCAL = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Application:
    """What a .qwc file says."""

    name: str
    url: str
    support: str
    user: str
    owner_id: str
    file_id: str
    description: str
    certificate_url: str
    every_seconds: int | None  # of the Scheduler; None: only by hand
    read_only: bool


def read(text: str) -> Application:
    """The application of a .qwc file; QbwcError names the rule that fails. Element order is free. [facts 1.5]"""
    try:
        root = etree.fromstring(text.strip().encode("utf-8"), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise QbwcError(1051, f"the .qwc file is not well-formed: {error}") from None
    if root.tag != "QBWCXML":
        raise QbwcError(1051, f"the root of a .qwc file is QBWCXML, not {root.tag}")
    elements: dict[str, etree._Element] = {}
    for child in root:
        name = str(child.tag)
        if not isinstance(child.tag, str):
            continue
        if name not in _KNOWN or name in elements:  # the real one ignores unknown elements [assumed]
            raise QbwcError(1051, f"unknown or repeated element {name}")
        elements[name] = child
    values = {name: (element.text or "").strip() for name, element in elements.items()}
    for name in _REQUIRED:
        if name not in values or (not values[name] and name not in _MAY_BE_EMPTY):
            raise QbwcError(1051, f"{name} is required")
    for name, form in _VALUES.items():
        if name in values and not re.fullmatch(form, values[name]):
            raise QbwcError(1039 if name in ("OwnerID", "FileID") else 1051, f"{name} cannot be {values[name]!r}")
    _check_urls(values["AppURL"], values["AppSupport"])
    return Application(
        name=values["AppName"],
        url=values["AppURL"],
        support=values["AppSupport"],
        user=values["UserName"],
        owner_id=values["OwnerID"],
        file_id=values["FileID"],
        description=values["AppDescription"],
        certificate_url=values.get("CertURL") or values["AppURL"],
        every_seconds=_every(elements.get("Scheduler")),
        read_only=values.get("IsReadOnly") == "true",
    )


def _check_urls(url: str, support: str) -> None:
    """https, or http on this computer; names instead of addresses; one host. [facts 1.5, 1.6]

    127.0.0.1 counts as localhost, so that a development server can be visited. [the simulator's own allowance]
    """
    for address, number in ((url, 1001), (support, 1002)):
        host = urlsplit(address).hostname or ""
        if urlsplit(address).scheme not in ("http", "https") or not host:
            raise QbwcError(1010, f"{address!r} is not a web address")
        if host not in _LOCAL and _is_address(host):
            raise QbwcError(number, f"{address!r} names an IP address instead of a host")
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOCAL:
        raise QbwcError(1010, f"AppURL {url!r} is not https")
    if urlsplit(url).hostname != urlsplit(support).hostname:
        raise QbwcError(1000, f"AppURL {url!r} and AppSupport {support!r} have different host names")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _every(scheduler: etree._Element | None) -> int | None:
    """The interval in seconds; with both tags the first wins. [facts 1.5]"""
    for child in scheduler if scheduler is not None else ():
        factor = {"RunEveryNMinutes": 60, "RunEveryNSeconds": 1}.get(str(child.tag))
        text = (child.text or "").strip()
        if factor is None or not text.isdigit():
            raise QbwcError(1051, f"Scheduler/{child.tag} {text!r}")
        return int(text) * factor
    return None


def check_reachable(application: Application, get: Callable[[str], int]) -> None:
    """GET on AppURL (or CertURL) must answer 200, on AppSupport 200 or 202; `get` gives the status. [facts 1.5]"""
    for url, good, silent, other in (
        (application.certificate_url, (200,), 1048, 1048),
        (application.support, (200, 202), 1003, 1004),
    ):
        try:
            status = get(url)
        except OSError as error:
            raise QbwcError(silent, f"GET {url}: {error}") from None
        if status not in good:
            raise QbwcError(other, f"GET {url} answered {status}")


def register(application: Application, company: Company) -> None:
    """Writes FileID under OwnerID into the company file; it keeps the first pair of an application. [facts 1.5]"""
    if application.read_only:  # observed with 34: the Web Connector itself must write FileID
        raise QbwcError(1039, "status 3263: FileID cannot be written for a read-only application")
    with company.lock:
        data = company.books.company_data
        for (owner, name), value in data.items():
            mine = owner == application.owner_id
            other_pair = (name == "FileID" and mine and value != application.file_id) or (
                name == "AppName" and not mine and value == application.name
            )
            if other_pair:
                raise QbwcError(1039, "unique OwnerID/FileID pair value required")
        data[(application.owner_id, "FileID")] = application.file_id
        data[(application.owner_id, "AppName")] = application.name

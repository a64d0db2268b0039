"""Which company file QuickBooks has open, and what it can do: read from the first words of a visit. Pure.

The Web Connector hands over answers to HostQuery, CompanyQuery and PreferencesQuery with its first sendRequestXML.
[facts 1.4, section 3: HostRet, CompanyRet, PreferencesRet]
"""

from __future__ import annotations

import ntpath
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connectors.quickbooks_desktop.qbxml import Ask, read_tree

GREETING = (Ask("HostQuery"), Ask("CompanyQuery"), Ask("PreferencesQuery"))
"""What we ask ourselves where the Web Connector did not."""

NEWEST = (13, 0)
"""14.0 differs in Form 1099 only. [facts 2.1]"""


@dataclass(frozen=True, slots=True)
class Company:
    """What one visit learnt. Unknown texts are None."""

    name: str | None
    file: str | None
    product: str | None
    version: str
    """The qbXML version to write."""
    home_currency: str | None
    """ListID of the home currency; None where multi-currency is off."""
    home_currency_code: str | None = None
    """Looked up in the list of currencies."""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        return asdict(self)

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Company:
        """The company that `pack` made this of."""
        return cls(**data)


def read_company(response: str, file: str, major: str, minor: str) -> Company:
    """The company from the greeting's answers; what is missing in them stays None. Unreadable if they are no qbXML.

    `file` is strCompanyFileName, `major` and `minor` the version that the Web Connector offers.
    """
    sets = read_tree(response).get("QBXMLMsgsRs")
    answers = sets if isinstance(sets, dict) else {}
    host, company, preferences = (_ret(answers, name) for name in ("Host", "Company", "Preferences"))
    currencies = preferences.get("MultiCurrencyPreferences") or {}
    home = (currencies.get("HomeCurrencyRef") or {}).get("ListID")
    offered = host.get("SupportedQBXMLVersion") or []
    return Company(
        name=company.get("CompanyName") or company.get("LegalCompanyName"),
        file=file.strip() or None,
        product=host.get("ProductName"),
        version=_version([offered] if isinstance(offered, str) else offered, major, minor),
        home_currency=home if currencies.get("IsMultiCurrencyOn") == "true" else None,
    )


def stranger(now: Company, before: Company | None, name: str | None, file: str | None) -> str | None:
    """Why this company is not the one of the connection, as a sentence; None if it is (or nothing is known).

    `before` is what an earlier visit saw; `name` and `file` are the settings, which win over it. Folders are not
    compared, since one file has many paths on a network; a copy under another file name is another company.
    """
    if _differs(now.name, name) or (not name and before is not None and _differs(now.name, before.name)):
        expected = name or (before.name if before is not None else None)
    elif _differs(_base(now.file), _base(file)) or (
        not file and before is not None and _differs(_base(now.file), _base(before.file))
    ):
        expected = file or (before.file if before is not None else None)
        return (
            f"QuickBooks has the company file '{now.file}' open, but this connection belongs to '{expected}'. Open "
            "that one; or, if it was renamed, put its new path into the setting `company_file`."
        )
    else:
        return None
    return (
        f"QuickBooks has the company '{now.name}' open, but this connection belongs to '{expected}'. Open that one; "
        "or, if it was renamed, put its new name into the setting `company`."
    )


def _differs(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.strip().casefold() != other.strip().casefold()


def _base(path: str | None) -> str | None:
    return ntpath.basename(path) if path else None


def _ret(answers: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    answer = answers.get(f"{name}QueryRs")
    found = answer.get(f"{name}Ret") if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def _version(offered: list[str], major: str, minor: str) -> str:
    """The newest version that both know; 13.0 where QuickBooks says nothing."""
    versions = [version for text in [*offered, f"{major}.{minor}"] if (version := _parsed(text))]
    known = [version for version in versions if version <= NEWEST]
    best = max(known) if known else NEWEST
    return f"{best[0]}.{best[1]}"


def _parsed(text: str) -> tuple[int, int] | None:
    major, _, minor = text.strip().removeprefix("CA").removeprefix("UK").partition(".")
    return (int(major), int(minor or 0)) if major.isdecimal() and (minor or "0").isdecimal() else None

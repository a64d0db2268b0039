"""The .qwc file: complete, the same each time, and refused where the Web Connector would refuse it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.errors import InvalidSettings
from engine.protocol import Site
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site


def site_at(url: str, clock: Clock, state: MemoryState | None = None, **settings: object) -> Site:
    return replace(make_site(MemoryWork(), clock, state, **settings), url=url)


def written(site: Site) -> dict[str, str]:
    root = etree.fromstring(QuickBooksDesktop.write_qwc(site).encode())
    assert root.tag == "QBWCXML"
    return {str(one.tag): (one.text or "").strip() for one in root.iter() if one is not root}


def test_the_file_has_what_the_web_connector_requires(clock: Clock) -> None:
    values = written(site_at("https://sync.example.com/a&b/quickbooks_desktop", clock, every="10 minutes"))
    assert values["AppURL"] == values["AppSupport"] == "https://sync.example.com/a&b/quickbooks_desktop"
    assert (values["UserName"], values["QBType"], values["Style"]) == ("acme", "QBFS", "Document")
    assert values["IsReadOnly"] == "false"
    assert values["RunEveryNMinutes"] == "10"
    assert "AppID" in values
    assert len(values["AppDescription"]) <= 80
    for name in ("OwnerID", "FileID"):
        assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", values[name])
    assert values["OwnerID"] != values["FileID"]


def test_the_identity_is_made_once_and_kept(clock: Clock, state: MemoryState) -> None:
    first = written(site_at("https://sync.example.com/x", clock, state))
    second = written(site_at("https://other.example.com/x", clock, state))
    assert (first["OwnerID"], first["FileID"]) == (second["OwnerID"], second["FileID"])
    elsewhere = written(site_at("https://sync.example.com/x", clock))
    assert elsewhere["FileID"] != first["FileID"]


def test_seconds_are_scheduled_as_seconds(clock: Clock) -> None:
    assert written(site_at("http://localhost:8800/x", clock, every="30 seconds"))["RunEveryNSeconds"] == "30"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://192.0.2.7/x", "QBWC1001"),
        ("http://127.0.0.1:8800/x", "QBWC1001"),
        ("https://[2001:db8::1]/x", "QBWC1001"),
        ("http://sync.example.com/x", "QBWC1010"),
        ("ftp://sync.example.com/x", "no address"),
        ("sync.example.com/x", "no address"),
        ("https://user:secret@sync.example.com/x", "neither user nor password"),
    ],
)
def test_an_address_that_the_web_connector_refuses_is_refused_with_its_rule(url: str, rule: str, clock: Clock) -> None:
    with pytest.raises(InvalidSettings, match=rule) as caught:
        QuickBooksDesktop.write_qwc(site_at(url, clock))
    assert "secret" not in str(caught.value)
    (check,) = [one for one in QuickBooksDesktop.open(site_at(url, clock)).ping() if one.name == "address"]
    assert not check.ok

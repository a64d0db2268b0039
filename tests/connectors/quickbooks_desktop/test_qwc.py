"""The .qwc file: complete, the same each time, and refused where the Web Connector would refuse it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.simulator import qwc_file
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.soap_client import QbwcError
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.errors import InvalidSettings
from engine.protocol import Site
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve


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
    told = QuickBooksDesktop.open(site_at("https://other.example.com/x", clock, state)).facts()
    assert (told["owner_id"], told["file_id"]) == (first["OwnerID"], first["FileID"]), "for support, in the status"
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
        ("https://sync.example.com/a b", "QBWC1051"),
        ("https://büro.example.com/x", "QBWC1051"),
    ],
)
def test_an_address_that_the_web_connector_refuses_is_refused_with_its_rule(url: str, rule: str, clock: Clock) -> None:
    with pytest.raises(InvalidSettings, match=rule) as caught:
        QuickBooksDesktop.write_qwc(site_at(url, clock))
    assert "secret" not in str(caught.value)
    (check,) = [one for one in QuickBooksDesktop.open(site_at(url, clock)).ping() if one.name == "address"]
    assert not check.ok


@pytest.mark.parametrize("user", ["acme\x07", " acme", "acme\n"])
def test_a_user_that_the_file_cannot_carry_is_refused(clock: Clock, user: str) -> None:
    with pytest.raises(InvalidSettings, match="QBWC1051"):
        QuickBooksDesktop.write_qwc(site_at("https://sync.example.com/x", clock, user=user))


@given(
    host=st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9](\.[a-z]{2,6}){0,2}", fullmatch=True),
    path=st.text("abc/?&=<>\"'%-._~0123", max_size=20),
    user=st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20),
    seconds=st.integers(1, 90_000),
)
def test_every_file_that_is_written_is_read_back_by_the_web_connectors_rules(
    host: str, path: str, user: str, seconds: int
) -> None:
    """Required elements, one host for both addresses, forms of ids, kinds and schedule: all rules of the simulator."""
    url = f"https://{host}/{path}"
    site = site_at(url, Clock(), user=user, every=f"{seconds} seconds")
    try:
        text = QuickBooksDesktop.write_qwc(site)
    except InvalidSettings as error:
        assert "QBWC1051" in str(error)  # the user's blanks
        return
    found = qwc_file.read(text)
    assert (found.url, found.support, found.user, found.every_seconds) == (url, url, user, seconds)
    assert not found.read_only, "the Web Connector itself must write FileID"
    assert len(found.description) <= 80


@pytest.mark.parametrize(
    ("url", "number"), [("http://sync.example.com/x", 1010), ("https://192.0.2.7/x", 1001), ("https://[::1]/x", 1001)]
)
def test_what_is_refused_here_the_web_connector_refuses_by_the_same_number(clock: Clock, url: str, number: int) -> None:
    good = QuickBooksDesktop.write_qwc(site_at("https://sync.example.com/x", clock))
    with pytest.raises(QbwcError) as caught:
        qwc_file.read(good.replace("https://sync.example.com/x", url))
    assert caught.value.number == number
    with pytest.raises(InvalidSettings, match=f"QBWC{number}"):
        QuickBooksDesktop.write_qwc(site_at(url, clock))


def test_the_application_is_added_twice_and_the_company_file_keeps_its_ids(clock: Clock, state: MemoryState) -> None:
    """Over HTTP, with the GET that looks at the address; the second file is written by another process."""
    company = Company(clock=clock)
    with serve(QuickBooksDesktop.open(make_site(MemoryWork(), clock, state))) as address:
        url = address.replace("127.0.0.1", "localhost")
        for _ in range(2):
            connector = WebConnector(url, "", "", company)
            added = connector.add(QuickBooksDesktop.write_qwc(site_at(url, clock, state)))
    assert company.books.company_data[(added.owner_id, "FileID")] == added.file_id
    assert len({owner for owner, _ in company.books.company_data}) == 1

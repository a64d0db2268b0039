"""The company's custom fields are told to people who write mappings, as far as a visit has read them."""

from __future__ import annotations

from connectors.quickbooks_desktop import custom_fields
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.protocol import CustomField, Field
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site

DEFINED = [
    {"DataExtName": "Route", "DataExtType": "STR255TYPE", "AssignToObject": ["Customer", "Vendor"]},
    {"DataExtName": "Size", "DataExtType": "STR1024TYPE", "AssignToObject": "Item"},
]


def test_nothing_is_known_before_the_first_visit() -> None:
    assert custom_fields.names(MemoryState(Clock())).custom == {}


def test_a_sale_has_the_fields_of_its_customer() -> None:
    state = MemoryState(Clock())
    custom_fields.learn(state, {"DataExtDefRet": DEFINED})
    names = custom_fields.names(state).custom
    assert names["Customer"] == names["Invoice"] == names["Estimate"] == (Field("Route", length=255),)
    assert "Terms" not in names


def checked(clock: Clock, state: MemoryState, *fields: CustomField) -> list[tuple[bool, str]]:
    """What `engine ping` says of the custom fields that mappings write to invoices."""
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(), clock, state, {"Invoice": fields}))
    return [(one.ok, one.message) for one in endpoint.ping() if one.name == "custom fields"]


def test_ping_tells_how_to_define_a_field_that_the_company_does_not_have(clock: Clock, state: MemoryState) -> None:
    route, mood = CustomField("Route", "text"), CustomField("Mood", "text")
    assert checked(clock, state, mood) == [], "nothing is known before the first visit"
    custom_fields.learn(state, {"DataExtDefRet": DEFINED})
    assert [ok for ok, _ in checked(clock, state, route)] == [True]
    ((ok, words),) = checked(clock, state, route, mood)
    assert not ok and "'Mood'" in words and "Define Fields" in words


def test_ping_is_silent_about_a_field_that_may_be_missing(clock: Clock, state: MemoryState) -> None:
    custom_fields.learn(state, {"DataExtDefRet": DEFINED})
    assert checked(clock, state, CustomField("Mood", "text", optional=True)) == []

"""The company's custom fields are told to people who write mappings, as far as a visit has read them."""

from __future__ import annotations

from connectors.quickbooks_desktop import custom_fields
from engine.protocol import Field
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState

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

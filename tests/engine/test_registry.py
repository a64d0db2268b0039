"""Connectors are found by entry point and checked before anybody relies on them."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest

from engine.errors import ContractBroken, UserError
from engine.protocol import Entity, Field, NoteField, Relation
from engine.registry import Registry, catalogue_faults

SHOP = Entity("order", "id", "number", (Field("id", "id"), Field("number"), Field("void", "boolean")), voids="void")


class Shop:
    """A connector that keeps the contract as far as the registry can see."""

    name: ClassVar[str] = "shop"
    title: ClassVar[str] = "Shop"
    settings_schema: ClassVar[dict[str, Any]] = {"type": "object", "properties": {"key": {"description": "Its key."}}}

    @classmethod
    def catalogue(cls) -> dict[str, Entity]:
        return {"order": SHOP}

    @classmethod
    def derive(cls, entity: str, record: Any, earlier: Any) -> Any:
        return record

    @classmethod
    def enrich(cls, entity: str, record: Any, lookup: Any) -> Any:
        return record

    @classmethod
    def open(cls, site: Any) -> Any:
        raise NotImplementedError


class Mute(Shop):
    name = "mute"
    settings_schema: ClassVar[dict[str, Any]] = {"properties": {"key": {"type": "sting"}}}
    derive = None  # type: ignore[assignment]


def test_a_connector_that_keeps_the_contract_is_there_with_its_catalogue() -> None:
    registry = Registry.of(Shop)
    assert registry.connector("shop") is Shop
    assert registry.catalogues["shop"]["order"] is SHOP


def test_every_fault_of_a_connector_is_named_at_once() -> None:
    with pytest.raises(ContractBroken, match=r"'mute'.*'derive' is missing.*'sting' is not valid"):
        Registry.of(Mute)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean 'shop'"):
        Registry.of(Shop).connector("shopp")


def test_one_broken_package_stops_only_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("gone", "no_such_package.connector:Gone", "engine.connectors"),
        EntryPoint("shop", f"{__name__}:Shop", "engine.connectors"),
        EntryPoint("other", f"{__name__}:Shop", "engine.connectors"),
    ]
    monkeypatch.setattr("engine.registry.entry_points", lambda group: points)
    registry = Registry.load()
    assert registry.names == ("shop",)
    with pytest.raises(ContractBroken, match="No module named 'no_such_package'"):
        registry.connector("gone")
    assert "calls itself otherwise" in str(registry.broken["other"])


@pytest.mark.parametrize(
    ("entity", "fault"),
    [
        (replace(SHOP, key="ID"), "its key 'ID' is not one of its fields"),
        (replace(SHOP, label="title"), "its label 'title'"),
        (replace(SHOP, voids="number"), "must be a boolean"),
        (replace(SHOP, fields=(*SHOP.fields, Field("id"))), "'id' is there twice"),
        (replace(SHOP, lookups=(Relation("item", "lines"),)), "a relation leads to 'item'"),
        (replace(SHOP, note=NoteField("order", "number", "words")), "'words', which is not a field of 'order'"),
        (replace(SHOP, fields=(*SHOP.fields, Field("sum", derived="a + b", needs=("a",)))), "'sum' needs 'a'"),
        (replace(SHOP, fields=(*SHOP.fields, Field("sum", total_of="lines"))), "total of 'lines'"),
        (replace(SHOP, fields=(*SHOP.fields, Field("owner", "id", refers="user"))), "refers to 'user'"),
        (replace(SHOP, fields=(*SHOP.fields, Field("home", "address", parts={"town": "Town"}))), "address part 'town'"),
        (replace(SHOP, fields=(*SHOP.fields, Field("a", fields=(Field("b", "txt"),)))), "'a.b' has the unknown type"),  # type: ignore[arg-type]
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(entity: Entity, fault: str) -> None:
    assert [one for one in catalogue_faults({"order": entity}) if fault in one]


def test_the_installed_connectors_keep_the_contract() -> None:
    assert not Registry.load().broken

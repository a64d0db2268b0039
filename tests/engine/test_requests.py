"""A write as it is packed for the store."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from engine.protocol import Child, Option, Write

WRITE = Write(
    "1",
    "deal",
    "update",
    "7",
    values={"owners": [Option("user", "9")], "value": Decimal("1.20"), "custom": {"Ours": ("x", None)}},
    identity=("line",),
    child="products",
    add=(Child("r1", values={"product": Option("product", "3"), "price": 4}),),
    remove=(Child("r2", "8"),),
)


def test_a_packed_write_is_plain_through_and_through() -> None:
    packed = WRITE.pack()
    assert packed == asdict(WRITE)
    assert packed["values"]["owners"] == [{"entity": "user", "key": "9"}]
    assert packed["add"][0]["values"]["product"] == {"entity": "product", "key": "3"}


def test_a_packed_write_is_a_copy() -> None:
    packed = WRITE.pack()
    packed["values"]["custom"]["Ours"] = None
    packed["values"]["owners"].clear()
    assert WRITE.values["custom"] == {"Ours": ("x", None)} and WRITE.values["owners"] == [Option("user", "9")]


def test_unpacked_it_is_the_write_again() -> None:
    plain = Write("2", "deal", "create", values={"value": Decimal("1.20")}, identity=("line",), add=(Child("r1"),))
    assert Write.unpack(plain.pack()) == plain

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from engine.store import codec

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    """The value with its types and digits, which == does not tell apart."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else (type(value), str(value))


@given(VALUES)
def test_what_is_stored_comes_back_with_its_types_and_every_digit(value: Any) -> None:
    assert shape(codec.decode(codec.encode(value))) == shape(value)


def test_text_that_looks_like_a_number_stays_text() -> None:
    record = {"RefNumber": "007", "Rate": "1.10", "Key": "1E5", "Flag": "no"}
    assert codec.decode(codec.encode(record)) == record


def test_equal_values_are_equal_text_whatever_their_order() -> None:
    assert codec.encode({"b": Decimal("1.10"), "a": (1, 2)}) == '{"a":[1,2],"b":1.10}'


def test_a_float_comes_back_as_the_decimal_it_shows() -> None:
    assert shape(codec.decode(codec.encode(0.1))) == (Decimal, "0.1")


@pytest.mark.parametrize("bad", [Decimal("NaN"), Decimal("Infinity"), float("nan")])
def test_what_is_no_number_is_refused_before_it_is_stored(bad: Any) -> None:
    with pytest.raises(ValueError, match="not a number"):
        codec.encode({"Total": bad})


def test_half_a_surrogate_pair_spoils_neither_its_record_nor_the_digits_beside_it() -> None:
    stored = codec.decode(codec.encode({"Name": "Caf\ud83d", "Amount": Decimal("1.10"), "Count": Decimal("5")}))
    assert shape(stored) == shape({"Name": "Caf?", "Amount": Decimal("1.10"), "Count": Decimal("5")})

"""Exact numbers in and out of JSON: no binary floating point anywhere in the simulator.

Request numbers with a fraction become Decimal; whole results leave as integers, others as exact decimals.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

Number = int | Decimal

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode(raw: bytes) -> Any:
    """JSON bytes to plain values, fractions as Decimal. Raises ValueError when it is not JSON."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, InvalidOperation, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def encode(value: Any) -> bytes:
    """Plain values to JSON bytes, Decimal as a JSON number with exactly its digits."""
    return _encoder.encode(value)


def is_number(value: object) -> bool:
    """A JSON number: an integer or a Decimal, never a boolean and never text."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """A JSON integer; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def rounded(value: Number, places: int) -> Number:
    """Half up to that many decimal places, in its plainest form: 90.00 is 90."""
    return plain(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def plain(value: Number) -> Number:
    """A whole number as int, any other without trailing zeros."""
    if isinstance(value, int):
        return value
    return int(value) if value == value.to_integral_value() else value.normalize()

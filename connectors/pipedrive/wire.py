"""JSON as Pipedrive speaks it, to the last digit: numbers with a fraction are Decimal both ways, never float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class Unreadable(ValueError):
    """The bytes are no JSON: an HTML page of the edge, or half an answer."""


_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read(body: bytes) -> Any:
    """The value that the bytes say; whole numbers are int, others Decimal. Raises Unreadable."""
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from None


def write(value: Any) -> bytes:
    """Bytes to send; a Decimal becomes a number with the digits it has. ValueError for NaN and infinities."""
    return _encoder.encode(value)


def number(value: Any) -> Decimal | None:
    """A number of an answer (also a v1 text such as "12.50") as Decimal; None for null and for empty text."""
    if value is None or value == "":
        return None
    return Decimal(str(value))

"""JSON text for the columns that hold values of any shape, without losing a digit.

One encoding for everything that is stored: keys sorted (equal values are equal text), a Decimal as a JSON number of
the same digits, a tuple as a list, a date or time as ISO text. A whole Decimal is written `5e0`, so that it comes back
as a Decimal and not as an int; any number with a point or an exponent is read as a Decimal, any other as an int of any
size. Text that is no Unicode (half a surrogate pair, as some JSON services send) is kept as `?`: one odd character
must not stop the page of records it came in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = msgspec.json.Decoder(Any, float_hook=Decimal)


def encode(value: Any) -> str:
    """JSON text of a value. ValueError for a number that is none (NaN, infinity), TypeError for what JSON lacks."""
    exact = _exact(value)
    try:
        return _encoder.encode(exact).decode()
    except UnicodeEncodeError:
        return _encoder.encode(_sound(exact)).decode()


def decode(text: str) -> Any:
    """The value that `encode` made this text of."""
    return _decoder.decode(text)


def readable(text: str) -> str:
    """The same JSON text, for people: a line for each value."""
    return msgspec.json.format(text, indent=2)


def sound(text: str) -> str:
    """The text as both databases can keep it: no half surrogates, and no NUL, which PostgreSQL refuses."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _exact(value: Any) -> Any:
    """The value with each Decimal as the very characters of its JSON number."""
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:
        return value
    if kind is dict:
        return {key: _exact(one) for key, one in value.items()}
    if kind is list or kind is tuple:
        return [_exact(one) for one in value]
    if kind is Decimal:
        return msgspec.Raw(_number(value).encode())
    if kind is float:
        return msgspec.Raw(_number(Decimal(repr(value))).encode())
    return value


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that can be stored.")
    text = str(value)
    return text if "." in text or "E" in text else text + "e0"


def _sound(value: Any) -> Any:
    """The value with every text in it made sound; only walked when the encoder refused."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sound(key): _sound(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_sound(one) for one in value]
    return value

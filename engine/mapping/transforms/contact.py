"""Transforms of e-mail addresses and telephone numbers."""

from __future__ import annotations

import re

from engine.mapping.normalize import addresses
from engine.mapping.transforms.spec import SWITCH, Example, Transform, always
from engine.mapping.types import Type
from engine.mapping.values import Unfit, shown


def _email(value: str) -> str:
    found = addresses(value)
    if len(found) != 1:
        raise Unfit(f"{shown(value)} is not one e-mail address")
    return found[0]


def _first(value: str) -> str | None:
    found = addresses(value)
    return found[0] if found else None


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    if not digits:
        raise Unfit(f"{shown(value)} is not a telephone number")
    return ("+" if value.strip().startswith("+") else "") + digits


def _url(value: str) -> str:
    found = _WEB.fullmatch(value.strip())
    if found is None:
        raise Unfit(f"{shown(value)} is not a web address (https://example.com)")
    return f"{(found['scheme'] or 'https').lower()}://{found['host'].lower()}{found['rest']}"


def _text(given: Type, argument: object) -> Type:
    return Type("text", length=given.length)


_WEB = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?)"
    r"(?P<rest>(?:[/?#][^\s<>\"]*)?)",
    re.IGNORECASE,
)
"""With a dot in the host, and no name and password before it. [RFC 3986, 3.2.2]"""

TRANSFORMS = (
    Transform("email", "One e-mail address in small letters; anything else is refused.", ("text",), _text, SWITCH,
              lambda argument: _email, (Example(True, " Ann@Example.com ", "ann@example.com"),)),
    Transform("first_email", "The first e-mail address in a text that may hold several; null if it holds none.",
              ("text",), _text, SWITCH, lambda argument: _first,
              (Example(True, "Ann@Example.com; bob@example.com", "ann@example.com"), Example(True, "n/a", None))),
    Transform("phone", "The digits of a telephone number, with the leading + if it has one.", ("text",), _text, SWITCH,
              lambda argument: _phone, (Example(True, "+1 (555) 010-2030", "+15550102030"),)),
    Transform("url", "A web address, with https:// before it where it has neither; anything else is refused.",
              ("text",), always(Type("text")), SWITCH, lambda argument: _url,
              (Example(True, "Example.com/About", "https://example.com/About"),
               Example(True, "http://example.com", "http://example.com"))),
)  # fmt: skip

"""The connector's block of engine.yaml: its JSON Schema, and the values as a typed object. Secrets arrive resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from engine.errors import InvalidSettings
from engine.protocol import passwords

UNITS = {"second": 1, "minute": 60, "hour": 3600}
DURATION = r"^\s*[1-9][0-9]*\s*(seconds?|minutes?|hours?)\s*$"

SPAN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"

SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "required": ["user", "password_hash"],
        "additionalProperties": False,
        "properties": {
            "user": {
                "type": "string",
                "minLength": 1,
                "description": "The user name that the Web Connector logs in with; it is written into the .qwc file.",
                "examples": ["acme"],
                "asked": True,
            },
            "password_hash": {
                "type": "string",
                "minLength": 1,
                "description": "What `engine password` printed. The password itself is typed into the Web Connector.",
                "examples": ["${QBWC_PASSWORD_HASH}"],
            },
            "every": {
                "type": "string",
                "pattern": DURATION,
                "default": "5 minutes",
                "description": "How often the Web Connector shall visit; written into the .qwc file.",
                "asked": True,
                "examples": ["5 minutes"],
            },
            "at_most_every": {
                "type": "string",
                "pattern": DURATION,
                "description": "The Web Connector may not visit more often, whatever a person sets there.",
                "examples": ["1 minute"],
            },
            "quiet": {
                "type": "string",
                "pattern": SPAN,
                "description": "Visits in this span, by the QuickBooks computer's clock, are put off until its end.",
                "examples": ["22:00-05:30"],
            },
            "currency": {
                "type": "string",
                "pattern": "^[A-Z]{3}$",
                "description": "The company's home currency, for companies without multi-currency. ISO code.",
                "asked": True,
                "examples": ["USD"],
            },
            "company": {
                "type": "string",
                "minLength": 1,
                "description": "The company name that QuickBooks must show. Without it, the first company seen counts.",
            },
            "company_file": {
                "type": "string",
                "minLength": 1,
                "description": "Full path of the company file there, so that visits work while it is closed.",
                "examples": ["C:\\QuickBooks\\Acme.qbw"],
            },
            "page_sizes": {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 1000},
                "description": "Records a page to begin with, by entity; pages then follow the time that they take.",
                "examples": [{"Invoice": 50}],
            },
            "largest_answer_mb": {
                "type": "integer",
                "minimum": 1,
                "maximum": 200,
                "default": 40,
                "description": "Answers of QuickBooks above this size (in megabytes) are refused.",
            },
        },
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The block as typed values. The hash is not shown when it is printed."""

    user: str
    password_hash: str = field(repr=False)
    every: timedelta = timedelta(minutes=5)
    at_most_every: timedelta | None = None
    quiet: tuple[time, time] | None = None
    """From and to, on the clock of the QuickBooks computer; over midnight where `to` is the earlier."""
    currency: str | None = None
    company: str | None = None
    company_file: str | None = None
    page_sizes: Mapping[str, int] = field(default_factory=dict)
    largest_answer: int = 40_000_000
    """Bytes."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """From the block; InvalidSettings names what cannot be used."""
        unknown = sorted(set(values) - set(SCHEMA["properties"]))
        if unknown:
            raise InvalidSettings(f"quickbooks_desktop has no setting '{unknown[0]}'.")
        for name in SCHEMA["required"]:
            if not values.get(name):
                raise InvalidSettings(f"quickbooks_desktop needs the setting '{name}'.")
        hashed = str(values["password_hash"])
        if not passwords.is_hash(hashed):
            raise InvalidSettings("quickbooks_desktop.password_hash is not a hash.", "Make one with `engine password`.")
        return cls(
            user=str(values["user"]),
            password_hash=hashed,
            every=duration(values.get("every", "5 minutes")),
            at_most_every=duration(values["at_most_every"]) if values.get("at_most_every") else None,
            quiet=_span(str(values["quiet"])) if values.get("quiet") else None,
            currency=values.get("currency"),
            company=values.get("company"),
            company_file=values.get("company_file"),
            page_sizes=dict(values.get("page_sizes", {})),
            largest_answer=int(values.get("largest_answer_mb", 40)) * 1_000_000,
        )


def _span(text: str) -> tuple[time, time]:
    if re.fullmatch(SPAN, text) is None or text[:5] == text[6:]:
        raise InvalidSettings(f"quickbooks_desktop.quiet cannot be '{text}'.", "Write it as '22:00-05:30'.")
    return time.fromisoformat(text[:5]), time.fromisoformat(text[6:])


def quiet_until(span: tuple[time, time] | None, now: datetime) -> datetime | None:
    """When the quiet span that `now` lies in ends; both by the wall clock of the QuickBooks computer. Pure."""
    if span is None:
        return None
    begin, end = span
    at = now.time()
    within = begin <= at < end if begin < end else at >= begin or at < end
    if not within:
        return None
    until = now.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > now else until + timedelta(days=1)


def duration(value: str | timedelta) -> timedelta:
    """`5 minutes`, `30 seconds`, `1 hour` as a timedelta; InvalidSettings for anything else."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*(second|minute|hour)s?\s*", value)
    if match is None or int(match[1]) == 0:
        raise InvalidSettings(f"quickbooks_desktop.every cannot be '{value}'.", "Write it as '5 minutes'.")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])

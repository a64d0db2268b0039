"""The connector's block of engine.yaml: its JSON Schema, and the frozen values that the other modules use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

from engine.errors import InvalidSettings

from . import app, webhook_proof
from .app import App
from .durations import duration
from .webhook_proof import Proof


class Plan(NamedTuple):
    """What a plan allows [facts: Pipedrive 3]."""

    multiplier: int
    """Of 30,000 tokens a day and seat."""
    burst: int
    """Requests in any two seconds, for each API token."""
    oauth_burst: int
    """The same for an access by OAuth2."""


PLANS: Final[Mapping[str, Plan]] = {
    "lite": Plan(1, 20, 80),
    "growth": Plan(2, 40, 160),
    "premium": Plan(5, 100, 400),
    "ultimate": Plan(7, 120, 480),
}
TOKENS_PER_SEAT: Final = 30_000

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["company"],
    "if": {"required": ["oauth"]},
    "then": {
        "if": {"required": ["api_token"]},
        "then": {"properties": {"oauth": {"not": {}, "description": "Keep 'api_token' or 'oauth', not both."}}},
    },
    "else": {"required": ["api_token"]},
    "properties": {
        "company": {
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9-]*$",
            "description": "The first part of the account's address: acme for https://acme.pipedrive.com.",
            "asked": True,
        },
        "api_token": {
            "type": "string",
            "minLength": 1,
            "description": "The personal API token of an admin user, as ${NAME} or file:PATH.",
        },
        "oauth": app.SCHEMA,
        "url": {
            "type": "string",
            "pattern": "^https?://",
            "description": "Another address than the company's own: a simulator or a proxy.",
        },
        "plan": {
            "enum": list(PLANS),
            "default": "lite",
            "description": "The account's plan: it sets the day's tokens and how many requests fit into two seconds.",
            "asked": True,
        },
        "seats": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "Paid seats of the account.",
            "asked": True,
        },
        "top_ups": {"type": "integer", "minimum": 0, "default": 0, "description": "Tokens a day bought besides."},
        "share": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "default": 0.8,
            "description": "How much of the day's tokens this server may spend; other programs use the same pool.",
        },
        "reserve": {
            "type": "number",
            "minimum": 0,
            "exclusiveMaximum": 1,
            "default": 0.15,
            "description": "How much of that share is kept from old records, for what happens today.",
        },
        "parallel": {
            "type": "integer",
            "minimum": 1,
            "maximum": 16,
            "default": 4,
            "description": "Writes under way at the same time.",
        },
        "poll": {
            "type": ["string", "number"],
            "description": "How often changes are read (10 tokens for each kind of record), such as 10 minutes. "
            "Default: 1 hour while webhooks tell of changes, else 10 minutes.",
        },
        "identity_field": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "default": "QuickBooks ID",
            "description": "The custom field that carries the QuickBooks ids; made at first use.",
        },
        "webhook": webhook_proof.SCHEMA,
    },
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One connection's settings, checked. The token has no honest repr."""

    company: str
    token: str | None = field(repr=False)
    """The API token; None: the access is granted to `app`."""
    url: str
    app: App | None = None
    plan: str = "lite"
    seats: int = 1
    top_ups: int = 0
    share: float = 0.8
    reserve: float = 0.15
    parallel: int = 4
    poll: timedelta | None = None
    """None: as often as it takes without webhooks, seldom with them."""
    identity_field: str = "QuickBooks ID"
    webhook: Proof = field(default_factory=Proof)

    @property
    def burst(self) -> int:
        """Requests in any two seconds."""
        return self.burst_of(self.plan)

    def burst_of(self, plan: str) -> int:
        """Requests in any two seconds that a plan allows to this kind of access."""
        return PLANS[plan].burst if self.app is None else PLANS[plan].oauth_burst

    @property
    def daily_tokens(self) -> int:
        """The whole company's tokens a day: 30,000 x plan x seats + top-ups [facts: Pipedrive 1]."""
        return TOKENS_PER_SEAT * PLANS[self.plan].multiplier * self.seats + self.top_ups

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> Settings:
        """Reads a block that fits SCHEMA. Raises InvalidSettings, never quoting the token."""
        if not block.get("company"):
            raise InvalidSettings("pipedrive: 'company' is missing.", "Add it to the connection in engine.yaml.")
        if bool(block.get("api_token")) == bool(block.get("oauth")):
            hint = "Keep one of them." if block.get("oauth") else "Add one of them to the connection in engine.yaml."
            raise InvalidSettings("pipedrive: either 'api_token' or 'oauth' says how we are let in.", hint)
        plan = str(block.get("plan", "lite")).lower()
        if plan not in PLANS:
            raise InvalidSettings(f"pipedrive: '{plan}' is no plan.", f"Use one of {', '.join(PLANS)}.")
        company = str(block["company"])
        return cls(
            company=company,
            token=str(block["api_token"]) if "api_token" in block else None,
            app=App.of(block["oauth"], "url" in block) if "oauth" in block else None,
            url=str(block.get("url") or f"https://{company}.pipedrive.com").rstrip("/"),
            plan=plan,
            seats=int(block.get("seats", 1)),
            top_ups=int(block.get("top_ups", 0)),
            share=float(block.get("share", 0.8)),
            reserve=float(block.get("reserve", 0.15)),
            parallel=int(block.get("parallel", 4)),
            poll=duration(block["poll"], "poll") if "poll" in block else None,
            webhook=Proof.of(block.get("webhook")),
            identity_field=str(block.get("identity_field", "QuickBooks ID")).strip(),
        )

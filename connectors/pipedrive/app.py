"""The app by which access is granted (OAuth2): its block in engine.yaml, and where its requests go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

PIPEDRIVE: Final = "https://oauth.pipedrive.com"
"""Where Pipedrive asks people and hands out tokens [facts: Pipedrive 2]."""

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["client_id", "client_secret"],
    "description": "In place of `api_token`: an app of Pipedrive's Developer Hub to which an admin user grants access "
    "(OAuth2). `engine connect` asks for it; `encryption_keys` are needed.",
    "properties": {
        "client_id": {"type": "string", "minLength": 1, "description": "The app's client ID."},
        "client_secret": {
            "type": "string",
            "minLength": 1,
            "description": "The app's client secret, as ${NAME} or file:PATH.",
        },
        "url": {
            "type": "string",
            "pattern": "^https?://",
            "description": "Another address than https://oauth.pipedrive.com: a simulator.",
        },
    },
    "examples": [{"client_id": "${PIPEDRIVE_CLIENT_ID}", "client_secret": "${PIPEDRIVE_CLIENT_SECRET}"}],
}


@dataclass(frozen=True, slots=True)
class App:
    """The app, checked. Its secret has no honest repr."""

    id: str
    secret: str = field(repr=False)
    url: str = PIPEDRIVE
    proxied: bool = False
    """Requests go to the connection's `url`, whatever host the access names."""

    @classmethod
    def of(cls, block: Mapping[str, Any], proxied: bool) -> App:
        """Reads a block that fits SCHEMA."""
        url = str(block.get("url") or PIPEDRIVE).rstrip("/")
        return cls(str(block["client_id"]), str(block["client_secret"]), url, proxied)

    def trusts(self, host: str) -> bool:
        """Whether the access may travel to this base URL: Pipedrive's own, or where it was handed out."""
        there = urlsplit(host)
        if there.scheme == "https" and (there.hostname or "").endswith(".pipedrive.com"):
            return True
        return there[:2] == urlsplit(self.url)[:2]

"""The channels that engine.yaml names for alerts."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from engine.errors import InvalidSettings
from engine.observe.notices import Email, Webhook
from engine.settings import AlertSettings


def channels(settings: AlertSettings) -> Mapping[str, Email | Webhook]:
    """The channels that engine.yaml names; InvalidSettings for one that would carry a password in the open."""
    made: dict[str, Email | Webhook] = {}
    if settings.email is not None:
        given = {**settings.email, "sender": settings.email["from"]}
        del given["from"]
        email = Email(**given)
        if email.encryption == "none" and not _here(email.host):
            raise InvalidSettings("alerts.email: a mail server elsewhere needs encryption.", "Use starttls or direct.")
        made["email"] = email
    if settings.webhook is not None:
        made["webhook"] = Webhook(**settings.webhook)
    return made


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""What a fresh account holds before anybody worked in it: a user, currencies, a pipeline [assumed]."""

from typing import Any

CURRENCIES = (
    ("USD", "US Dollar", 2, "$"), ("EUR", "Euro", 2, "€"), ("GBP", "Pound Sterling", 2, "£"),
    ("CAD", "Canadian Dollar", 2, "CA$"), ("AUD", "Australian Dollar", 2, "A$"), ("JPY", "Japanese Yen", 0, "¥"),
)  # fmt: skip
STAGES = ("Qualified", "Contact Made", "Demo Scheduled", "Proposal Made", "Negotiations Started")


def currencies() -> list[dict[str, Any]]:
    """v1's currency records [OpenAPI v1]."""
    return [
        {"id": number, "code": code, "name": name, "decimal_points": places, "symbol": symbol,
         "active_flag": True, "is_custom_flag": False}
        for number, (code, name, places, symbol) in enumerate(CURRENCIES, 1)
    ]  # fmt: skip


def user(key: int, name: str, email: str, currency: str, now: str, admin: bool) -> dict[str, Any]:
    """A user record with the keys of v1's answer [OpenAPI v1 getCurrentUser]."""
    return {
        "id": key, "name": name, "default_currency": currency, "locale": "en_US", "lang": 1, "email": email,
        "phone": None, "activated": True, "last_login": now, "created": now, "modified": now,
        "has_created_company": key == 1, "active_flag": True, "timezone_name": "Etc/UTC",
        "timezone_offset": "+00:00", "role_id": 1, "icon_url": None, "is_deleted": False,
        "access": [{"app": app, "admin": admin, "permission_set_id": f"00000000-0000-4000-8000-{number:012d}"}
                   for number, app in enumerate(("sales", "global", "account_settings"), 1)],
    }  # fmt: skip

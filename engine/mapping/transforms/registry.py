"""Every transform by name."""

from __future__ import annotations

from typing import Any

from engine.mapping.transforms import choices, contact, dates, lists, numbers, text
from engine.mapping.transforms.spec import Transform

TRANSFORMS: dict[str, Transform] = {
    one.name: one for module in (text, lists, choices, numbers, dates, contact) for one in module.TRANSFORMS
}
TRANSFORMS["map"] = choices.element_step(TRANSFORMS.__getitem__)

_SETTING = {"type": "object", "required": ["setting"], "additionalProperties": False,
            "properties": {"setting": {"type": "string"}}}  # fmt: skip


def argument_schema(transform: Transform) -> dict[str, Any]:
    """The JSON Schema of what stands behind a transform's name."""
    schema = transform.argument
    if transform.setting:
        is_setting = {"type": "object", "required": ["setting"], "maxProperties": 1}
        schema = {"if": is_setting, "then": _SETTING, "else": transform.argument}
    shown = [one.argument for one in transform.examples]
    return {"title": transform.name, "description": transform.summary, "examples": shown, **schema}


def schemas() -> dict[str, Any]:
    """The arguments of all transforms, as they stand in schemas/mapping.schema.json."""
    return {name: argument_schema(one) for name, one in sorted(TRANSFORMS.items())}

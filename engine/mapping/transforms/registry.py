"""Every transform by name."""

from __future__ import annotations

from typing import Any

from engine.mapping.transforms import choices, contact, dates, lists, numbers, patterns, text
from engine.mapping.transforms.spec import PREFIX, Transform

TRANSFORMS: dict[str, Transform] = {
    one.name: one for module in (text, patterns, lists, choices, numbers, dates, contact) for one in module.TRANSFORMS
}
TRANSFORMS["map"] = choices.element_step(TRANSFORMS)

ALL: tuple[Transform, ...] = tuple(one for _, one in sorted(TRANSFORMS.items()))
"""Every transform, by name: what the reference is made of."""

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
    """The arguments of all transforms, as the definitions that stand in schemas/mapping.schema.json."""
    return {f"{PREFIX}{one.name}": argument_schema(one) for one in ALL}

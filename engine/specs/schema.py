"""Keeps schemas/mapping.schema.json in step with the transforms and normalisers: what they say of themselves is copied.

`python -m engine.specs.schema` rewrites the generated parts; a test fails when they are stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.mapping.normalize import NORMALIZERS
from engine.mapping.transforms.registry import TRANSFORMS, schemas
from engine.mapping.transforms.spec import PREFIX, SWITCH


def with_generated(schema: dict[str, Any]) -> dict[str, Any]:
    """The mapping schema with its generated definitions made anew."""
    kept = {name: one for name, one in schema["$defs"].items() if not name.startswith(PREFIX)}
    steps = {name: {"$ref": f"#/$defs/{PREFIX}{name}"} for name in sorted(TRANSFORMS)}
    rule = kept["rule-block"]
    own = {name: one for name, one in rule["properties"].items() if name not in TRANSFORMS or name == "default"}
    rule = {**rule, "properties": {**own, **{name: ref for name, ref in steps.items() if name != "default"}}}
    step = {**kept["step"]}
    step["then"] = {"enum": sorted(name for name, one in TRANSFORMS.items() if one.argument == SWITCH)}
    step["else"] = {**step["else"], "properties": steps}
    normalizer = {**kept["normalizer"], "enum": sorted(NORMALIZERS)}
    normalizer["description"] = " ".join(f"{one.name}: {one.summary}" for one in NORMALIZERS.values())
    return {**schema, "$defs": {**kept, "rule-block": rule, "step": step, "normalizer": normalizer, **schemas()}}


def main() -> None:
    """Rewrite the schema beside the package, in the source tree."""
    path = Path(__file__).parents[2] / "schemas" / "mapping.schema.json"
    schema = with_generated(json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

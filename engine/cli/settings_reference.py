"""Writes the page docs/settings.md from the JSON Schema of engine.yaml, the installed connectors' blocks included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HEAD = """\
# Settings

What may stand in engine.yaml, generated from its JSON Schema by `make docs`; a test fails when it is stale.

A value may be taken from an environment variable (`${NAME}`, also inside a text) or from a file (`file:PATH`, relative
to engine.yaml), everywhere but under `settings`. What the environment does not give is looked for in `secrets/NAME`
beside engine.yaml. `$${` stands for `${` itself. Durations are written like `30 seconds`,
`5 minutes`, `1 hour`. A key that is not listed here is an error. What may stand under `settings` is declared by the
mappings (`preset.yaml`)."""


def render_settings(schema: Mapping[str, Any]) -> str:
    """The whole page, a table for each block."""
    connection = schema["$defs"]["connection"]["properties"]
    blocks = {name: about for name, about in connection.items() if "title" in about}
    plain = {name: about for name, about in connection.items() if name not in blocks}
    top = {name: about for name, about in schema["properties"].items() if about.get("type") != "object"}
    parts = [
        HEAD,
        _section("engine.yaml", {"properties": top}),
        *(_section(name, about) for name, about in schema["properties"].items() if name not in (*top, "connections")),
        _section("dashboard / users / NAME", schema["$defs"]["user"]),
        _section("connections / NAME", {**schema["$defs"]["connection"], "properties": plain}),
        *(_section(f"connections / NAME / {name}", about) for name, about in blocks.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, schema: Mapping[str, Any]) -> str:
    about = f"{schema['description']}\n\n" if "description" in schema else ""
    return f"## {title}\n\n{about}| key | default | |\n|---|---|---|\n" + "\n".join(_rows(schema, ""))


def _rows(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    needed = schema.get("required", ())
    for key, about in schema.get("properties", {}).items():
        default = "needed" if key in needed else f"`{about['default']}`" if "default" in about else ""
        words = " ".join(str(about.get("description", "")).split())
        if "enum" in about:
            words += f" One of {', '.join(f'`{one}`' for one in about['enum'])}."
        example = next(iter(about.get("examples", ())), None)
        if isinstance(example, str) and example != about.get("default"):
            words += f" Example: `{example}`."
        yield f"| `{prefix}{key}` | {default} | {words.replace('|', chr(92) + '|')} |"
        yield from _rows(about, f"{prefix}{key}.")

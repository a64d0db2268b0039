"""Writes docs/mapping-language.md: prose of its own (`mapping_language.md`) with tables made from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from engine.mapping.functions import FUNCTIONS
from engine.mapping.normalize import NORMALIZERS
from engine.mapping.template import OWN_FILTERS
from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.transforms.spec import SWITCH, Transform
from engine.specs.blocks import table
from engine.specs.codes import CODES
from engine.specs.validator import load_schema

PROSE = "mapping_language.md"
_PLACE = re.compile(r"^<!-- (\w+) -->$", re.M)


def render_language() -> str:
    """The whole page."""
    prose = files("engine.cli").joinpath(PROSE).read_text("utf-8")
    return _PLACE.sub(lambda found: TABLES[found[1]](), prose)


def _keys(schema: Mapping[str, Any], skip: Callable[[str], bool] = lambda name: False) -> str:
    rows = []
    for name, about in schema["properties"].items():
        if not skip(name):
            example = next(iter(about.get("examples", ())), None)
            rows.append((f"`{name}`", _about(about), f"`{_yaml(example)}`" if example is not None else ""))
    return table(("key", "", "example"), rows)


def _about(about: Mapping[str, Any]) -> str:
    words = about.get("description", about.get("title", ""))
    reference = about.get("$ref", "").rpartition("/")[2]
    inner = load_schema("mapping")["$defs"].get(reference, {}) if reference else about
    words = words or inner.get("description", inner.get("title", ""))
    choices = [one for one in inner.get("enum", ()) if one is not None]
    if len(choices) > 1:
        words += f" One of {', '.join(f'`{one}`' for one in choices)}."
    if "default" in inner:
        words += f" Without it: `{inner['default']}`."
    return str(words).strip()


def _yaml(value: Any) -> str:
    """A value as it may stand in YAML, on one line."""
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z][\w .|&()=']*", value) and value not in ("true", "false", "null")
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(name)}: {_yaml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(one) for one in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value) if isinstance(value, Decimal | int) else json.dumps(value, default=str)


def _definition(name: str) -> Callable[[], str]:
    return lambda: _keys(load_schema("mapping")["$defs"][name])


def _rule() -> str:
    return _keys(load_schema("mapping")["$defs"]["rule-block"], lambda name: name in TRANSFORMS and name != "default")


def _transforms() -> str:
    rows = [(f"`{one.name}`", one.summary, _takes(one), "<br>".join(_examples(one))) for one in TRANSFORMS.values()]
    return table(("transform", "", "takes", "examples"), rows)


def _takes(one: Transform) -> str:
    kinds = " or ".join("anything" if kind == "any" else kind for kind in one.takes)
    return f"a list of {kinds}" if one.many else kinds


def _examples(one: Transform) -> Iterator[str]:
    for example in one.examples:
        argument = "true" if one.argument == SWITCH else _yaml(example.argument)
        yield f"`{one.name}: {argument}` makes `{_yaml(example.given)}` into `{_yaml(example.becomes)}`"


def _filters() -> str:
    shared = ", ".join(f"`{name}`" for name, one in sorted(TRANSFORMS.items()) if one.filter)
    own = table(("filter", ""), [(f"`{name}`", _first(of.__doc__)) for name, of in OWN_FILTERS.items()])
    return f"Transforms that are filters too: {shared}. Besides:\n\n{own}"


def _first(words: str | None) -> str:
    return " ".join((words or "").split())


def _codes() -> str:
    return table(("code", ""), [(f"`{code}`", words) for code, words in sorted(CODES.items())])


def _cases() -> str:
    return _keys(load_schema("mapping_test")["properties"]["tests"]["items"])


def _expectations() -> str:
    return _keys(load_schema("mapping_test")["properties"]["tests"]["items"]["properties"]["expect"])


def _settings() -> str:
    return _keys(load_schema("preset")["properties"]["settings"]["additionalProperties"])


TABLES: dict[str, Callable[[], str]] = {
    "mapping": lambda: _keys(load_schema("mapping")),
    "rule": _rule,
    "match": _definition("match"),
    "children": _definition("children"),
    "gone": _definition("gone"),
    "transforms": _transforms,
    "normalizers": lambda: table(("as", ""), [(f"`{one.name}`", one.summary) for one in NORMALIZERS.values()]),
    "functions": lambda: ", ".join(f"`{name}`" for name in sorted(FUNCTIONS)) + ".",
    "filters": _filters,
    "preset": lambda: _keys(load_schema("preset")),
    "settings": _settings,
    "cases": _cases,
    "expectations": _expectations,
    "codes": _codes,
}
"""What stands where the prose says `<!-- NAME -->`."""

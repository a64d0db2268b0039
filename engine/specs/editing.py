"""Changes single values in a YAML text where they stand, and leaves every other character as it was.

What cannot be changed so safely (a value over several lines, an alias) is refused: the text is read again afterwards,
and must say the same as before but for that one value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.errors import UserError
from engine.specs.loader import Node, load_text

_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"'), "'": re.compile(r"'(?:[^']|'')*'")}
_PLAIN = re.compile(r".*?(?=\s+#|\s*$)")
_PLAIN_INSIDE = re.compile(r"[^,{}\[\]]*?(?=\s*[,}\]])")
_EMPTY = re.compile(r"\{\s*\}|\[\s*\]")


class CannotEdit(UserError):
    """A person must change this place."""


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The text with `value` at a path of keys, put there where the last of them is missing."""
    root = load_text(text, "the file")
    before = root.plain()
    made = _made(text, root, path, value)
    expected = _set(before, path, value)
    if load_text(made, "the file").plain() != expected:
        raise CannotEdit(f"{'.'.join(path)} cannot be changed from here.", f"Write {path[-1]}: {_yaml(value)} by hand.")
    return made


def _made(text: str, root: Node, path: Sequence[str], value: Any) -> str:
    parent = root
    for depth, key in enumerate(path[:-1]):
        if parent.get(key) is None:
            nested = value
            for inner in reversed(path[depth + 1 :]):
                nested = {inner: nested}
            return _made(text, root, path[: depth + 1], nested)
        parent = parent.block[key]
    lines = text.splitlines(keepends=True)
    node = parent.get(path[-1])
    if node is not None:
        _replace(lines, node, _yaml(value))
    elif parent is root:
        lines.append(("" if text.endswith("\n") or not text else "\n") + f"{path[-1]}: {_yaml(value)}\n")
    else:
        _insert(lines, parent, f"{path[-1]}: {_yaml(value)}")
    return "".join(lines)


def _replace(lines: list[str], node: Node, written: str) -> None:
    line, start = lines[node.mark.line - 1], node.mark.column - 1
    if isinstance(node.value, dict | list):
        found = _EMPTY.match(line, start)
    elif node.mark.style in _QUOTED:
        found = _QUOTED[node.mark.style].match(line, start)
    elif node.mark.style:
        found = None  # a block of lines
    else:
        inside = line[:start].count("{") > line[:start].count("}")
        found = (_PLAIN_INSIDE if inside else _PLAIN).match(line.rstrip("\n"), start)
    if found is not None:
        lines[node.mark.line - 1] = line[:start] + written + line[found.end() :]


def _insert(lines: list[str], parent: Node, entry: str) -> None:
    line, start = lines[parent.mark.line - 1], parent.mark.column - 1
    if line[start : start + 1] == "{":
        separator = ", " if parent.block else ""
        lines[parent.mark.line - 1] = f"{line[: start + 1]}{entry}{separator}{line[start + 1 :]}"
        return
    children = list(parent.block.values())
    if children:
        lines.insert(parent.key.line, " " * (children[0].key.column - 1) + entry + "\n")


def _set(plain: Any, path: Sequence[str], value: Any) -> Any:
    inner = plain if isinstance(plain, dict) else {}
    changed = value if len(path) == 1 else _set(inner.get(path[0]), path[1:], value)
    return {**inner, path[0]: changed}


def _yaml(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)  # YAML reads JSON

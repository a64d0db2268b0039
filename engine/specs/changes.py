"""Compares two versions of a mapping set: which mappings, fields and settings differ, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.mapping.values import encoded
from engine.specs.model import UNSET, MappingSet, Setting

How = Literal["added", "removed", "changed"]
_BLOCKS = ("fields", "custom", "combine", "scope", "when_deleted", "when_voided", "when_gone", "children")


@dataclass(frozen=True, slots=True)
class SetChange:
    """One difference: `where` is a mapping's name, `settings` or `templates`; before and after are plain data."""

    where: str
    what: str
    how: How
    before: Any = None
    after: Any = None

    def json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"where": self.where, "what": self.what, "how": self.how, "before": self.before, "after": self.after}


def set_changes(old: MappingSet, new: MappingSet) -> list[SetChange]:
    """What differs, mapping by mapping; then settings and templates."""
    names = dict.fromkeys([one.name for one in (*old.mappings, *new.mappings)])
    found: list[SetChange] = []
    for name in names:
        before, after = old.mapping(name), new.mapping(name)
        if before is None or after is None:
            found.append(SetChange(name, "the mapping", "added" if before is None else "removed"))
        else:
            found += _compared(name, flat(before.meaning), flat(after.meaning))
    settings = [{name: _setting(one) for name, one in of.settings.items()} for of in (old, new)]
    found += _compared("settings", *settings)
    texts = [{name: one.text for name, one in of.templates.items()} for of in (old, new)]
    found += _compared("templates", *texts)
    return found


def flat(meaning: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A mapping's parts by path: blocks of fields field by field, everything else whole."""
    made: dict[str, Any] = {}
    for name, value in meaning.items():
        path = f"{prefix}{name}"
        inside = prefix.partition(".")[0]
        deeper = (
            (not prefix and name in _BLOCKS)
            or inside == "children"
            or (inside.startswith("when_") and prefix.count(".") == 1)
        )
        if isinstance(value, Mapping) and deeper and prefix.count(".") < 3:
            made |= flat(value, f"{path}.")
        else:
            made[path] = value
    return made


def _setting(one: Setting) -> dict[str, Any]:
    default = {} if one.default is UNSET else {"default": one.default}
    return {"type": one.type, "help": one.help, **default}


def _compared(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[SetChange]:
    found = []
    for what in dict.fromkeys([*before, *after]):
        if what not in before:
            found.append(SetChange(where, what, "added", None, after[what]))
        elif what not in after:
            found.append(SetChange(where, what, "removed", before[what], None))
        elif encoded(before[what]) != encoded(after[what]):
            found.append(SetChange(where, what, "changed", before[what], after[what]))
    return found

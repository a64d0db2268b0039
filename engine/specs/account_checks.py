"""Finds custom fields that an account is known not to have and that cannot be made from here (E268)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.protocol import Names
from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.surroundings import Surroundings


def check_account(known: Iterable[Surroundings], names: Mapping[str, Names]) -> list[Diagnostic]:
    """E268 of a set; `names` is what each system's account said last, and silence proves nothing."""
    found: list[Diagnostic] = []
    for around in known:
        entity, said = around.target, names.get(around.target_system)
        if said is None or entity.custom_creates or entity.name not in said.custom:
            continue
        there = [one.name for one in said.custom[entity.name]]
        rules = [*around.mapping.rules, *(rule for one in around.mapping.gone for rule in one.rules)]
        for rule in rules:
            if rule.custom and not rule.optional and rule.name not in there:
                message = f"The account has no custom field '{rule.name}' for {entity.name}."
                step = said.how_to_add.get(entity.name, "Add it there.").format(name=rule.name)
                hint = f"{nearest(rule.name, there)} {step} Or write optional: true to do without it.".strip()
                found.append(finding(rule.key_mark, "E268", message, hint))
    return found

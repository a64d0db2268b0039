"""Writes the Python function that makes a draft's values as long as nothing is out of the ordinary.

The meaning of rules stands in `executor.fill`. The function is the quick way to the same values: a record that lacks a
root field goes back there as a whole; a rule goes back there alone where it refers to another mapping, is combined or
watched, or where its value is refused or of a class that needs a closer look. Tests evaluate drafts both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.mapping import executor, inline
from engine.mapping.draft import MISSING
from engine.mapping.template import MAX_OUTPUT, Plain, item, printed
from engine.protocol import Record

if TYPE_CHECKING:
    from engine.mapping.compiled import CompiledRule

Fill = Callable[[Mapping[str, Any], "executor.Run"], Record]
"""(scope, run) -> values; a field that is left alone is absent."""


def filler(rules: Mapping[str, CompiledRule], element: bool) -> Fill:
    """The function for these rules; `element` where bare names mean an element's."""
    writer = _Writer(element)
    for rule in rules.values():
        writer.rule(rule)
    whole = partial(executor.fill, rules)
    own = {"MISSING": MISSING, "whole": whole, "present": _present, "printed": printed, "item": item}
    space: dict[str, Any] = {**inline.NAMES, **own, **writer.constants}
    exec(compile(writer.source(), "<mapping>", "exec"), space)  # noqa: S102  # texts of a mapping are in it by repr()
    made: Fill = space["fill"]
    return made


def _present(values: Record) -> Record:
    """Without the fields that are left alone."""
    return {path: value for path, value in values.items() if value is not MISSING}


class _Writer:
    """Puts the function's lines together. Every text of a mapping goes in by repr() or as a constant."""

    def __init__(self, element: bool) -> None:
        self.element = element
        self.constants: dict[str, Any] = {}
        self.roots: dict[tuple[str, ...], str] = {}
        self.lines: list[str] = []
        self.paths: list[str] = []
        self.v = ""
        """The variable of the rule that is being written."""

    def source(self) -> str:
        """The function. Roots come first: what was not read shows before anything is concluded."""
        names = "".join(f", {name}={name}" for name in self.constants)  # as locals they are nearer than as globals
        lines = [f"def fill(scope, run{names}):"]
        if self.roots:
            reads = [f"        {name} = {self.read(path)}" for path, name in self.roots.items()]
            lines += ["    try:", *reads, "    except KeyError:", "        return whole(scope, run)"]
        lines += ["    left = False", *self.lines]
        values = ", ".join(f"{path!r}: v{number}" for number, path in enumerate(self.paths))
        every = f"{{{values}}}"
        return "\n".join([*lines, f"    if left: return present({every})", f"    return {every}"])

    def read(self, path: tuple[str, ...]) -> str:
        if len(path) == 2:
            return f"scope['record'][{path[1]!r}]"
        return f"scope.get({path[0]!r})" if self.element else f"scope[{path[0]!r}]"

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def rule(self, rule: CompiledRule) -> None:
        """One rule, in a try of its own: whatever is raised, `executor.fill_one` says it better."""
        if rule.selector is None and rule.constant is MISSING and rule.template is None and not rule.has_default:
            return  # a setting that is not given
        self.v = v = f"v{len(self.paths)}"
        self.paths.append(rule.path)
        again = [
            f"{v} = {self.constant(partial(executor.fill_one, rule))}(scope, run)",
            f"if {v} is MISSING: left = True",
        ]
        if rule.reference is not None or rule.combine is not None or rule.again_when:
            self.lines += [f"    {line}" for line in again]
            return
        body = self.value(rule)
        for step in rule.steps:
            body += self.step(step)
        if rule.has_default:
            body.append(f"if {v} is None: {v} = {self.constant(rule.default)}")
        body += self.fit(rule)
        body, again = ([f"        {line}" for line in lines] for lines in (body, again))
        self.lines += ["    try:", *body, "    except Exception:", *again]

    def value(self, rule: CompiledRule) -> list[str]:
        if rule.template is not None:
            return self.text(rule)
        if rule.selector is None:
            return [f"{self.v} = {self.constant(rule.constant)}"]
        for path in inline.needed(rule.selector, self.element):
            self.roots.setdefault(path, f"r{len(self.roots)}")
        written = inline.python(rule.selector.tree, self.roots)
        return [f"{self.v} = {written or f'{self.constant(rule.selector.search)}(scope)'}"]

    def text(self, rule: CompiledRule) -> list[str]:
        """Of a template: its parts one after the other, where it is as plain as that."""
        assert rule.template is not None
        v = self.v
        if rule.template.plain is None:
            return [f"{v} = {self.constant(rule.render)}(scope, run.context)", f"if {v} is MISSING: raise ValueError"]
        parts = [self.part(part) for part in rule.template.plain]
        return [f"{v} = {' + '.join(parts) or repr('')}", f"if len({v}) > {MAX_OUTPUT}: raise ValueError"]

    def part(self, part: str | Plain) -> str:
        return (
            repr(part)
            if isinstance(part, str)
            else f"(t if (t := {self.plain(part)}).__class__ is str else printed(t))"
        )

    def plain(self, one: Plain) -> str:
        if one.kind == "text":
            return repr(one.value)
        if one.kind == "or":
            return f"({' or '.join(map(self.plain, one.parts))})"
        if one.kind == "filter":
            return f"{self.constant(one.value)}({self.plain(one.parts[0])})"
        path: tuple[str, ...] = one.value
        depth = 2 if self.element and path[0] == "record" and len(path) > 1 else 1
        made = self.roots.setdefault(path[:depth], f"r{len(self.roots)}")
        for name in path[depth:]:
            made = f"(t.get({name!r}) if (t := {made}).__class__ is dict else item(t, {name!r}))"
        return made

    def step(self, step: Any) -> list[str]:
        v = self.v
        if not step.classes:
            call = f"{v} = {self.constant(step.apply)}({v})"
            return [call if step.nulls else f"if {v} is not None: {call}"]
        call = f"{v} = {self.constant(step.quick)}({v})"
        return [f"if {self.of(step.classes)}: {call}", f"elif {v} is not None: raise ValueError"]

    def of(self, classes: tuple[type, ...]) -> str:
        """Whether the value is of one of these classes. Few values are None, so that is asked last."""
        if len(classes) == 1:
            return f"{self.v}.__class__ is {self.constant(classes[0])}"
        return f"{self.v}.__class__ in {self.constant(classes)}"

    def fit(self, rule: CompiledRule) -> list[str]:
        """Lines that make the value fit, or raise."""
        target, v = rule.target, self.v
        if target.passes is None:
            lines = [f"if {v} is not None: {v} = {self.constant(target.quick or target.coerce)}({v}, run.zone)"]
            return [*lines, f"if {v} is None or {v} == '': raise ValueError"] if rule.required else lines
        fits = self.of((target.passes,))
        fits += f" and len({v}) <= {target.longest}" if target.longest is not None else ""
        fits += f" and {v} in {self.constant(target.among)}" if target.among is not None else ""
        return [f"if not ({fits} {f'and {v}' if rule.required else f'or {v} is None'}): raise ValueError"]

"""Which root fields of a source record a mapping needs: what queries must ask for."""

from __future__ import annotations

from engine.mapping.selector import selector
from engine.mapping.template import BUILT_IN, Template
from engine.specs.model import Expression


class Roots:
    """Collects root names; inside an element only `record.NAME` is a root of the whole record."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.linked: dict[str, dict[str, None]] = {}
        """Mapping -> root names that templates take of `linked.NAME`'s records."""

    def add(self, name: str) -> None:
        """A root by name."""
        self.names[name] = None

    def expression(self, expression: Expression, element: bool) -> None:
        """The roots of a JMESPath."""
        made = selector(expression.text)
        for name in made.record_roots if element else made.roots:
            if name != "record":
                self.add(name)
        if not element:
            for name in made.record_roots:
                self.add(name)

    def template(self, template: Template, element: bool) -> None:
        """The roots of a template, and what it takes of linked records."""
        for path in template.paths:
            first = path.looped or path.parts
            if first[0] == "linked" and len(first) > 1:
                fields = self.linked.setdefault(first[1], {})
                if path.looped and len(path.parts) > 1 and path.parts[1] != "read_at":
                    fields[path.parts[1]] = None
            elif first[0] in BUILT_IN:
                continue
            elif not element:
                self.add(first[0])
            elif first[0] == "record" and len(first) > 1:
                self.add(first[1])

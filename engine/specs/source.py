"""Places in the files that users write: which file, which line, which column."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """One text file, by the name that messages use."""

    file: str
    lines: tuple[str, ...] = field(repr=False, compare=False)

    @classmethod
    def of(cls, file: str, text: str) -> Source:
        """The source of a text."""
        return cls(file, tuple(text.splitlines()))


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: line and column count from 1, columns in characters. `style` is the YAML scalar's quote, if any."""

    source: Source
    line: int
    column: int
    style: str = ""

    def __str__(self) -> str:
        return f"{self.source.file}:{self.line}:{self.column}"

    @property
    def text(self) -> str:
        """The line itself."""
        return self.source.lines[self.line - 1] if 0 < self.line <= len(self.source.lines) else ""

    def inside(self, offset: int) -> Mark:
        """The place of the character at `offset` of this scalar's text (plain, quoted on one line, or `|`)."""
        if self.style in ("'", '"'):
            return Mark(self.source, self.line, self.column + 1 + offset)
        if self.style == "|":
            return self._in_block(offset)
        return self if self.style else Mark(self.source, self.line, self.column + offset)

    def _in_block(self, offset: int) -> Mark:
        body = self.source.lines[self.line :]
        indent = next((len(one) - len(one.lstrip()) for one in body if one.strip()), 0)
        for number, line in enumerate(body, self.line + 1):
            length = max(len(line) - indent, 0) + 1
            if offset < length:
                return Mark(self.source, number, indent + offset + 1)
            offset -= length
        return self

"""What people do to a mapping file by mistake: each takes a file's text and gives it changed in one place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutator = Callable[[str, random.Random], str]

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}")
_VALUE = re.compile(r"(?<=: )[^\s{\[#|][^\n#,}\]]*")
_OTHERS = (
    "true", "5", "1.5", "null", "''", "[x]", "{}", "{value: x}", "\"'x'\"", "FullName", "Total", "IsActive", "Lines",
    "Emails", "TxnDate", "{from: Name, upper: true}", "{template: '{{ Name }}'}", "{setting: stage}", "2026-01-01",
)  # fmt: skip


def rename(text: str, dice: random.Random) -> str:
    """A name becomes another one of the file, or has a slip in it."""
    found = dice.choice(list(_WORD.finditer(text)))
    word = found[0]
    at = dice.randrange(1, len(word))
    other = dice.choice(
        [dice.choice(_WORD.findall(text)), word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word.swapcase()]
    )
    return text[: found.start()] + other + text[found.end() :]


def retype(text: str, dice: random.Random) -> str:
    """A value becomes one of another kind."""
    found = dice.choice(list(_VALUE.finditer(text)))
    return text[: found.start()] + dice.choice(_OTHERS) + text[found.end() :]


def drop(text: str, dice: random.Random) -> str:
    """A line is missing, or a sign."""
    if dice.random() < 0.5:
        lines = text.splitlines(keepends=True)
        del lines[dice.randrange(len(lines))]
        return "".join(lines)
    at = dice.randrange(len(text))
    return text[:at] + text[at + 1 :]


def duplicate(text: str, dice: random.Random) -> str:
    """A line stands twice, the second time perhaps under another name."""
    lines = text.splitlines(keepends=True)
    at = dice.randrange(len(lines))
    copy = lines[at] if dice.random() < 0.3 else re.sub(r"^(\s*)\w+", r"\1other", lines[at])
    return "".join([*lines[: at + 1], copy, *lines[at + 1 :]])


def move(text: str, dice: random.Random) -> str:
    """A line stands elsewhere, perhaps at another depth."""
    lines = text.splitlines(keepends=True)
    line = lines.pop(dice.randrange(len(lines)))
    if dice.random() < 0.5:
        line = " " * dice.choice((0, 2, 4, 6)) + line.lstrip()
    lines.insert(dice.randrange(len(lines) + 1), line)
    return "".join(lines)


def truncate(text: str, dice: random.Random) -> str:
    """The file ends early, or a value does."""
    if dice.random() < 0.3:
        return text[: dice.randrange(len(text))]
    found = dice.choice(list(_VALUE.finditer(text)))
    return text[: dice.randrange(found.start(), found.end() + 1)] + text[found.end() :]


def swap(text: str, dice: random.Random) -> str:
    """Two values change places."""
    found = sorted(dice.sample(list(_VALUE.finditer(text)), 2), key=lambda one: one.start())
    (first, second) = found
    middle = text[first.end() : second.start()]
    return text[: first.start()] + second[0] + middle + first[0] + text[second.end() :]


MUTATORS: tuple[Mutator, ...] = (rename, retype, drop, duplicate, move, truncate, swap)

"""Says in plain words why a text is no YAML; the parser's own words are for people who write parsers."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence on what is wrong, one on what to do, and whether the place is where the faulty part begins."""

    message: str
    hint: str
    at_start: bool = False


TAB = Words("A tab stands where only blanks may.", "Indent with blanks; most editors can turn tabs into blanks.")
SIGN = Words("A value cannot begin with this sign.", "Put the whole value in quotes.")

_SAID = (
    ("mapping values are not allowed", Words(
        "A colon stands where no key can be.",
        "Put a text with a colon in quotes, and indent the keys of one block alike.")),
    ("found unexpected end of stream", Words("This quote is never closed.", "Close it with the same sign.", True)),
    ("expected ',' or ']'", Words("A list in [ ] goes on without a comma, or is not closed.", "Close it with ].")),
    ("expected ',' or '}'", Words("A block in { } goes on without a comma, or is not closed.", "Close it with }.")),
    ("expected '-' indicator", Words("A list goes on here as something else.", "Begin each entry with - .")),
    ("did not find expected key", Words(
        "This stands where the next key should be.",
        "Indent the keys of one block alike; double a ' inside quotes ('it''s').")),
    ("expected <document start>", Words(
        "This is indented less than what stands before.", "Let all keys begin in the first column.")),
    ("found another document", Words("--- begins a second document.", "One file holds one; take the line out.")),
    ("found undefined alias", Words("A value that begins with * is an alias.", "Put the value in quotes.")),
    ("could not find expected ':'", Words("The line above has no colon after its name.", "Write name: value.")),
    ("cannot start any token", SIGN),
    ("expected node content", SIGN),
    ("expected comment or line break", Words(
        "A text of several lines begins on the line below | or >.", "Move the text there, and indent it.")),
)  # fmt: skip
"""Part of what the parser says -> our words. [libyaml 0.2.5: scanner.c, parser.c]"""


def words(said: str, line: str) -> Words:
    """Our words for the parser's, given the line at fault."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return TAB
    return next(
        (one for part, one in _SAID if part in said),
        Words(f"This is not YAML: {said}.", "Look at the lines above, too."),
    )

"""What to do about a selection or a template that cannot be used: the next step, for what the parsers say."""

from __future__ import annotations

import re

from engine.mapping.functions import FUNCTIONS
from engine.mapping.template import FILTERS
from engine.mapping.transforms.registry import TRANSFORMS
from engine.specs.diagnostics import nearest

_CONSTRUCTS = {
    "call": "Use a filter: {{ Email | upper }}.",
    "include": "Write the text here; a template takes in no other file.",
    "import": "Write the text here; a template takes in no other file.",
    "assign": "Write the value where it is used.",
}
_ENDS = {
    "print statement": ("{{ is not closed.", "Write }} where it ends."),
    "statement block": ("{% is not closed.", "Write %} where it ends."),
}


def for_expression(code: str, text: str, offset: int) -> str:
    """The next step for a JMESPath that is refused with a code, `offset` characters into it."""
    if code == "E222":
        name = re.split(r"\W", text[offset:], maxsplit=1)[0]
        if name in TRANSFORMS:
            argument = "true" if TRANSFORMS[name].argument == {"const": True} else "..."
            return f"{name} is a transform; write {{from: ..., {name}: {argument}}}."
        return nearest(name, FUNCTIONS)
    if code != "E221":
        return ""
    if offset >= len(text.rstrip()):
        return "A field, or a text in '...', is missing at the end."
    return "Fields with blanks or signs in their names stand in double quotes, texts in single ones."


def for_template(code: str, message: str, name: str) -> tuple[str, str]:
    """Message (one sentence) and next step for a template that is refused with a code."""
    message = f"{message[0].upper()}{message[1:]}".rstrip(".") + "."
    if code == "E211":
        return message, nearest(name, FILTERS) or "The language reference lists the filters."
    if code == "E224":
        return message, next((hint for word, hint in _CONSTRUCTS.items() if message.endswith(f" {word}.")), "")
    if code == "E223":
        hint = "Every {% if %} ends with {% endif %}, every {% for %} with {% endfor %}."
        return next((words for part, words in _ENDS.items() if part in message), (message, hint))
    return message, ""

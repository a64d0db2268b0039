"""Transforms of text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from engine.mapping.transforms.spec import COUNT, SWITCH, Apply, Example, Transform, always
from engine.mapping.types import TEXT, Type

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BLOCKS = frozenset(("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol"))


def _switch(function: Apply) -> Any:
    return lambda argument: function


def _title(value: str) -> str:
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), value)


def _shortened(given: Type, argument: Any) -> Type:
    length = argument if isinstance(argument, int) else None
    known = [one for one in (given.length, length) if one is not None]
    length = min(known, default=None)
    return Type("text", length=length, least=given.least if length is None else min(given.least, length))


def _replacer(table: dict[str, str]) -> Apply:
    def run(value: str) -> str:
        for old, new in table.items():
            value = value.replace(old, new)
        return value

    return run


def _pad(argument: Any) -> Apply:
    block = argument if isinstance(argument, dict) else {"length": argument}
    length, fill = block["length"], block.get("with", "0")
    if block.get("side") == "right":
        return lambda value: value.ljust(length, fill)
    return lambda value: value.rjust(length, fill)


def _padded(given: Type, argument: Any) -> Type:
    length = argument.get("length") if isinstance(argument, dict) else argument
    if not isinstance(length, int):
        return TEXT
    return Type("text", length=None if given.length is None else max(length, given.length),
                least=max(length, given.least))  # fmt: skip


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.hidden += tag in ("script", "style")
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style") and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def _strip_html(value: str) -> str:
    reader = _Text()
    reader.feed(value)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return "\n".join(line for line in lines if line)


def _kept(given: Type, argument: Any) -> Type:
    return Type("text", length=given.length)


TRANSFORMS = (
    Transform("trim", "Takes blanks off both ends.", ("text",), _kept, SWITCH, _switch(str.strip),
              (Example(True, "  Acme ", "Acme"),)),
    Transform("collapse", "Makes one blank of every run of blanks and line breaks, and trims.", ("text",), _kept,
              SWITCH, _switch(lambda value: " ".join(value.split())), (Example(True, " Acme \n Inc", "Acme Inc"),)),
    Transform("lower", "Small letters.", ("text",), _kept, SWITCH, _switch(str.lower),
              (Example(True, "ACME", "acme"),)),
    Transform("upper", "Capital letters.", ("text",), _kept, SWITCH, _switch(str.upper),
              (Example(True, "acme", "ACME"),)),
    Transform("title", "A capital at the start of each word, small letters after it.", ("text",), _kept, SWITCH,
              _switch(_title), (Example(True, "won", "Won"), Example(True, "o'neil & SON", "O'neil & Son"))),
    Transform("truncate", "Cuts text to this many characters. Nothing is ever cut without it.", ("text",), _shortened,
              COUNT, lambda length: lambda value: value[:length], (Example(4, "Acme Inc", "Acme"),), setting=True),
    Transform("pad", "Makes text at least this long, by noughts before it; or with another character, or after it.",
              ("text",), _padded,
              {"type": ["integer", "object"], "minimum": 1, "maximum": 1000, "required": ["length"],
               "additionalProperties": False, "properties": {
                   "length": {"type": "integer", "minimum": 1, "maximum": 1000},
                   "with": {"type": "string", "minLength": 1, "maxLength": 1},
                   "side": {"enum": ["left", "right"]}}}, _pad,
              (Example(6, "1042", "001042"), Example({"length": 6, "with": ".", "side": "right"}, "ab", "ab....")),
              filter=False),
    Transform("replace", "Replaces texts by others, in this order.", ("text",), always(TEXT),
              {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}, _replacer,
              (Example({"&": "and", "#": "No. "}, "#5 & Co", "No. 5 and Co"),), filter=False),
    Transform("split", "Makes a list of a text, cut at this separator; parts are trimmed, empty ones left out.",
              ("text",), lambda given, argument: Type("text", many=True, length=given.length),
              {"type": "string", "minLength": 1},
              lambda mark: lambda value: [part.strip() for part in value.split(mark) if part.strip()],
              (Example(",", "a, b,,c", ["a", "b", "c"]),), setting=True),
    Transform("html_escape", "Makes text safe inside HTML.", ("text",), always(TEXT), SWITCH,
              _switch(html.escape), (Example(True, "Smith & <Sons>", "Smith &amp; &lt;Sons&gt;"),), filter=False),
    Transform("strip_html", "The readable text of HTML, one line a paragraph.", ("text",), always(TEXT), SWITCH,
              _switch(_strip_html), (Example(True, "<p>Paid<br>in <b>full</b></p>", "Paid\nin full"),)),
)  # fmt: skip

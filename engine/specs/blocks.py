"""A readable page as a few kinds of blocks, written out as Markdown or as one HTML file that needs nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1,h2{line-height:1.2}
.scroll{overflow-x:auto}
h2{margin-top:2.5rem;border-top:1px solid #d5dde5;padding-top:1.5rem}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #e3e9ef}
th,code{background:#f3f6f9}
code{padding:.05rem .25rem;border-radius:3px}
@media(prefers-color-scheme:dark){
body{background:#14191f;color:#dde5ec}th,code{background:#222b34}h2,td,th{border-color:#333e49}}
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is the page's."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `code` in backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list, numbered where the order counts."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Items | Grid


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
    """A table without the columns that no row has anything in."""
    held = [tuple(row) for row in rows]
    kept = [number for number in range(len(columns)) if number == 0 or any(row[number] for row in held)]
    return Grid(tuple(columns[n] for n in kept), tuple(tuple(row[n] for n in kept) for row in held))


def markdown(blocks: Iterable[Block]) -> str:
    """The page as Markdown."""
    return "\n\n".join(_markdown(one) for one in blocks) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Items):
        return "\n".join(f"{f'{n}.' if block.numbered else '-'} {text}" for n, text in enumerate(block.items, 1))
    return table(block.columns, block.rows)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown."""
    lines = [columns, ["---"] * len(columns), *([_cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def page(title: str, blocks: Iterable[Block]) -> str:
    """The page as HTML: one file, no script, nothing fetched."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>\n{markup(blocks)}\n</body></html>\n"
    )


def markup(blocks: Iterable[Block]) -> str:
    """The blocks as HTML, for a page that has its own head; wide tables scroll inside their own region."""
    return "\n".join(line for block in blocks for line in _html(block))


def _html(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"<h{block.level}>{_inline(block.text)}</h{block.level}>"
    elif isinstance(block, Paragraph):
        yield f"<p>{_inline(block.text)}</p>"
    elif isinstance(block, Items):
        tag = "ol" if block.numbered else "ul"
        yield f"<{tag}>{''.join(f'<li>{_inline(text)}</li>' for text in block.items)}</{tag}>"
    else:
        head = "".join(f'<th scope="col">{_inline(text)}</th>' for text in block.columns)
        yield f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>'
        for row in block.rows:
            yield f"<tr>{''.join(f'<td>{_inline(text)}</td>' for text in row)}</tr>"
        yield "</tbody></table></div>"


def _inline(text: str) -> str:
    parts = re.split(r"`([^`]*)`", text)
    return "".join(
        f"<code>{html.escape(part)}</code>" if number % 2 else html.escape(part) for number, part in enumerate(parts)
    )

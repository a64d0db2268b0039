"""`engine docs`: writes what a mapping set does as a page that people read without knowing YAML."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.here import Here, here
from engine.cli.sets import chosen_sets
from engine.errors import UserError
from engine.registry import Registry
from engine.specs.blocks import Block, markdown, page
from engine.specs.diagnostics import nearest
from engine.specs.pages import entity_blocks, set_blocks, system_blocks
from engine.specs.presets import load_set
from engine.specs.shelves import PREFIX, known as known_presets

PRESETS = ("default", "wholesale", "contacts")
"""Those with a page in docs/presets."""


@click.command()
@click.argument("path", required=False)
@click.option("--html", is_flag=True, help="Write HTML, one file that needs nothing else, in place of Markdown.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file. Default: printed.")
@here
def docs(here: Here, path: str | None, html: bool, output: Path | None) -> None:
    """Describe a mapping set, a system or an entity as a page.

    Of a set, for each mapping: what becomes what, how existing records are found, each field with its source and who
    wins. Of a system its entities, of an entity its fields.

    PATH is a folder of mappings, a preset, a system (pipedrive) or an entity (pipedrive.deal). Default: the mappings of
    engine.yaml, else the folder ./mappings.

    \b
    Examples:
      engine docs preset:default
      engine docs mappings --html -o mappings.html
      engine docs quickbooks_desktop.Estimate
    """
    known = _catalogued(here.registry, path or "")
    if known is not None:
        pages = [page(str(path), known) if html else markdown(known)]
    else:
        chosen = chosen_sets(here, (path,) if path else ())
        if html and len(chosen) > 1:
            raise UserError(
                "The connections have different mappings.", f"Name one of: {', '.join(one.where for one in chosen)}."
            )
        pages = [render(here.registry, one.where, html) for one in chosen]
    text = "\n".join(pages)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, "utf-8")
        click.echo(f"Written {output}.")


def _catalogued(registry: Registry, name: str) -> list[Block] | None:
    """The page of a system or an entity, if the name is one."""
    system, dot, entity = name.partition(".")
    catalogue = registry.catalogues.get(system)
    if catalogue is None or Path(name).exists():
        return None
    if not dot:
        return list(system_blocks(system, catalogue))
    if entity not in catalogue:
        hint = nearest(entity, catalogue) or f"`engine docs {system}` lists them."
        raise UserError(f"{system} has no entity '{entity}'.", hint)
    return list(entity_blocks(name, catalogue[entity]))


def render(registry: Registry, where: str, html: bool = False) -> str:
    """The page of a set."""
    made = load_set(where)
    titles = {name: registry.connector(name).title for name in registry.names}
    blocks = list(set_blocks(made, registry.catalogues, titles))
    return page(made.name, blocks) if html else markdown(blocks)


def render_preset(registry: Registry, name: str) -> str:
    """The page of a built-in preset: its README, then what it does."""
    found = known_presets(Path())[name]
    readme = found.folder / "README.md"
    prose = readme.read_text("utf-8") if readme.is_file() else f"# {name.capitalize()}\n"
    made = render(registry, f"{PREFIX}{name}").partition("\n")[2]
    return f"{prose.rstrip()}\n\n## What it does\n{made.replace(f'{chr(10)}## ', f'{chr(10)}### ')}"

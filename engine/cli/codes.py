"""`engine codes`: what a diagnostic's code means, with an example of wrong and of right."""

from __future__ import annotations

import click

from engine.cli.output import as_json, console, print_json, print_table
from engine.errors import UserError
from engine.specs.codes import CODES
from engine.specs.diagnostics import nearest
from engine.specs.examples import EXAMPLES


@click.command()
@click.argument("code", required=False)
@as_json
def codes(code: str | None, as_json: bool) -> None:
    """Explain the codes of `engine validate`.

    Explains CODE with an example of wrong and of right; without one, lists all. E is an error, W a warning.

    \b
    Examples:
      engine codes
      engine codes E203
    """
    if code is None:
        if as_json:
            print_json([{"code": one, "summary": summary} for one, summary in CODES.items()])
        else:
            print_table(("code", ""), list(CODES.items()))
        return
    name = code.upper()
    if name not in CODES:
        raise UserError(f"There is no code {code}.", nearest(name, CODES) or "`engine codes` lists all.")
    example = EXAMPLES[name]
    if as_json:
        print_json({"code": name, "summary": CODES[name], "file": example.file, "wrong": example.wrong,
                    "right": example.right, "beside": dict(example.beside)})  # fmt: skip
        return
    out = console()
    out.print(f"{name}  {CODES[name]}", style="bold", markup=False)
    for file, text in example.beside.items():
        _show(f"Beside it: {file}", text)
    _show(f"Wrong: {example.file}", example.wrong)
    _show(f"Right: {example.file}", example.right)


def _show(head: str, text: str) -> None:
    out = console()
    out.print(f"\n{head}\n", markup=False)
    for line in text.splitlines():
        out.print(f"    {line}", markup=False)

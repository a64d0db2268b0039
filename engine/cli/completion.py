"""`engine completion`: the script by which a shell completes commands, options and the names in engine.yaml."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from engine.cli.here import Here
from engine.errors import EngineError

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes.

    It completes commands, options, and the names of connections.

    \b
    Examples:
      engine completion bash > ~/.local/share/bash-completion/completions/engine
      engine completion zsh > "${fpath[1]}/_engine"
      engine completion fish > ~/.config/fish/completions/engine.fish
    """
    root = context.find_root()
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root.command, {}, "engine", "_ENGINE_COMPLETE").source())


def connections(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The connections of engine.yaml that begin so; none where it cannot be read."""
    here = Here(context.find_root().params["config"])
    try:
        return [CompletionItem(name) for name in here.settings(secrets=False).connections if name.startswith(begun)]
    except EngineError:
        return []

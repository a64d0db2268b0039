"""The command `engine`: which commands there are, and where each of them lives."""

from __future__ import annotations

from pathlib import Path

import click

from engine import __version__
from engine.cli.alerts import alerts
from engine.cli.apply import apply
from engine.cli.codes import codes
from engine.cli.completion import completion
from engine.cli.connect import connect
from engine.cli.docs import docs
from engine.cli.explain import explain
from engine.cli.here import Here
from engine.cli.hold import hold, release
from engine.cli.init import init
from engine.cli.key import key
from engine.cli.parked import parked
from engine.cli.password import password
from engine.cli.ping import ping
from engine.cli.plan import plan
from engine.cli.plugged import PluggedGroup
from engine.cli.presets import presets
from engine.cli.preview import preview
from engine.cli.qwc import qwc
from engine.cli.reconcile import reconcile
from engine.cli.resync import resync
from engine.cli.schema import schema
from engine.cli.serve import serve
from engine.cli.status import status
from engine.cli.store import store
from engine.cli.test import test
from engine.cli.validate import validate
from engine.cli.webhooks import webhooks
from engine.cli.worker import worker

SIMULATORS = "engine.simulators"
COMMANDS = "engine.commands"
"""Entry-point groups: packages bring simulators and further commands by them."""


@click.group(
    cls=PluggedGroup,
    group=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 well, 1 something for you to put right, 2 wrong command line, 3 the surroundings failed "
    "(later may help), 4 `engine reconcile` found something to look at, 70 a defect.",
)
@click.version_option(__version__, prog_name="engine", message="%(prog)s %(version)s")
@click.option(
    "-c", "--config", type=click.Path(path_type=Path), default=Path("engine.yaml"), envvar="ENGINE_CONFIG",
    show_default=True, show_envvar=True, help="The settings file.",
)  # fmt: skip
@click.option("--debug", is_flag=True, help="Show every log line, and where in the program an error happened.")
@click.pass_context
def main(context: click.Context, config: Path, debug: bool) -> None:
    """Keeps two systems in step, by declarative mappings.

    Start with `engine init`, or with `engine demo`, which needs no account.
    """
    context.obj = Here(config, debug)


@main.group(cls=PluggedGroup, group=SIMULATORS)
def simulate() -> None:
    """Play a system that is not at hand.

    Simulators are strict, know nothing of the engine, and are reached as the real systems are.

    \b
    Example:
      engine simulate --help
    """


for command in (
    init,
    validate,
    codes,
    completion,
    schema,
    test,
    preview,
    presets,
    docs,
    serve,
    worker,
    qwc,
    password,
    key,
    connect,
    ping,
    status,
    plan,
    apply,
    hold,
    release,
    explain,
    parked,
    reconcile,
    resync,
    webhooks,
    alerts,
    store,
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="engine")

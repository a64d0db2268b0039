"""The command that runs a Pipedrive simulator until it is interrupted."""

import contextlib
import threading
from pathlib import Path

import click

from .deliveries import Deliveries
from .disorder import parse_disorder
from .faults import Faults, parse_fault
from .limits import PLANS
from .scopes import SCOPES
from .server import serve
from .state import Account


@click.command("pipedrive")
@click.option("--port", default=0, show_default="a free one", help="Port on 127.0.0.1.")
@click.option("--plan", type=click.Choice(list(PLANS)), default="lite", show_default=True, help="Sets the budget.")
@click.option("--seats", default=1, show_default=True, type=click.IntRange(1), help="Users that are paid for.")
@click.option("--token", default=None, help="The API token of the admin; one is made up without it.")
@click.option(
    "--app", "apps", multiple=True, nargs=3, metavar="ID SECRET CALLBACK", help="An app that may be granted access."
)
@click.option("--seed", default=0, show_default=True, help="Fixes field keys, reset hour and chances.")
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Fail so, e.g. 'cut-after@POST /deals#2'.")
@click.option(
    "--webhook-fault", "disorders", multiple=True, metavar="SPEC",
    help="Deliver webhooks so: twice, late, held or lost, e.g. 'twice%0.1' or 'held=30%0.05'.",
)  # fmt: skip
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps the account.")
def simulator(
    port: int, plan: str, seats: int, token: str | None, apps: tuple[tuple[str, str, str], ...], seed: int,
    faults: tuple[str, ...], disorders: tuple[str, ...], state: Path | None,
) -> None:  # fmt: skip
    """Run a Pipedrive account on this machine: strict rules, real limits, no data of anybody.

    Example: engine simulate pipedrive --port 8850 --plan growth --seats 3 --token secret
    """
    try:
        rules = Faults(*(parse_fault(spec) for spec in faults), seed=seed)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from None
    try:
        disorder = parse_disorder(disorders, seed)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--webhook-fault") from None
    if state is not None and state.exists():
        account = Account.load(state.read_bytes())
    else:
        account = Account(plan=plan, seats=seats, seed=seed, token=token)
    for name, secret, callback in apps:
        account.add_app(name, secret, callback, SCOPES)
    try:
        running = serve(account, port, faults=rules)
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used: {error.strerror}") from None
    with running, Deliveries(account, disorder=disorder):
        click.echo(f"url    {running.url}")
        click.echo(f"token  {account.token}")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    if state is not None:
        account.save(state)

"""`engine worker`: calls the systems that are called by us, beside a server or other workers over the same store."""

from __future__ import annotations

import signal
from typing import Literal, cast

import click

from engine.cli.here import Here, here, sender_of
from engine.sync.crew import OWNER


@click.command()
@here
def worker(here: Here) -> None:
    """Share the work of a server.

    A server alone does everything. With a store on PostgreSQL any number of workers, on any machines, may share the
    calls to Pipedrive with it: each takes its part of the connections, and when one is gone the others take over
    within half a minute. It needs the same engine.yaml, mappings and secrets as the server. Stops gracefully on Ctrl-C
    and SIGTERM. Killing it loses nothing either.

    \b
    Examples:
      engine worker
      engine serve --no-sender    (the server beside it only answers)
    """
    settings = here.settings()
    here.log(settings, settings.log.level, cast(Literal["console", "json"], settings.log.style))
    with here.engine(settings) as engine:
        sender = sender_of(engine, settings)
        before = {one: signal.signal(one, lambda *_: engine.stopping.set()) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            sender.start()
            click.echo(f"Working as {OWNER} (Ctrl-C stops)")
            engine.stopping.wait()
        finally:
            sender.stop(settings.server.grace)
            for one, handler in before.items():
                signal.signal(one, handler)

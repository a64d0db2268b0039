"""`engine worker`: calls the systems that are called by us, beside a server or other workers over the same store."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Literal, cast

import click

from engine.cli.here import Here, here, sender_of
from engine.settings import Settings
from engine.sync.crew import OWNER
from engine.sync.engine import Engine
from engine.sync.sender import Sender
from engine.web.app import create_watched
from engine.web.server import Server


@click.command()
@click.option("--host", help="The address at which --port is, instead of engine.yaml's.")
@click.option("--port", type=click.IntRange(0, 65535), help="Show health and metrics there; 0 takes a free one.")
@here
def worker(here: Here, host: str | None, port: int | None) -> None:
    """Share the work of a server.

    A server alone does everything. With a store on PostgreSQL any number of workers, on any machines, may share the
    calls to Pipedrive with it: each takes its part of the connections, and when one is gone the others take over
    within half a minute. It needs the same engine.yaml, mappings and secrets as the server. With --port it answers
    /healthz, /readyz and /metrics, and nothing else. Stops gracefully on Ctrl-C and SIGTERM. Killing it loses nothing
    either.

    \b
    Examples:
      engine worker
      engine worker --port 8801   (watched by Prometheus)
      engine serve --no-sender    (the server beside it only answers)
    """
    settings = here.settings()
    here.log(settings, settings.log.level, cast(Literal["console", "json"], settings.log.style))
    with here.engine(settings) as engine:
        sender = sender_of(engine, settings)
        if port is None:
            _work(engine, settings, sender)
        else:
            _work_watched(engine, settings, sender, host or settings.server.host, port)


def _work(engine: Engine, settings: Settings, sender: Sender) -> None:
    before = {one: signal.signal(one, lambda *_: engine.stopping.set()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        sender.start()
        click.echo(f"Working as {OWNER} (Ctrl-C stops)")
        engine.stopping.wait()
    finally:
        sender.stop(settings.server.grace)
        for one, handler in before.items():
            signal.signal(one, handler)


def _work_watched(engine: Engine, settings: Settings, sender: Sender, host: str, port: int) -> None:
    settings = replace(settings, server=replace(settings.server, host=host, port=port))
    said = f"Working as {OWNER}, watched at"
    Server(
        engine, settings, sender=sender, app=create_watched(engine, settings),
        ready=lambda url: click.echo(f"{said} {url} (Ctrl-C stops)"),
    ).run()  # fmt: skip

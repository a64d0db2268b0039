"""`engine serve`: runs the server with everything that a connection needs, until it is told to stop."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Literal, cast

import click

from engine.cli.here import Here, here, sender_of
from engine.errors import EngineError, InvalidSettings, UserError
from engine.settings import Settings
from engine.sync.engine import Engine
from engine.web.server import Server, listen


@click.command()
@click.option("--host", help="The address to listen at, instead of engine.yaml's.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of engine.yaml's; 0 takes a free one.")
@click.option("--sender/--no-sender", default=True, show_default=True, help="Call the systems that are called by us.")
@here
def serve(here: Here, host: str | None, port: int | None, sender: bool) -> None:
    """Run the server.

    It answers the systems that call us, calls the others, and shows the dashboard. With --no-sender it leaves the
    calls to `engine worker` processes over the same store. While secrets are missing or a mapping has a mistake it does
    nothing but show the page of set-up, which says what to do. Stops gracefully on Ctrl-C
    and SIGTERM: what runs is finished first. Killing it loses nothing either.

    \b
    Examples:
      engine serve
      engine serve --host 0.0.0.0 --port 8800
      engine serve --no-sender
    """
    settings, _ = _settings(here)
    at = host or settings.server.host
    with listen(at, settings.server.port if port is None else port) as listening:
        while _serve(here, at, listening, sender):
            click.echo("Starting again, with what has changed.")


def _serve(here: Here, at: str, listening: socket.socket, sends: bool) -> bool:
    """One run over engine.yaml as it is now; whether another one is asked for. Who comes in between waits."""
    settings, problem = _settings(here)
    here.log(settings, settings.log.level, cast(Literal["console", "json"], settings.log.style))
    # The endpoints tell others their address, so a free port must be known before they are opened.
    settings = replace(settings, server=replace(settings.server, host=at, port=listening.getsockname()[1]))
    engine, problem = _opened(here, settings, problem)
    with engine:
        server = Server(
            engine,
            settings,
            listening=listening.dup(),
            sender=None if problem else sender_of(engine, settings, calls=sends),
            ready=lambda url: click.echo(f"Serving {url} (Ctrl-C stops)"),
            problem=problem,
        )
        if problem is not None:
            click.echo(f"Not working yet: {problem}\n{server.url}/setup says what is missing.", err=True)
        server.run()
    return server.again


def _settings(here: Here) -> tuple[Settings, EngineError | None]:
    """engine.yaml; where only secrets are missing, without them, and what is missing. Raises everything else."""
    try:
        return here.settings(), None
    except InvalidSettings as problem:
        settings = here.settings(secrets=False)
        # What signs sessions must not be a word that stands in engine.yaml for everybody.
        return replace(settings, dashboard=replace(settings.dashboard, session_secret=None)), problem


def _opened(here: Here, settings: Settings, problem: EngineError | None) -> tuple[Engine, EngineError | None]:
    """The engine, or its store alone where a person must put something right first."""
    if problem is None:
        try:
            return Engine.open(settings, here.registry), None
        except UserError as found:
            problem = found
    try:
        return Engine.of_store(settings), problem
    except EngineError:
        raise problem from None

"""`engine serve`: runs the server with everything that a connection needs, until it is told to stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

import click

from engine.cli.here import Here, here, sender_of
from engine.web.server import Server, listen


@click.command()
@click.option("--host", help="The address to listen at, instead of engine.yaml's.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of engine.yaml's; 0 takes a free one.")
@click.option("--sender/--no-sender", default=True, show_default=True, help="Call the systems that are called by us.")
@here
def serve(here: Here, host: str | None, port: int | None, sender: bool) -> None:
    """Run the server.

    It answers the systems that call us, calls the others, and shows the status page. With --no-sender it leaves the
    calls to `engine worker` processes over the same store. Stops gracefully on Ctrl-C
    and SIGTERM: what runs is finished first. Killing it loses nothing either.

    \b
    Examples:
      engine serve
      engine serve --host 0.0.0.0 --port 8800
      engine serve --no-sender
    """
    settings = here.settings()
    here.log(settings, settings.log.level, cast(Literal["console", "json"], settings.log.style))
    at = host or settings.server.host
    listening = listen(at, settings.server.port if port is None else port)
    # The endpoints tell others their address, so a free port must be known before they are opened.
    settings = replace(settings, server=replace(settings.server, host=at, port=listening.getsockname()[1]))
    with listening, here.engine(settings) as engine:
        server = Server(
            engine,
            settings,
            listening=listening,
            sender=sender_of(engine, settings, calls=sender),
            ready=lambda url: click.echo(f"Serving {url} (Ctrl-C stops)"),
        )
        server.run()

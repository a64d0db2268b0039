"""`engine alerts`: whether those who shall be told of trouble can be told."""

from __future__ import annotations

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.errors import InvalidSettings, SystemUnavailable
from engine.observe.notices import Email, Notice, Unsent, Webhook
from engine.sync.channels import channels


@click.group()
def alerts() -> None:
    """Tell people when something needs them.

    \b
    Example:
      engine alerts test
    """


@alerts.command()
@as_json
@here
def test(here: Here, as_json: bool) -> None:
    """Send a trial message on every channel.

    Ends with 3 if one does not take it, and says why.

    \b
    Example:
      engine alerts test
    """
    settings = here.settings()
    found = channels(settings.alerts)
    if not found:
        raise InvalidSettings("engine.yaml names nobody to tell.", "Add `alerts:` (docs/operations.md says how).")
    notice = Notice(
        "[ml-connector] A trial message",
        f"Alerts of {settings.server.url} arrive here.\n",
        {"event": "test", "connection": "", "kind": "test", "key": "test"},
    )
    outcome = {name: _sent(channel, notice) for name, channel in found.items()}
    if as_json:
        print_json(
            {"ok": not any(outcome.values()), "channels": {name: why or "sent" for name, why in outcome.items()}}
        )
    else:
        for name, why in outcome.items():
            click.echo(f"{name}: {why or 'sent'}")
    if any(outcome.values()):
        raise SystemUnavailable("Not every channel took the message.", "Look at `alerts:` in engine.yaml.")


def _sent(channel: Email | Webhook, notice: Notice) -> str:
    try:
        channel.send(notice)
    except Unsent as error:
        return str(error)
    return ""

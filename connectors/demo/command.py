"""The command `engine demo`: both systems simulated, several visits, a verdict, and the page to look at."""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console

from connectors.demo.folder import CONNECTION
from connectors.demo.report import Silent, Watched, as_data, show, show_around
from connectors.demo.run import NeverQuiet, Run
from connectors.demo.server import ServerFailed
from connectors.demo.stage import Stage


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End after the verdict instead of keeping the page up.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON and nothing else.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another company; the same one repeats.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Work folder, by default a temporary one."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the page; 8800 if it is free.")
@click.option("--scale", default=1.0, hidden=True, type=click.FloatRange(0.1, 1), help="A smaller world.")
@click.option("--kill", is_flag=True, hidden=True, help="Kill the server in the middle of the second visit.")
def demo(
    leave: bool, as_json: bool, seed: int, folder: Path | None, port: int | None, scale: float, kill: bool
) -> None:
    """Show everything with an invented wholesale distributor; no account is needed.

    A simulated QuickBooks company is read in several visits and kept in step with a simulated Pipedrive, while people
    change things on both sides. What came of it is then judged from both systems' own state. Exit status 0: all
    checks hold; 1: one does not.

    \b
    Examples:
      engine demo
      engine demo --exit --json
    """
    with _work_folder(folder) as work, _terminated_as_interrupted():
        audience = Silent() if as_json else Watched()
        run = Run(Stage.set(seed, scale), work, audience, port=port, kill=kill)
        try:
            with audience:
                run.open()
                outcome = run.play()
            click.echo(json.dumps(as_data(outcome), indent=2, default=_plain)) if as_json else show(outcome)
            if not leave:
                show_around(run.url, CONNECTION, outcome, Console(stderr=as_json))
                run.stay(threading.Event().wait)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            if not leave:
                return
            raise
        except (NeverQuiet, ServerFailed, OSError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            run.close()
    if not outcome.verdict.holds:
        raise click.exceptions.Exit(1)


@contextmanager
def _work_folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="engine-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does, so that the server never stays behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _plain(value: Any) -> str:
    """Money as text: exact, whatever reads it."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} has no place in the report")

"""Shows an error as one sentence with the next step, and ends with its exit status; no stack trace unless asked for.

Exit statuses: 0 all is well; 1 something that the person who runs the command can put right (or findings of a check);
2 the command line itself is wrong; 3 the surroundings failed, later may help; 70 a defect; 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from typing import IO, Any

import click

from engine.errors import EngineError


class Shown(click.ClickException):
    """An error in words, with its exit status."""

    def __init__(self, message: str, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to standard error."""
        click.secho("error: ", fg="red", bold=True, nl=False, err=True, file=file)
        click.echo(self.message, err=True, file=file)
        if self.hint:
            click.echo(self.hint, err=True, file=file)


class Commands(click.Group):
    """A group whose commands may raise anything: it is shown as a person needs it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; EngineErrors and defects come out as `Shown`, click's own errors as they are."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except EngineError as error:
            self._trace(ctx)
            raise Shown(error.message, error.hint, error.exit_status) from error
        except Exception as error:
            self._trace(ctx)
            raise Shown(
                f"This is a defect of ml-connector: {type(error).__name__}: {error}",
                "Run the command again as `engine --debug ...` to see where it happened.",
                exit_code=70,
            ) from error

    @staticmethod
    def _trace(ctx: click.Context) -> None:
        if ctx.params.get("debug"):
            traceback.print_exc(file=sys.stderr)

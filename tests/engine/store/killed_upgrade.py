"""`python -m tests.engine.store.killed_upgrade URL MOMENT`: upgrades a store, and dies by SIGKILL at that moment.

A moment is a copy that is made, a migration that is finished, and the commit; before and after each. Where it comes to
none it says which ones there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import sqlalchemy as sa

from engine.store import Store, backups

passed: list[str] = []


def reach(moment: str) -> None:
    """This moment is there now."""
    passed.append(moment)
    if moment == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)


def around(function: Callable[..., Any], of: Callable[..., str | None]) -> Callable[..., Any]:
    """The function, with a moment before and after each call that has a name."""

    @wraps(function)
    def wrapped(*given: Any, **named: Any) -> Any:
        name = of(*given)
        if name is None:
            return function(*given, **named)
        reach(f"{name} before")
        result = function(*given, **named)
        reach(f"{name} after")
        return result

    return wrapped


def migrated(dialect: Any, cursor: Any, statement: str, parameters: Any, context: Any = None) -> str | None:
    """The migration that this statement finishes."""
    return f"migration {statement.split(chr(39))[1]}" if statement.startswith("UPDATE alembic_version") else None


if __name__ == "__main__":
    backups.backup = around(backups.backup, lambda *_: "copy")
    dialect = sa.create_engine(sys.argv[1]).dialect.__class__
    dialect.do_execute = around(dialect.do_execute, migrated)  # type: ignore[method-assign]
    dialect.do_execute_no_params = around(dialect.do_execute_no_params, migrated)  # type: ignore[method-assign]
    dialect.do_commit = around(dialect.do_commit, lambda *_: "commit")  # type: ignore[method-assign]
    store = Store(sys.argv[1])
    store.upgrade()
    store.close()
    print("\n".join(passed))

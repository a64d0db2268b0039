"""Copies of a SQLite store, and the question whether it is sound. PostgreSQL brings its own tools for both."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from engine.errors import StoreUnavailable, UserError
from engine.store.database import make_private, reading


def backup(engine: sa.Engine, path: Path) -> None:
    """Copy the database into a new file that only its owner may read. UserError where the file is there already."""
    if engine.dialect.name != "sqlite":
        raise UserError("A store on PostgreSQL is not copied into a file from here.", "Use pg_dump.")
    if path.exists():
        raise UserError(f"{path} is there already.", "Name a new file.")
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        make_private(part)
        with closing(engine.raw_connection()) as bare:  # in no transaction: VACUUM takes its own
            bare.cursor().execute("PRAGMA query_only = 0")  # what used this connection before may have only read
            bare.cursor().execute("VACUUM INTO ?", (str(part),))
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(path)
    except (sqlite3.Error, OSError) as error:
        hint = "Check that its folder exists, has room, and that this user may write there."
        raise StoreUnavailable(f"The backup {path} cannot be written: {error}.", hint) from error
    finally:
        for left in (part, part.with_name(part.name + "-journal")):
            with suppress(OSError):
                left.unlink()


def damage(engine: sa.Engine) -> list[str]:
    """What SQLite finds wrong with its file; empty on PostgreSQL, which checks its pages when it reads them."""
    if engine.dialect.name != "sqlite":
        return []
    with reading(engine).connect() as db:
        found = [str(row[0]) for row in db.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
        loose = [
            f"{row[0]} has a row whose {row[2]} is missing." for row in db.exec_driver_sql("PRAGMA foreign_key_check")
        ]
    return found + loose

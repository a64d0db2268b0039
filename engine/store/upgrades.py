"""Bring a database's schema to the one this version was written for, and tell where the two differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import StoreUnavailable
from engine.store import backups, locks
from engine.store.columns import Words, collation, metadata
from engine.store.database import reading
from engine.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


def revision(db: sa.Connection) -> str | None:
    """The schema's revision, None in an empty database."""
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    return db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def upgrade(engine: sa.Engine) -> str | None:
    """Run the missing migrations in one transaction, one process at a time; the revision that was there before."""
    with reading(engine).connect() as db:
        before = revision(db)
    if before == HEAD:
        return before
    if before is not None:
        _refuse_newer(before)
        _keep(engine, before)
    with engine.begin() as db:
        locks.take(db, "schema", ["upgrade"])
        if revision(db) != HEAD:
            _migrate(db)
    return before


def differences(engine: sa.Engine) -> list[str]:
    """How the schema differs from what this version expects, in sentences."""
    from alembic.autogenerate import compare_metadata  # slow to import, and rarely needed
    from alembic.migration import MigrationContext

    with reading(engine).connect() as db:
        found = revision(db)
        if found != HEAD:
            return [
                f"The schema is at {found or 'no revision'}, this version needs {HEAD}: run `engine store upgrade`."
            ]
        context = MigrationContext.configure(db, opts={"compare_type": _other_type, "compare_server_default": True})
        return [f"The schema differs: {one!r}" for one in compare_metadata(context, metadata)]


def _other_type(context: Any, found: Any, expected: Any, found_type: Any, expected_type: Any) -> bool | None:
    """Alembic's comparison, which takes text with a collation for another type than our `Words`."""
    if not isinstance(expected_type, Words):
        return None
    return not isinstance(found_type, sa.Text) or found_type.collation != collation(context.dialect)


def config(db: sa.Connection | None = None) -> Config:
    """Alembic's settings: our migrations, over this connection."""
    from alembic.config import Config  # slow to import, and needed once in a store's life

    settings = Config()
    settings.set_main_option("script_location", "engine.store:migrations")
    settings.attributes["connection"] = db
    return settings


def _migrate(db: sa.Connection) -> None:
    from alembic import command

    command.upgrade(config(db), "head")


def _refuse_newer(found: str) -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(config())
    if found not in {script.revision for script in scripts.walk_revisions()}:
        hint = "Use the version that made it, or restore a backup."
        raise StoreUnavailable(f"The store's schema ({found}) is newer than this version.", hint)


def _keep(engine: sa.Engine, before: str) -> None:
    """An upgrade must never lose a store: copy the SQLite file beside itself."""
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        copy = file.with_name(f"{file.name}.before-{HEAD}-was-{before}")
        if not copy.exists():
            backups.backup(engine, copy)

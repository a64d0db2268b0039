"""Reconciliations with their findings, and what they sighted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def key(name: str, kind: Any = WORDS) -> sa.Column[Any]:
    """A part of the primary key, in the order of the columns."""
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def some(name: str, kind: Any = WORDS) -> sa.Column[Any]:
    """A column that always has a value."""
    return sa.Column(name, kind, nullable=False)


def maybe(name: str, kind: Any = WORDS) -> sa.Column[Any]:
    """A column that may have none."""
    return sa.Column(name, kind)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reconciliations",
        key("connection"),
        key("id"),
        some("month"),
        some("state"),
        some("begun_at", sa.BigInteger()),
        maybe("done_at", sa.BigInteger()),
        some("progress", sa.Text()),
        some("result", sa.Text()),
    )
    op.create_table(
        "findings",
        key("run"),
        key("number", sa.Integer()),
        some("mapping"),
        some("kind"),
        some("said", sa.Text()),
    )
    op.create_index("findings_by_kind", "findings", ["run", "mapping", "kind", "number"])
    op.create_table(
        "sightings",
        key("run"),
        key("system"),
        key("entity"),
        key("key"),
        maybe("record", sa.Text()),
        maybe("identity", sa.Text()),
        maybe("read_at", sa.BigInteger()),
        maybe("gone"),
    )
    op.create_table(
        "sighted_lines",
        key("run"),
        key("system"),
        key("entity"),
        key("line"),
        key("key"),
        some("claimed", sa.Boolean()),
    )
    op.create_index("sighted_lines_by_key", "sighted_lines", ["run", "system", "entity", "key"])

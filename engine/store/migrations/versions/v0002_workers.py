"""Several processes on one store: who is alive, and what became due lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "workers",
        sa.Column("name", WORDS, primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Boolean(), nullable=False),
    )
    for name, table, columns, where in (
        ("work_due", "work", ["due_at", "connection", "mapping"], "state = 'due'"),
        ("work_leased", "work", ["lease_until", "connection", "mapping"], "state = 'leased'"),
        ("wanted_now", "wanted", ["connection", "system"], "open"),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

"""Holds and approvals, for plans that are looked at before they are carried out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.migrations.versions.v0001_first_tables import key, maybe, some

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table("holds", key("connection"), some("since", sa.BigInteger()))
    op.create_table(
        "approvals",
        key("connection"),
        key("mapping"),
        key("source_key"),
        some("plan"),
        some("requests", sa.Text()),
        some("state"),
        maybe("why"),
    )
    op.create_index("approvals_by_state", "approvals", ["connection", "state", "mapping"])

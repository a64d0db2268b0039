"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
    """Go forward."""
    op.create_table(
        "bases",
        key("connection"),
        key("source_system"),
        key("source_entity"),
        key("target_system"),
        key("target_entity"),
        key("target_key"),
        some("sent", sa.Text()),
        some("seen", sa.Text()),
        some("children", sa.Text()),
    )
    op.create_table(
        "cursors",
        key("connection"),
        key("system"),
        key("entity"),
        key("kind"),
        maybe("value"),
        maybe("started_at", sa.BigInteger()),
        maybe("completed_at", sa.BigInteger()),
    )
    op.create_table(
        "intents",
        key("id"),
        some("connection"),
        some("system"),
        some("mapping"),
        some("source_keys", sa.Text()),
        some("ordinal", sa.Integer()),
        some("request", sa.Text()),
        some("context", sa.Text()),
        some("state"),
        some("created_at", sa.BigInteger()),
        maybe("finished_at", sa.BigInteger()),
        maybe("result", sa.Text()),
    )
    op.create_index("intents_by_state", "intents", ["connection", "system", "state", "created_at"])
    op.create_table(
        "journal",
        sa.Column("id", COUNTED, primary_key=True),
        some("connection"),
        some("at", sa.BigInteger()),
        some("mapping"),
        some("source_key"),
        some("step"),
        maybe("outcome"),
        maybe("reason"),
        some("detail", sa.Text()),
    )
    op.create_index("journal_by_row", "journal", ["connection", "mapping", "source_key", "id"])
    op.create_index("journal_by_time", "journal", ["connection", "at"])
    op.create_table(
        "links",
        key("connection"),
        key("source_system"),
        key("source_entity"),
        key("source_key"),
        key("target_system"),
        key("target_entity"),
        some("target_key"),
        maybe("group"),
        some("role"),
        some("created_at", sa.BigInteger()),
        maybe("gone"),
        some("record_key"),
    )
    op.create_index("links_by_group", "links", ["connection", "source_system", "source_entity", "group"])
    op.create_index("links_by_record", "links", ["connection", "source_system", "source_entity", "record_key"])
    op.create_index("links_by_target", "links", ["connection", "target_system", "target_entity", "target_key"])
    op.create_table(
        "matches",
        key("connection"),
        key("mapping"),
        key("position", sa.Integer()),
        key("side"),
        key("value"),
        key("key"),
        key("holder"),
    )
    op.create_index("matches_by_holder", "matches", ["connection", "mapping", "holder", "position", "side"])
    op.create_table(
        "snapshots",
        key("connection"),
        key("system"),
        key("entity"),
        key("key"),
        some("record", sa.Text()),
        some("hash"),
        some("read_at", sa.BigInteger()),
        some("changed_at", sa.BigInteger()),
        maybe("gone"),
        some("identity", sa.Text()),
        maybe("seen_at", sa.BigInteger()),
        maybe("stamp", sa.BigInteger()),
    )
    op.create_table(
        "spending",
        key("scope"),
        key("name"),
        key("bucket", sa.BigInteger()),
        some("amount", sa.BigInteger()),
        some("expires_at", sa.BigInteger()),
    )
    op.create_table(
        "state",
        key("scope"),
        key("key"),
        some("value", sa.Text()),
        maybe("expires_at", sa.BigInteger()),
    )
    op.create_index("state_by_expiry", "state", ["scope", "expires_at"])
    op.create_table(
        "visits",
        key("connection"),
        key("system"),
        key("ticket"),
        some("first_at", sa.BigInteger()),
        some("last_at", sa.BigInteger()),
        some("facts", sa.Text()),
    )
    op.create_index("visits_by_time", "visits", ["connection", "system", "last_at"])
    op.create_table(
        "waits",
        key("connection"),
        key("mapping"),
        key("source_key"),
        key("ref_mapping"),
        key("ref_key"),
    )
    op.create_index("waits_by_reference", "waits", ["connection", "ref_mapping", "ref_key"])
    op.create_table(
        "wanted",
        key("connection"),
        key("system"),
        key("entity"),
        key("key"),
        maybe("reason"),
        some("added_at", sa.BigInteger()),
        maybe("asked_at", sa.BigInteger()),
        some("tries", sa.Integer()),
        some("open", sa.Boolean()),
        maybe("event"),
        maybe("settled_by", sa.BigInteger()),
        maybe("not_before", sa.BigInteger()),
    )
    op.create_index("wanted_open", "wanted", ["connection", "system", "open", "entity", "added_at", "key"])
    op.create_table(
        "work",
        key("connection"),
        key("mapping"),
        key("source_key"),
        some("group"),
        maybe("next_group"),
        some("state"),
        some("priority", sa.Integer()),
        maybe("reason"),
        maybe("code"),
        maybe("decided"),
        maybe("version"),
        maybe("outcome"),
        some("attempts", sa.Integer()),
        some("due_at", sa.BigInteger()),
        maybe("need_since", sa.BigInteger()),
        maybe("lease_until", sa.BigInteger()),
        maybe("lease_owner"),
        some("touched", sa.Integer()),
        some("detail", sa.Text()),
    )
    op.create_index("work_by_group", "work", ["connection", "group", "state"])
    op.create_index(
        "work_by_state", "work", ["connection", "state", "priority", "due_at", "source_key", "mapping", "group"]
    )
    op.create_table(
        "identities",
        key("connection"),
        key("system"),
        key("entity"),
        key("line"),
        key("key"),
        sa.ForeignKeyConstraint(
            ["connection", "system", "entity", "key"],
            ["snapshots.connection", "snapshots.system", "snapshots.entity", "snapshots.key"],
            name="identities_of_snapshots",
            ondelete="CASCADE",
        ),
    )
    op.create_index("identities_by_key", "identities", ["connection", "system", "entity", "key"])
    op.create_table(
        "journal_records",
        key("connection"),
        key("entity"),
        key("key"),
        key("id", COUNTED),
        sa.ForeignKeyConstraint(["id"], ["journal.id"], name="journal_records_of_journal", ondelete="CASCADE"),
    )
    op.create_index("journal_records_by_id", "journal_records", ["id"])

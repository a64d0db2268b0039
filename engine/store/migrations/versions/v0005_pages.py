"""What the pages need: tallies of what flowed, and words by which records are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
HOUR = 3_600_000_000
_COUNTED = """
INSERT INTO tallies (connection, hour, mapping, outcome, count)
SELECT connection, {hour} AS the_hour, mapping, outcome, count(*) FROM journal
WHERE outcome IS NOT NULL AND (step = 'link' OR outcome = 'parked') GROUP BY connection, the_hour, mapping, outcome
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "tallies",
        *(
            sa.Column(name, kind, primary_key=True, autoincrement=False)
            for name, kind in (
                ("connection", WORDS), ("hour", sa.BigInteger()), ("mapping", WORDS), ("outcome", WORDS),
            )
        ),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )  # fmt: skip
    for hour in (f"at / {HOUR} * {HOUR}", "0"):
        op.execute(_COUNTED.format(hour=hour))
    op.add_column("snapshots", sa.Column("words", WORDS))
    op.create_index("matches_by_key", "matches", ["connection", "mapping", "key", "side"])
    op.create_index("links_by_pair", "links", ["connection", "source_entity", "target_entity", "gone"])
    op.create_index("work_by_end", "work", ["connection", "mapping", "state", "outcome", "version"])
    op.create_index("snapshots_by_words", "snapshots", ["connection", "words", "system", "entity", "key"])

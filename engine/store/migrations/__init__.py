"""The schema's history, one file per step, run by `upgrades`. Steps only ever go forward and lose nothing."""

HEAD = "0006"
"""The newest revision, so that an open store need not load Alembic to see that nothing is to do."""

"""Writes the work folder as a user would: engine.yaml, and a folder of mappings that extends the built-in set."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

CONNECTION = "hudsonvale"
USER = "hudsonvale"
HASH_VARIABLE, TOKEN_VARIABLE = "QBWC_PASSWORD_HASH", "PIPEDRIVE_API_TOKEN"

ENGINE_YAML = """\
# Written by `engine demo`. Both systems are simulated; everything else is what you would write yourself.
store: {store}
server: {{url: "http://localhost:{port}", port: {port}}}
log: {{level: info}}
connections:
  {connection}:
    mappings: mappings
    zone: America/New_York
    settings:
      stage: Invoices / Sent
      first_invoice_date: "2026-01-01"
      generic_product: QuickBooks item
    quickbooks_desktop:
      user: {user}
      password_hash: "${{{hash_variable}}}"
      every: 5 minutes
      currency: USD
    pipedrive:
      company: {company}
      api_token: "${{{token_variable}}}"
      url: {pipedrive_url}
      plan: ultimate
      seats: 1
      poll: 5 seconds
"""


def write_folder(folder: Path, port: int, company: str, pipedrive_url: str, store: str = "sqlite:///engine.db") -> Path:
    """Writes engine.yaml and mappings/ into `folder`, making it; returns the path of engine.yaml.

    Raises FileExistsError where an earlier demo's store lies: its links would not fit a fresh world.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "engine.db").exists():
        raise FileExistsError(f"{folder} holds a store already; take an empty folder")
    with as_file(files("connectors.demo") / "mappings") as own:
        shutil.copytree(own, folder / "mappings", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    config = folder / "engine.yaml"
    config.write_text(
        ENGINE_YAML.format(
            port=port, connection=CONNECTION, user=USER, company=company, pipedrive_url=pipedrive_url,
            store=store, hash_variable=HASH_VARIABLE, token_variable=TOKEN_VARIABLE,
        ),
        encoding="utf-8",
    )  # fmt: skip
    return config

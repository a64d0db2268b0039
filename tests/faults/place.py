"""Where one run after the other is played: what they share, so that each is quick. One place for each process."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from connectors.pipedrive.simulator.server import serve
from connectors.pipedrive.simulator.state import Account
from engine.store.store import Store
from tests.faults.launcher import Launcher
from tests.faults.points import Layout
from tests.faults.small_company import ZONE
from tests.postgres import create

PASSWORD = "correct horse"
MAPPINGS = Path(__file__).parent / "mappings"
ENGINE_YAML = """
store: {store}
server: {{url: "http://localhost:{port}", port: {port}}}
log: {{level: info}}
connections:
  acme:
    mappings: {mappings}
    zone: {zone}
    settings: {{stage: Invoices / Sent, first_invoice_date: "2026-01-01", generic_product: QuickBooks item}}
    quickbooks_desktop: {{user: acme, password_hash: "${{HASH}}", every: 5 minutes, currency: USD}}
    pipedrive:
      company: acme
      api_token: "${{TOKEN}}"
      url: {url}
      plan: ultimate
      webhook: {{user: pipedrive, password: "${{WEBHOOK}}"}}
"""


COMMANDS: dict[Layout, tuple[tuple[str, ...], ...]] = {
    "sqlite": (("serve",),),
    "postgresql": (("serve",),),
    "workers": (("serve", "--no-sender"), ("worker",), ("worker",)),
}
"""What runs, the server first; faults strike in the last ones."""


class Place:
    """Simulators' ports, the launcher, and an empty store to begin from: in a file, or on a PostgreSQL server."""

    def __init__(self, layout: Layout = "sqlite", postgres: str | None = None) -> None:
        self.layout = layout
        memory = Path("/dev/shm")  # thousands of commits need not reach a disk: no run cuts the power
        self.folder = Path(tempfile.mkdtemp(prefix="faults", dir=memory if os.access(memory, os.W_OK) else None))
        self.launcher = Launcher()
        self.pipedrive = serve(Account())
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._postgres = None if postgres is None else create(postgres)
        self._template = self.folder / "empty.db"
        Store.open(self._postgres or f"sqlite:///{self._template}").close()

    def __enter__(self) -> Place:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.launcher.close()
        self.pipedrive.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fresh(self) -> Path:
        """A folder with settings, over a store without rows."""
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        store = self._postgres
        if store is None:
            shutil.copy(self._template, folder / "engine.db")
            store = "sqlite:///engine.db"
        else:
            _empty(store)
        words = {"store": store, "port": self.port, "mappings": MAPPINGS, "zone": ZONE, "url": self.pipedrive.url}
        (folder / "engine.yaml").write_text(ENGINE_YAML.format(**words))
        return folder

    def environment(self, token: str) -> dict[str, str]:
        """The secrets that the settings name."""
        return {"HASH": _cheap_hash(), "TOKEN": token, "WEBHOOK": "long and random"}


_ALONE = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""What the database still does for processes that were killed is over first; in milliseconds."""


def _empty(url: str) -> None:
    import psycopg

    from engine.store.columns import metadata

    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_ALONE)
        connection.execute(f"TRUNCATE {tables}".encode())


def _free_port() -> int:
    """Below those that outgoing calls are given: none may sit on it while the server is down."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


def _cheap_hash() -> str:
    """A password's hash that takes no time; how strong it is, is tested elsewhere."""
    salt = b"salt"
    digest = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    parts = (base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (salt, digest))
    return "$".join(["scrypt", "2", "1", "1", *parts])

"""`engine presets` shares sets of mappings, and shows what it does before it does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from engine.mapping.testcases import complete
from engine.registry import Registry
from engine.specs.presets import load_set
from engine.store.snapshots import Snapshot
from engine.store.store import Store
from tests.engine.cli.conftest import Installation

HEAD = "preset: shop\nversion: '{version}'\nsummary: Ours.\nextends: preset:default\n"
PARTS = "mapping: products\nextends: preset:default/products\nfields: {{code: {code}}}\n"


class Answers(BaseHTTPRequestHandler):
    files: dict[str, bytes]

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "ftp://127.0.0.1/shop.zip")
            self.end_headers()
            return
        data = self.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[tuple[str, dict[str, bytes]]]:
    files: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Site", (Answers,), {"files": files}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", files
    server.shutdown()
    server.server_close()
    thread.join()


def shop(installed: Installation, version: str = "1", code: str = "ManufacturerPartNumber") -> str:
    """A packed preset, exported from a folder."""
    folder = installed.folder / f"shop{version}"
    folder.mkdir()
    (folder / "preset.yaml").write_text(HEAD.format(version=version))
    (folder / "products.yaml").write_text(PARTS.format(code=code))
    packed = installed.folder / f"shop-{version}.zip"
    result = installed.run("presets", "export", str(folder), "-o", str(packed))
    assert result.exit_code == 0 and "2 files" in result.output
    return str(packed)


def test_an_exported_preset_is_installed_after_it_was_shown_and_agreed_to(installed: Installation) -> None:
    packed = shop(installed)
    asked = installed.run("presets", "install", packed)
    assert asked.exit_code == 1 and "  new     " in asked.output and "there is nobody to ask" in asked.output
    assert not (installed.folder / "presets").exists()
    assert installed.run("presets", "install", packed, "--yes").exit_code == 0
    assert (installed.folder / "presets" / "shop" / "products.yaml").is_file()


def test_mappings_extend_an_installed_preset_and_what_that_extends(installed: Installation) -> None:
    installed.run("presets", "install", shop(installed, code="FullName"), "--yes")
    for name in ("products", "invoices"):
        (installed.folder / "mappings" / f"{name}.yaml").write_text(f"mapping: {name}\nextends: preset:shop/{name}\n")
    assert installed.run("validate").exit_code == 0
    made = load_set(installed.folder / "mappings").mapping("products")
    assert made is not None and made.meaning["fields"]["code"] == "FullName"


def test_a_connection_may_name_an_installed_preset_alone(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.run("presets", "install", shop(installed), "--yes")
    installed.change("engine.yaml", "mappings: mappings", "mappings: preset:shop")
    monkeypatch.chdir("/")
    result = installed.run("status", "--json")
    assert result.exit_code == 0, result.output


def test_a_preset_is_installed_from_an_address(installed: Installation, site: tuple[str, dict[str, bytes]]) -> None:
    address, files = site
    files["/shop-1.zip"] = Path(shop(installed)).read_bytes()
    digest = hashlib.sha256(files["/shop-1.zip"]).hexdigest()
    wrong = installed.run("presets", "install", f"{address}/shop-1.zip", "--sha256", "0" * 64, "--yes")
    assert wrong.exit_code == 1 and f"has the SHA-256 {digest}" in wrong.output
    assert installed.run("presets", "install", f"{address}/shop-1.zip", "--sha256", digest, "--yes").exit_code == 0
    lock = json.loads((installed.folder / "presets.lock").read_text())["presets"]["shop"]
    assert lock["from"] == f"{address}/shop-1.zip" and lock["version"] == "1"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing.zip", 3, "answers 404"),
        ("/large.zip", 1, "over 5,000,000 bytes"),
        ("/text.zip", 1, "no whole zip file"),
        ("/moved.zip", 1, "ftp://127.0.0.1/shop.zip is no http or https address"),
    ],
)
def test_what_an_address_answers_is_not_trusted(
    installed: Installation, site: tuple[str, dict[str, bytes]], path: str, status: int, says: str
) -> None:
    address, files = site
    files |= {"/large.zip": b"0" * 5_100_000, "/text.zip": b"hello"}
    result = installed.run("presets", "install", f"{address}{path}", "--yes")
    assert result.exit_code == status and says in result.output


def test_plain_http_is_taken_from_this_machine_only(installed: Installation) -> None:
    result = installed.run("presets", "install", "http://example.com/shop.zip", "--yes")
    assert result.exit_code == 1 and "it is not https" in result.output


def test_a_preset_with_a_mistake_is_not_installed(installed: Installation) -> None:
    folder = installed.folder / "broken"
    folder.mkdir()
    (folder / "preset.yaml").write_text(HEAD.format(version="1"))
    (folder / "products.yaml").write_text(PARTS.format(code="Nothing"))
    result = installed.run("presets", "install", str(folder), "--yes")
    assert result.exit_code == 1 and "E203 preset:shop/products.yaml:3:16" in result.output
    assert not (installed.folder / "presets").exists()


def test_a_file_changed_by_hand_is_not_overwritten_unasked(installed: Installation) -> None:
    installed.run("presets", "install", shop(installed), "--yes")
    installed.change("presets/shop/products.yaml", "ManufacturerPartNumber", "FullName")
    newer = shop(installed, "2")
    refused = installed.run("presets", "install", newer, "--yes")
    assert refused.exit_code == 1 and "Changed by hand since it was installed: products.yaml." in refused.output
    assert installed.run("presets", "install", newer, "--yes", "--overwrite").exit_code == 0


def test_the_list_tells_where_each_preset_is_from(installed: Installation) -> None:
    installed.run("presets", "install", shop(installed), "--yes")
    data = json.loads(installed.run("presets", "list", "--json").output)["presets"]
    assert {one["name"]: one["where"] for one in data}.items() >= {
        "default": "built in",
        "shop": "as installed",
    }.items()


def test_show_tells_mappings_settings_and_files(installed: Installation) -> None:
    data = json.loads(installed.run("presets", "show", shop(installed), "--json").output)
    assert data["preset"] == "shop" and data["files"].keys() == {"preset.yaml", "products.yaml"}
    assert "stage" in [one["name"] for one in data["settings"]]


def test_diff_shows_the_fields_and_the_records_that_change(installed: Installation) -> None:
    installed.run("presets", "install", shop(installed), "--yes")
    (installed.folder / "mappings" / "products.yaml").write_text("mapping: products\nextends: preset:shop/products\n")
    with_store(installed)
    newer = shop(installed, "2", "FullName")
    result = installed.run("presets", "diff", "shop", newer, "--connection", "acme")
    assert result.exit_code == 0, result.output
    assert "changed products: fields.code\n    - 'ManufacturerPartNumber'\n    + 'FullName'\n" in result.output
    assert "products: 1 of 2 records come out otherwise\n  I1: code\n" in result.output


def test_diff_of_the_same_says_so(installed: Installation) -> None:
    result = installed.run("presets", "diff", "default", "default")
    assert result.exit_code == 0 and result.output == "Nothing differs.\n"


def with_store(installed: Installation) -> None:
    """Two items: one whose number is its name, and one of which it is not."""
    item = Registry.load().catalogues["quickbooks_desktop"]["Item"]
    items = [complete(item, {"ListID": "I1", "FullName": "Nut", "ManufacturerPartNumber": "N-1"}),
             complete(item, {"ListID": "I2", "FullName": "Bolt", "ManufacturerPartNumber": "Bolt"})]  # fmt: skip
    store = Store.open(f"sqlite:///{installed.folder}/engine.db")
    with store.transaction() as tx:
        rows = [Snapshot(str(one["ListID"]), one, "h", datetime(2026, 7, 1, tzinfo=UTC)) for one in items]
        tx.snapshots.put("acme", "quickbooks_desktop", "Item", rows)
    store.close()


def test_a_preset_that_a_package_brings_is_installed_by_its_name(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(installed)
    site = installed.folder / "site"
    (site / "our_presets").mkdir(parents=True)
    (installed.folder / "shop1").rename(site / "our_presets" / "shop")
    (site / "our_presets" / "__init__.py").write_text("raise SystemExit('this was run')")
    (site / "our-1.dist-info").mkdir()
    (site / "our-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: our\nVersion: 1\n")
    (site / "our-1.dist-info" / "entry_points.txt").write_text("[engine.presets]\nshop = our_presets.shop\n")
    monkeypatch.syspath_prepend(str(site))
    assert installed.run("presets", "install", "shop", "--yes").exit_code == 0
    assert (installed.folder / "presets" / "shop" / "products.yaml").is_file()


def test_an_unknown_preset_names_the_nearest(installed: Installation) -> None:
    result = installed.run("presets", "show", "defualt")
    assert result.exit_code == 1 and "Did you mean 'default'?" in result.output

"""A packed preset is read as if a stranger had made it."""

from __future__ import annotations

import io
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EngineError, UserError
from engine.specs.installing import held_files, install, plan, read_lock, state
from engine.specs.packing import BadPackage, Package, made_for, read_folder, read_packed
from engine.specs.shelves import _folder_of, known

HEAD = "preset: shop\nversion: '1.2'\nsummary: Ours.\n"
MAPPING = "mapping: parts\nfrom: quickbooks_desktop.Item\nto: pipedrive.product\nfields: {name: FullName}\n"


@pytest.fixture
def package(tmp_path: Path) -> Package:
    folder = tmp_path / "shop"
    (folder / "tests").mkdir(parents=True)
    for name, text in {
        "preset.yaml": HEAD,
        "parts.yaml": MAPPING,
        "README.md": "Ours.\n",
        "tests/parts.yaml": "x: 1\n",
    }.items():
        (folder / name).write_text(text)
    (folder / "notes.py").write_text("print('never')")
    return read_folder(folder)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return whole.getvalue()


def test_a_packed_preset_is_read_as_it_was_and_packing_it_again_gives_the_same_bytes(package: Package) -> None:
    again = read_packed(package.packed(), "shop.zip")
    assert again == package and again.packed() == package.packed()
    assert again.files.keys() == {"preset.yaml", "parts.yaml", "README.md", "tests/parts.yaml"}


def test_the_checksums_can_be_looked_at_with_other_tools(package: Package) -> None:
    with zipfile.ZipFile(io.BytesIO(package.packed())) as archive:
        lines = archive.read("checksums.txt").decode().splitlines()
    assert lines[0] == f"{package.checksums['README.md']}  README.md" and len(lines) == len(package.files)


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (("../evil.yaml", b"x"), "no place for '../evil.yaml'"),
        (("/etc/evil.yaml", b"x"), "no place for '/etc/evil.yaml'"),
        (("tests/../../evil.yaml", b"x"), "no place for"),
        (("..\\evil.yaml", b"x"), "no place for"),
        (("C:evil.yaml", b"x"), "no place for"),
        (("evil.py", b"x"), "no place for 'evil.py'"),
        (("tests/", b""), "no place for 'tests/'"),
        (("con.yaml", b"x"), "no place for 'con.yaml'"),
        ((".hidden.yaml", b"x"), "no place for"),
        (("evil.yaml\x00.txt", b"x"), "evil.yaml is not what checksums.txt says"),
        ((link("evil.yaml"), b"/etc/passwd"), "evil.yaml is no ordinary file"),
        (("PARTS.yaml", b"x"), "PARTS.yaml is there twice"),
        (("large.txt", b"0" * 1_000_001), "large.txt is too large"),
        (("binary.txt", b"\xff\xfe"), "is not UTF-8 text"),
        (("other.yaml", b"x"), "other.yaml is not what checksums.txt says"),
    ],
)
def test_a_member_that_has_no_place_in_a_preset_is_refused(
    package: Package, member: tuple[str | zipfile.ZipInfo, bytes], says: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(package.packed())) as archive:
        members: list[tuple[str | zipfile.ZipInfo, bytes]] = [(n, archive.read(n)) for n in archive.namelist()]
    with pytest.raises(BadPackage, match=says):
        read_packed(zipped(*members, member), "shop.zip")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda packed: b"", "no whole zip"),
        (lambda packed: packed[: len(packed) // 2], "no whole zip"),
        (lambda packed: packed.replace(b"README.md", b"REaDME.md"), "no place for"),
        (lambda packed: packed[:90] + bytes([packed[90] ^ 255]) + packed[91:], "no whole zip"),
        (lambda packed: zipped(*[(f"a{n}.yaml", b"") for n in range(301)]), "over 300 members"),
        (lambda packed: zipped(*[(f"a{n}.yaml", b" " * 1_000_000) for n in range(6)]), "too large"),
        (lambda packed: zipped(("preset.yaml", HEAD.encode())), "no checksums.txt"),
        (lambda packed: b"0" * 5_000_001, "over 5,000,000 bytes"),
    ],
)
def test_a_file_that_is_damaged_or_swollen_is_refused(
    package: Package, data: Callable[[bytes], bytes], says: str
) -> None:
    with pytest.raises(BadPackage, match=says):
        read_packed(data(package.packed()), "shop.zip")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("summary: x\n", "does not say 'preset'"),
        (HEAD.replace("version: '1.2'\n", ""), "does not say 'version'"),
        (HEAD + "engine: '>=99'\n", "made for ml-connector >=99"),
        (HEAD + "engine: new\n", "E114"),
    ],
)
def test_a_head_that_says_too_little_is_refused(tmp_path: Path, head: str, says: str) -> None:
    (tmp_path / "preset.yaml").write_text(head)
    with pytest.raises(EngineError, match=says):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "version", "holds"),
    [("", "0.1", True), (">=0.1", "0.1.0", True), (">=0.1, <2", "2.0", False), ("==0.1", "0.1.1", False),
     (">0.9", "0.10", True)],
)  # fmt: skip
def test_ranges_of_versions_compare_numbers(wanted: str, version: str, holds: bool) -> None:
    assert made_for(wanted, version) is holds


def test_installing_writes_the_files_and_the_lock(package: Package, tmp_path: Path) -> None:
    install(plan(package, "shop.zip", tmp_path))
    assert held_files(tmp_path / "presets" / "shop") == package.checksums
    assert read_lock(tmp_path)["shop"]["from"] == "shop.zip" and state("shop", tmp_path) == "as installed"


def test_a_newer_version_takes_the_place_of_the_older_one(package: Package, tmp_path: Path) -> None:
    install(plan(package, "shop.zip", tmp_path))
    files = {**package.files, "more.yaml": b"x", "parts.yaml": b"y"}
    del files["README.md"]
    planned = plan(Package("shop", "2", "Ours.", files), "shop-2.zip", tmp_path)
    assert planned.before == "1.2" and planned.edited == ()
    assert planned.fates == {"README.md": "removed", "more.yaml": "new", "parts.yaml": "changed",
                             "preset.yaml": "same", "tests/parts.yaml": "same"}  # fmt: skip
    install(planned)
    assert held_files(tmp_path / "presets" / "shop") == planned.package.checksums
    assert [path.name for path in (tmp_path / "presets").iterdir()] == ["shop"]


def test_what_was_changed_by_hand_is_told(package: Package, tmp_path: Path) -> None:
    install(plan(package, "shop.zip", tmp_path))
    (tmp_path / "presets" / "shop" / "parts.yaml").write_text("mine")
    assert plan(package, "shop.zip", tmp_path).edited == ("parts.yaml",) and state("shop", tmp_path) == "edited"


def test_a_folder_that_leads_elsewhere_is_not_written_to(package: Package, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "presets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="leads elsewhere"):
        install(plan(package, "shop.zip", tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_built_in_name_is_not_taken(package: Package, tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match="name of a built-in preset"):
        plan(Package("default", "2", "Mine.", package.files), "x.zip", tmp_path)


def test_a_packages_preset_is_found_without_running_its_code(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "our_presets").mkdir(parents=True)
    (site / "our_presets" / "__init__.py").write_text("raise SystemExit('this was run')")
    package.write(site / "our_presets" / "shop")
    info = site / "our_presets-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-presets\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[engine.presets]\nshop = our_presets.shop\n")
    monkeypatch.syspath_prepend(str(site))
    assert known(tmp_path)["shop"].folder == site / "our_presets" / "shop"
    assert known(tmp_path)["shop"].shelf == "package"


def test_a_module_that_is_no_folder_brings_no_preset() -> None:
    assert _folder_of("json.decoder") is None and _folder_of("nowhere.at_all") is None


def test_a_packed_file_that_was_garbled_in_any_way_is_refused_or_still_the_same(package: Package) -> None:
    packed, draw = package.packed(), random.Random(17)
    for _ in range(400):
        garbled = bytearray(packed)
        for _ in range(draw.randint(1, 4)):
            garbled[draw.randrange(len(garbled))] = draw.randrange(256)
        if draw.random() < 0.3:
            del garbled[draw.randrange(len(garbled)) :]
        try:
            assert read_packed(bytes(garbled), "shop.zip") == package
        except EngineError as refused:
            assert isinstance(refused, UserError)

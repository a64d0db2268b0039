"""Presets as one file: a zip with a checksum of every member, read as if a stranger had made it.

A preset holds texts only, and only in these places: `preset.yaml` and mappings (`*.yaml`) with their templates
(`*.html`, `*.txt`), `README.md`, `LICENSE`, `tests/*.yaml`, `samples/*.yaml`. `checksums.txt` has a line
`SHA256  path` for each of the others, as `sha256sum -c` reads it. Nothing in a preset is ever run.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from engine import __version__
from engine.errors import UserError
from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.loader import load_text
from engine.specs.shelves import SET_FILE
from engine.specs.validator import validate

CHECKSUMS = "checksums.txt"
MAX_FILES = 300
MAX_FILE = 1_000_000
MAX_WHOLE = 5_000_000
"""Bytes, unpacked; a packed file may not be larger either."""

_PLACE = re.compile(r"README\.md|LICENSE|[A-Za-z0-9][\w-]*\.(yaml|html|txt)|(tests|samples)/[A-Za-z0-9][\w-]*\.yaml")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\.", re.I)
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BadPackage(UserError):
    """A file or folder is no preset that may be installed."""


@dataclass(frozen=True, slots=True)
class Package:
    """A preset's files as bytes, by path, checked: `name` and `version` are what its preset.yaml says."""

    name: str
    version: str
    summary: str
    files: dict[str, bytes]

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each file, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in sorted(self.files.items())}

    @property
    def digest(self) -> str:
        """One SHA-256 for the whole: of its lines of checksums."""
        return hashlib.sha256(_lines(self.checksums)).hexdigest()

    def packed(self) -> bytes:
        """The zip, the same bytes for the same files."""
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in sorted({**self.files, CHECKSUMS: _lines(self.checksums)}.items()):
                entry = zipfile.ZipInfo(path, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(entry, data)
        return whole.getvalue()

    def write(self, folder: Path) -> None:
        """Put the files into a folder that is empty or not there."""
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)


def _lines(checksums: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in checksums.items()).encode()


def read_folder(folder: Path) -> Package:
    """The preset in a folder. Raises BadPackage."""
    if not (folder / SET_FILE).is_file():
        raise BadPackage(f"There is no {SET_FILE} in {folder}.", "Write one with preset, version and summary.")
    files: dict[str, bytes] = {}
    for path in sorted((*folder.iterdir(), *folder.glob("tests/*"), *folder.glob("samples/*"))):
        name = path.relative_to(folder).as_posix()
        if name == CHECKSUMS or not _PLACE.fullmatch(name):
            continue  # what else lies in a folder of mappings is nobody's preset
        if path.is_symlink() or not path.is_file():
            raise BadPackage(f"{path} is no ordinary file.", "Put the file itself there.")
        if path.stat().st_size > MAX_FILE:
            raise BadPackage(f"{path} has over {MAX_FILE:,} bytes.", "A preset holds texts only.")
        files[name] = path.read_bytes()
    return _checked(files)


def read_packed(data: bytes, name: str) -> Package:
    """The preset in a zip; `name` is how messages call it. Raises BadPackage unless it is as `packed` makes it."""
    if len(data) > MAX_WHOLE:
        raise BadPackage(f"{name} has over {MAX_WHOLE:,} bytes.", "No preset is as large as that.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _members(archive, name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as problem:
        raise BadPackage(f"{name} is no whole zip file: {problem}.", "Fetch or export it again.") from None
    listed = files.pop(CHECKSUMS, None)
    if listed is None:
        raise BadPackage(f"{name} has no {CHECKSUMS}.", "`engine presets export` writes files that have it.")
    lines = listed.decode("utf-8", "replace").splitlines()
    wanted = {found[2]: found[1] for line in lines if (found := _LINE.fullmatch(line))}
    package = _checked(files)
    for path in {**wanted, **files}:
        if wanted.get(path) != package.checksums.get(path):
            raise BadPackage(f"{name}: {path} is not what {CHECKSUMS} says.", "Fetch the file again.")
    return package


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The members, each looked at before it is unpacked, and never unpacked further than allowed."""
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise BadPackage(f"{name} has over {MAX_FILES} members.", "No preset is as large as that.")
    files: dict[str, bytes] = {}
    room = MAX_WHOLE
    for entry in entries:
        path = entry.orig_filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if path != entry.filename or not (_PLACE.fullmatch(path) or path == CHECKSUMS) or _RESERVED.search(path):
            raise BadPackage(f"{name}: a preset has no place for {path!r}.", "Nothing of it was unpacked.")
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise BadPackage(f"{name}: {path} is no ordinary file.", "Nothing of it was unpacked.")
        if path.lower() in {one.lower() for one in files}:
            raise BadPackage(f"{name}: {path} is there twice.", "Nothing of it was unpacked.")
        with archive.open(entry) as member:  # what the header says of its size is not believed
            read = member.read(min(MAX_FILE, room) + 1)
        if len(read) > min(MAX_FILE, room):
            raise BadPackage(f"{name}: {path} is too large.", f"At most {MAX_FILE:,} bytes, {MAX_WHOLE:,} in all.")
        room -= len(read)
        files[path] = read
    return files


def _checked(files: dict[str, bytes]) -> Package:
    """The package, if it has a head that says enough and every file is text."""
    for path, data in files.items():
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise BadPackage(f"{path} is not UTF-8 text.", "A preset holds texts only.") from None
        if "\x00" in text:
            raise BadPackage(f"{path} is not text.", "A preset holds texts only.")
    if SET_FILE not in files:
        raise BadPackage(f"It has no {SET_FILE}.", "This is no preset.")
    root = load_text(files[SET_FILE].decode("utf-8"), SET_FILE)
    wrong = validate(root, "preset")
    if wrong:
        raise InvalidMappingSet(wrong)
    head = root.plain()
    for key in ("preset", "version", "summary"):
        if not head.get(key):
            raise BadPackage(f"Its {SET_FILE} does not say '{key}'.", f"Add a line `{key}: ...`.")
    name = str(head["preset"])
    if not _NAME.fullmatch(name):
        raise BadPackage(f"'{name}' cannot be a preset's name.", "Small letters, digits, - and _, a letter first.")
    if not made_for(str(head.get("engine", "")), __version__):
        raise BadPackage(f"{name} is made for ml-connector {head['engine']}; this is {__version__}.", "Upgrade it.")
    return Package(name, str(head["version"]), str(head["summary"]), files)


def made_for(wanted: str, version: str) -> bool:
    """Whether a version lies in a range such as `>=0.1, <2`; every version lies in the empty one."""
    here = _numbers(version)
    for part in filter(None, wanted.replace(" ", "").split(",")):
        sign = part.rstrip("0123456789.")
        there = _numbers(part[len(sign) :])
        holds = {">=": here >= there, "<=": here <= there, ">": here > there, "<": here < there, "==": here == there}
        if not holds[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(one) for one in re.findall(r"\d+", version)[:3]]
    return (*numbers, *[0] * (3 - len(numbers)))

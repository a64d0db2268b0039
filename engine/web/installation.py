"""An installation on its way: what engine.yaml names and lacks, read from the files as they are now, and put in place.

Only two things are ever written: a secret into a file that its owner alone may read, and a single value of engine.yaml.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.registry import Registry
from engine.secret import KEPT, Missing, names_secret, resolve
from engine.settings import InvalidSettingsFile, Settings
from engine.specs.editing import with_value
from engine.specs.loader import Node, load_file
from engine.vault import new_key

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
KEYS = "encryption_keys"
LONGEST = 4_000
"""Characters of a secret that somebody types."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One place of engine.yaml that names a value elsewhere."""

    path: tuple[str, ...]
    reference: str
    missing: str
    """What is not there, in words; empty where all is."""
    by_environment: bool
    """Given by the environment, which a file cannot change."""
    file: str
    """Where the value is kept or would be, as seen from engine.yaml; empty where only a person can put it."""

    @property
    def name(self) -> str:
        """As forms call it."""
        return ".".join(self.path)

    @property
    def key(self) -> str:
        """The last part of its path."""
        return self.path[-1]

    @property
    def field(self) -> str:
        """As the form of its system calls it."""
        return ".".join(self.path[3:])


class Installation:
    """engine.yaml with what lies beside it."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environment = os.environ if environment is None else environment
        self.registry = Registry.load()

    @property
    def home(self) -> Path:
        """The folder of engine.yaml."""
        return self._path.parent

    def written(self) -> Any:
        """What engine.yaml says, its secrets named and not put in."""
        return load_file(self._path).plain()

    def secrets(self) -> list[Secret]:
        """Every secret that engine.yaml names."""
        return list(self._secrets(load_file(self._path), ()))

    def keep(self, name: str, value: str) -> None:
        """Write a secret that engine.yaml names into its file, which the server's own account alone may read."""
        secret = next((one for one in self.secrets() if one.name == name), None)
        if secret is None or not secret.file:
            raise UserError(f"{name} is not a secret that can be written here.", "Put it where engine.yaml names it.")
        if not value or len(value) > LONGEST or not value.isprintable():
            raise UserError("That cannot be a secret.", "Paste it once more, without line breaks.")
        target = self.home / secret.file
        target.parent.mkdir(mode=0o700, exist_ok=True)
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(value)
        new.replace(target)

    @property
    def key_missing(self) -> bool:
        """Whether there is no key that encrypts what is stored of accounts."""
        return not self.written().get(KEYS) or any(one.path[0] == KEYS and one.missing for one in self.secrets())

    def make_key(self) -> str:
        """Make that key, and name it in engine.yaml if nobody has; the file that holds it. Nobody needs to see it."""
        if not self.written().get(KEYS):
            self.change({(KEYS,): ["${ENGINE_KEY}"]})
        wanted = next((one for one in self.secrets() if one.path[0] == KEYS and one.missing), None)
        if wanted is None:
            raise UserError("There is a key already.", "docs/pipedrive.md says how to change it.")
        self.keep(wanted.name, new_key())
        return wanted.file

    def change(self, values: Mapping[tuple[str, ...], Any]) -> None:
        """Change single values of engine.yaml, all or none: what would not be valid is refused with the reason."""
        text = self._path.read_text("utf-8")
        for path, value in values.items():
            text = with_value(text, path, value)
        new = self._path.with_name(f".{self._path.name}.new")
        new.write_text(text, "utf-8")
        new.chmod(self._path.stat().st_mode & 0o777)
        try:
            Settings.load(new, self.registry, secrets=False)
        except InvalidSettingsFile as error:
            new.unlink()
            said = " ".join(f"{one.message} {one.hint}".strip() for one in error.diagnostics)
            raise UserError(said, "Nothing was changed.") from None
        new.replace(self._path)

    def _secrets(self, node: Node, path: tuple[str, ...]) -> Iterator[Secret]:
        for key, inner in node.block.items():
            yield from self._secrets(inner, (*path, key))
        for index, inner in enumerate(node.value if isinstance(node.value, list) else ()):
            yield from self._secrets(inner, (*path, str(index)))
        if isinstance(node.value, str) and names_secret(node.value):
            yield self._secret(path, node.value)

    def _secret(self, path: tuple[str, ...], reference: str) -> Secret:
        missing = ""
        try:
            resolve(reference, self._environment, self.home)
        except Missing as problem:
            missing = str(problem)
        variable = _VARIABLE.fullmatch(reference)
        file = f"{KEPT}/{variable[1]}" if variable else self._own_file(reference)
        return Secret(path, reference, missing, bool(variable and self._environment.get(variable[1])), file)

    def _own_file(self, reference: str) -> str:
        """A file in the folder of engine.yaml, or below it."""
        given = reference.removeprefix("file:")
        if given == reference or not (self.home / given).resolve().is_relative_to(self.home.resolve()):
            return ""
        return given

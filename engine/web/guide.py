"""Decides how far the set-up of a connection is: each step done, to do or failed, with the cure. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.sync.checks import Checked
from engine.web.installation import Secret

State = Literal["done", "todo", "failed"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value of engine.yaml that the page asks for."""

    key: str
    value: str
    about: str
    kind: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """One system of a connection, as far as it is set up."""

    name: str
    title: str
    fields: tuple[Field, ...]
    secrets: tuple[Secret, ...]
    gives_file: bool
    """Whether it visits us, told by a file that a person adds there."""
    file_problem: str = ""
    visit: str = ""
    """When it visited last, in words."""
    connects: bool = False
    """Whether a person grants access in a browser."""
    key_missing: bool = False
    """Whether such an access could not be kept, for want of a key that encrypts it."""
    stopped: str = ""
    """Why nothing goes on with such an access, in words: nobody has granted it, say."""
    hooks: bool = False
    """Whether it can be asked to call us."""
    checks: tuple[Checked, ...] | None = None
    """What the last look at it told; None: nobody has looked."""

    @property
    def missing(self) -> tuple[Secret, ...]:
        """The secrets that are still to be given."""
        return tuple(one for one in self.secrets if one.missing)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one connection."""

    name: str
    open: bool
    """Whether the server works for it."""
    problem: str
    """Why not, in words."""
    address: str
    public: bool
    systems: tuple[System, ...]
    held: bool
    records: int
    """How many were read."""
    links: int
    server_checks: tuple[Checked, ...] = ()
    """What the last look told of the server itself; empty: nobody has looked."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step with its state, and in a sentence how it stands or what to do."""

    name: str
    title: str
    state: State
    words: str
    system: System | None = None


def steps(facts: Facts) -> list[Step]:
    """In the order in which a person takes them."""
    callers_first = sorted(facts.systems, key=lambda one: not one.gives_file)
    found = [_address(facts), *(_access(facts, system) for system in callers_first), _mappings(facts)]
    found += [_hooks(system) for system in facts.systems if system.hooks]
    found.append(_checked(facts))
    found += [_visited(system) for system in facts.systems if system.gives_file]
    found += [_planned(facts), _going(facts)]
    return found


def _address(facts: Facts) -> Step:
    if facts.public:
        return Step("address", "The server's address", "done", f"Others reach this server at {facts.address}.")
    words = f"Only this machine reaches it, at {facts.address}. That is enough if the accounting program runs here."
    return Step("address", "The server's address", "done", words)


def _access(facts: Facts, system: System) -> Step:
    title = f"{system.title}: who we are there"
    if system.missing:
        names = " and ".join(one.key.removesuffix("_hash").replace("_", " ") for one in system.missing)
        return Step(f"access-{system.name}", title, "todo", f"Still to be given: {names}.", system)
    if system.key_missing:
        words = "Still to be made: the key that encrypts the access which is granted here."
        return Step(f"access-{system.name}", title, "todo", words, system)
    if system.connects and system.stopped:
        return Step(f"access-{system.name}", title, "todo", system.stopped, system)
    if system.file_problem:
        return Step(f"access-{system.name}", title, "failed", system.file_problem, system)
    failed = _failed(system)
    if failed and not system.gives_file:
        return Step(f"access-{system.name}", title, "failed", failed[0].message, system)
    return Step(f"access-{system.name}", title, "done", "All that engine.yaml names is there.", system)


def _mappings(facts: Facts) -> Step:
    title = "What becomes of what"
    if facts.problem and not any(system.missing or system.key_missing for system in facts.systems):
        return Step("mappings", title, "failed", facts.problem)
    return Step("mappings", title, "done", "The mappings and their settings are valid; change them as you like.")


def _hooks(system: System) -> Step:
    title = f"{system.title} tells us of changes"
    found = [one for one in system.checks or () if one.name == "webhooks"]
    if found and all(one.ok for one in found):
        return Step("hooks", title, "done", found[0].message, system)
    if found:
        return Step("hooks", title, "failed", found[0].message, system)
    return Step("hooks", title, "todo", "Not asked for yet. Without it, changes are read every few minutes.", system)


def _checked(facts: Facts) -> Step:
    title = "Both sides let us in"
    if not facts.open:
        return Step("check", title, "todo", "Comes after the steps above.")
    if not facts.server_checks:
        return Step("check", title, "todo", "Nobody has looked yet.")
    # Who visits us can tell nothing before the first visit.
    failed = [one for one in facts.server_checks if not one.ok]
    failed += [one for system in facts.systems if system.visit or not system.gives_file for one in _failed(system)]
    if failed:
        return Step("check", title, "failed", failed[0].message)
    return Step("check", title, "done", "Each check went well.")


def _visited(system: System) -> Step:
    title = f"{system.title} visits us"
    if system.visit:
        return Step("visit", title, "done", f"It visited {system.visit}.", system)
    if system.missing:
        return Step("visit", title, "todo", "Comes after its password.", system)
    if system.file_problem:
        return Step("visit", title, "failed", system.file_problem, system)
    return Step("visit", title, "todo", "It has never visited. Add the file to it, as told below.", system)


def _planned(facts: Facts) -> Step:
    title = "Look at the first plan"
    if not facts.records:
        return Step("plan", title, "todo", "Comes after the first visit: nothing has been read yet.")
    if facts.held:
        return Step("plan", title, "todo", f"{facts.records:,} records were read. See what would be written.")
    return Step("plan", title, "done", f"{facts.records:,} records were read.")


def _going(facts: Facts) -> Step:
    if not facts.open:
        return Step("go", "Go", "todo", "Nothing flows yet.")
    if facts.held:
        return Step("go", "Go", "todo", "It reads both systems, and writes nothing until you say so.")
    return Step("go", "Go", "done", f"It writes what changes. {facts.links:,} records are linked.")


def _failed(system: System) -> list[Checked]:
    return [one for one in system.checks or () if not one.ok and one.name not in ("webhooks", "visits")]


def progress(found: Sequence[Step]) -> tuple[int, int]:
    """How many steps are done, of how many."""
    return sum(one.state == "done" for one in found), len(found)


def first_open(found: Sequence[Step]) -> Iterator[Step]:
    """The step that a person takes next."""
    yield from (one for one in found if one.state != "done")

"""The exceptions of the engine and its connectors, branched by who must act.

EngineError                      has a stable code, an exit status and a next step
├── UserError                    the person at the keyboard: exit 1
│   ├── InvalidMapping           diagnostics were found: `engine validate` shows them
│   └── InvalidSettings          engine.yaml cannot be used as it is
├── OperationalError             the surroundings: exit 3, trying again later may help
│   ├── StoreUnavailable         the database is locked, full, damaged or away
│   └── SystemUnavailable        QuickBooks or Pipedrive cannot be reached
└── ContractBroken               a connector does not keep engine/protocol.py: exit 70, a defect
"""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """Base of all. `hint` says what to do next."""

    code: ClassVar[str] = "E000"
    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UserError(EngineError):
    """Something that the person who runs the command can put right."""

    code = "E001"
    exit_status = 1


class InvalidMapping(UserError):
    """A mapping set has errors."""

    code = "E002"


class InvalidSettings(UserError):
    """engine.yaml has errors, or a secret that it names is not there."""

    code = "E003"


class OperationalError(EngineError):
    """The surroundings failed; nothing that was acknowledged is lost."""

    code = "E010"
    exit_status = 3


class StoreUnavailable(OperationalError):
    """The store cannot be read or written now."""

    code = "E011"


class SystemUnavailable(OperationalError):
    """The other system cannot be reached now."""

    code = "E012"


class ContractBroken(EngineError):
    """A connector broke the contract of engine/protocol.py."""

    code = "E070"

"""The one clock of a run, read by the server's process and by both simulators, and put forward by the harness.

It lies in a file that all of them have mapped. Beside it: whether the fault has struck, and how often the engine was
asked to look through its queue; and in a file of its own how often it did, which several processes may say at once, and
one that was killed could not tell any more.
"""

from __future__ import annotations

import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 3, 2, 14, tzinfo=UTC)
_OFFSET, _COUNT = struct.Struct("d"), struct.Struct("Q")
_ASKED, _STRUCK, _SIZE = slice(8, 16), 16, 17


class Clock:
    """Runs as real time does, from BEGIN."""

    def __init__(self, path: Path) -> None:
        """Opens the file, and makes it where there is none."""
        fresh = not path.exists()
        if fresh:
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _SIZE)
        self._looks = path.with_suffix(".looks")
        self._looks.touch()
        if fresh:
            self._shared[:8] = _OFFSET.pack(BEGIN.timestamp() - time.time())

    def __call__(self) -> datetime:
        (offset,) = _OFFSET.unpack(self._shared[:8])
        return datetime.fromtimestamp(time.time() + offset, UTC)

    def on(self, by: timedelta) -> None:
        """Put it forward."""
        (offset,) = _OFFSET.unpack(self._shared[:8])
        self._shared[:8] = _OFFSET.pack(offset + by.total_seconds())

    @property
    def looks(self) -> int:
        """How often a process has looked through what there is to send, to the end."""
        return self._looks.stat().st_size

    def looked(self) -> None:
        """It did so once more."""
        with self._looks.open("ab") as file:
            file.write(b".")

    @property
    def asked(self) -> int:
        """How often the server was asked to look."""
        return int(_COUNT.unpack(self._shared[_ASKED])[0])

    def ask(self) -> None:
        """Have it look now: what it waits for in real time need not be waited for."""
        self._shared[_ASKED] = _COUNT.pack(self.asked + 1)

    @property
    def struck(self) -> bool:
        """Whether the fault of this run has happened."""
        return self._shared[_STRUCK] == 1

    def strike(self) -> None:
        """It happens now."""
        self._shared[_STRUCK] = 1

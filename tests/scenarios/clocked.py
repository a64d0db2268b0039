"""`engine` by a clock that a test puts forward: `python -m tests.scenarios.clocked CLOCK ...`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from engine.cli.main import main
from engine.sync import hints, sender
from engine.sync.engine import Engine
from tests.faults.clock import Clock

if __name__ == "__main__":
    clock = Clock(Path(sys.argv.pop(1)))
    opened = Engine.open.__func__  # type: ignore[attr-defined]
    Engine.open = classmethod(  # type: ignore[assignment]
        lambda cls, settings, registry: opened(cls, settings, registry, clock)
    )
    sender.BEAT = timedelta(seconds=0.5)  # that of real time, which no clock puts forward
    hints.ECHO = timedelta(minutes=1)  # a machine that stands still for some seconds answers in time all the same
    main()

"""A seeded run: `python -m tests.fuzz.run COUNT [SEED]`. Each input is drawn from its number; a harmful one is kept.

Harm is an error that nobody foresaw, more than a second, memory that grows beyond the limit, or somebody let in.
"""

from __future__ import annotations

import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import Targets

FOUND = Path(__file__).with_name("found")
SECONDS = 1.0
MEMORY = 256 * 1024
"""KiB by which the process may grow."""


class Found(Exception):
    """An input did harm; where it was kept."""


def drawn(targets: Targets, name: str, number: int, seed: int) -> bytes:
    """The input of that number."""
    dice = Random(f"{seed}/{name}/{number}")
    samples = targets.samples[name]
    return mutated(dice.choice(samples), samples, dice)


def run(targets: Targets, count: int, seed: int, told: bool = False) -> Counter[str]:
    """Feed `count` inputs, the targets in turn; what they came to. Raises Found."""
    came: Counter[str] = Counter()
    before = _memory()
    for number in range(count):
        name = targets.names[number % len(targets.names)]
        data = drawn(targets, name, number, seed)
        began = time.thread_time()
        try:
            came[f"{name}: {targets.take(name, data)}"] += 1
        except Exception as error:
            raise Found(_kept(name, number, seed, data, f"{type(error).__name__}: {error}")) from error
        if time.thread_time() - began > SECONDS:
            raise Found(_kept(name, number, seed, data, "it took more than a second"))
        if _memory() - before > MEMORY:
            raise Found(_kept(name, number, seed, data, "the memory grew beyond the limit"))
        if told and number % 10_000 == 9_999:
            print(f"{number + 1:,} inputs", flush=True)
    return came


def _memory() -> int:
    """The most that was ever used, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _kept(name: str, number: int, seed: int, data: bytes, why: str) -> str:
    path = FOUND / f"{name}-{seed}-{number}"
    path.write_bytes(data)
    return f"{why} ({name}, input {number} of seed {seed}, kept in {path.name})"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        targets = Targets(Path(folder))
        try:
            came = run(targets, count, seed, told=True)
        finally:
            targets.close()
    for what, number in sorted(came.items()):
        print(f"{number:>10,}  {what}")
    seconds, peak = time.monotonic() - began, _memory() // 1024
    print(f"{count:,} inputs in {seconds:.0f} s: no crash, no hang, nobody let in; at most {peak} MB")


if __name__ == "__main__":
    main()

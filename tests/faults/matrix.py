"""Plays combinations in parallel processes, each at the passing that its seed draws, and keeps what came of them."""

from __future__ import annotations

import json
import multiprocessing
import queue
import random
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.place import Place
from tests.faults.points import Combination, Layout, points
from tests.faults.run import Run, server_log
from tests.faults.strikes import Plan

Passings = Mapping[str, int]
"""How often each boundary is passed in a run without a fault."""


class Unreached(Exception):
    """A boundary that no run passes, or one without a name: the matrix would tell nothing of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run to be played."""

    layout: Layout
    combination: Combination
    seed: int

    def nth(self, passings: Passings) -> int:
        """At which passing it strikes."""
        draw = random.Random(f"{self.layout} {self.combination.point} {self.combination.fault} {self.seed}")
        return draw.randint(1, passings[self.combination.point])


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case. `told` has the sentences, and what happened, of one that went wrong."""

    layout: Layout
    point: str
    fault: str
    seed: int
    nth: int
    lost: int
    doubled: int
    other: int
    seconds: float
    told: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.other)

    @property
    def case(self) -> Case:
        return Case(self.layout, Combination(self.point, self.fault), self.seed)

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of_line(cls, line: str) -> Result:
        """What `as_line` made."""
        data = json.loads(line)
        layout = data.pop("database", None) or data["layout"]  # as it was called before there were workers
        return cls(**{**data, "layout": layout, "told": tuple(data["told"])})


SURVEYS = 3
"""Runs without a fault before the matrix: what two threads do at once leaves a boundary out at times."""


def survey(place: Place, runs: int = 1) -> Passings:
    """How often each boundary is passed at least. Unreached where one is not, or has no name."""
    passed = [Run(place, survey=True).play() for _ in range(runs)]
    wrong = [sentence for one in passed for sentence in one.verdict.sentences()]
    if wrong:
        raise Unreached(f"a run without a fault goes wrong: {wrong}")
    known = set(points(place.layout))
    counts: Counter[str] = Counter({name: min(one.passed[name] or 1_000 for one in passed) for name in known})
    never = sorted(name for name in known if counts[name] == 1_000)
    unnamed = sorted({name for one in passed for name in one.passed} - set(points("postgresql")))
    if never or unnamed:
        raise Unreached(f"never passed: {never}; without a name: {unnamed}")
    return counts


def play(place: Place, case: Case, passings: Passings) -> Result:
    """One case; what is drawn too late is struck at its first passing. Unreached if its boundary is not passed."""
    for nth in (case.nth(passings), 1, 1):  # what two threads do at once, they do in another order at times
        found = play_at(place, case, nth)
        if found is not None:
            return found
    raise Unreached(f"{case.combination.point} was not passed on {case.layout}")


def play_at(place: Place, case: Case, nth: int, mutant: str = "") -> Result | None:
    """One case at that passing; None where it did not come to that."""
    one = case.combination
    outcome = Run(place, Plan(one.point, one.fault, nth), mutant).play()
    if not outcome.struck:
        return None
    verdict = outcome.verdict
    said = [line[:200] for line in server_log(place).splitlines()[-25:]]
    told = () if verdict.holds else (*verdict.sentences(), *outcome.log, *said)
    counts = len(verdict.lost), len(verdict.doubled), len(verdict.other)
    return Result(case.layout, one.point, one.fault, case.seed, nth, *counts, round(outcome.seconds, 2), told)


# ------------------------------------------------------------------------------------------ in parallel processes
def play_all(cases: Sequence[Case], stores: Mapping[Layout, str | None], workers: int) -> Iterator[Result]:
    """The results as they come. Whatever stops a worker stops all: Unreached, or the defect itself."""
    passings = {}
    for layout, server in stores.items():
        with Place(layout, server) as place:
            passings[layout] = survey(place, SURVEYS)
    context = multiprocessing.get_context("spawn")
    todo, done = context.Queue(), context.Queue()
    for case in cases:
        todo.put(case)
    for _ in range(workers):
        todo.put(None)
    running = [context.Process(target=_work, args=(todo, done, stores, passings), daemon=False) for _ in range(workers)]
    for process in running:
        process.start()
    try:
        for _ in cases:
            came = done.get()
            if isinstance(came, str):
                raise Unreached(came)
            yield came
    finally:
        with suppress(queue.Empty):  # a worker may take the last one first: nobody waits for what is not there
            while True:
                todo.get_nowait()
        for _ in range(workers):
            todo.put(None)
        for process in running:
            process.join()


def _work(todo: Any, done: Any, stores: Mapping[Layout, str | None], passings: Mapping[Layout, Passings]) -> None:
    """In a process of its own: with a place for each layout, one case after the other."""
    with ExitStack() as places:
        try:
            known = {layout: places.enter_context(Place(layout, server)) for layout, server in stores.items()}
            while (case := todo.get()) is not None and multiprocessing.parent_process().is_alive():
                done.put(play(known[case.layout], case, passings[case.layout]))
        except BaseException:
            done.put(traceback.format_exc())

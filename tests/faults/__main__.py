"""`python -m tests.faults`: plays a sample, the whole matrix or one combination, and writes the table."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import click

from tests.faults import table
from tests.faults.matrix import Case, Result, Unreached, play_all
from tests.faults.points import Combination, Layout, combinations
from tests.postgres import NoServer, serving

ALONE: tuple[Layout, ...] = ("sqlite", "postgresql")
"""What a sample is drawn from: a server that does everything."""
LAYOUTS = tuple(table.LAYOUTS)


@click.group()
def main() -> None:
    """Kill the server, cut its calls, fill its disk: at every boundary that has a name."""


@contextmanager
def _stores(wanted: Sequence[Layout]) -> Iterator[dict[Layout, str | None]]:
    """The layouts that can be had here, with a PostgreSQL server as long as this lasts."""
    stores: dict[Layout, str | None] = {"sqlite": None} if "sqlite" in wanted else {}
    with ExitStack() as stack:
        shared = [one for one in wanted if one != "sqlite"]
        if shared:
            try:
                stores |= dict.fromkeys(shared, stack.enter_context(serving()))
            except NoServer as reason:
                click.echo(f"without PostgreSQL: {reason}", err=True)
        yield stores


def _play(cases: Sequence[Case], stores: dict[Layout, str | None], workers: int, keep: Path | None) -> list[Result]:
    """Play them with a line of progress each; the results are appended to `keep` as they come."""
    began, results, wrong = time.monotonic(), [], 0
    for result in play_all(cases, stores, workers):
        results.append(result)
        if keep is not None:
            with keep.open("a") as file:
                file.write(result.as_line() + "\n")
        wrong += not result.holds
        spent = time.monotonic() - began
        left = spent / len(results) * (len(cases) - len(results))
        if not result.holds:
            click.echo(f"WRONG on {result.layout}: {result.point}, {result.fault}, at passing {result.nth}")
            click.echo("  " + "\n  ".join(result.told))
        elif len(results) % 20 == 0 or len(results) == len(cases):
            click.echo(f"{len(results)} of {len(cases)} runs, {wrong} wrong; {spent:.0f} s, about {left:.0f} s left")
    return results


def _verdict(results: Sequence[Result]) -> None:
    wrong = [one for one in results if not one.holds]
    seconds = sum(one.seconds for one in results) / max(1, len(results))
    lost, doubled = sum(one.lost > 0 for one in results), sum(one.doubled > 0 for one in results)
    click.echo(f"{len(results)} runs of {seconds:.1f} s: {lost} lost something, {doubled} doubled something.")
    sys.exit(1 if wrong else 0)


@main.command()
@click.option("--runs", default=60, show_default=True, help="How many combinations are drawn.")
@click.option("--seed", type=int, help="Draws them; one is made up and shown without it.")
@click.option("--workers", default=2, show_default=True, help="Processes that play side by side.")
@click.option("--store", "wanted", type=click.Choice(LAYOUTS), multiple=True, help="Only this one.")
def sample(runs: int, seed: int | None, workers: int, wanted: tuple[str, ...]) -> None:
    """Play some of the matrix, drawn from a seed."""
    seed = random.randrange(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}")
    with _stores(cast(Sequence[Layout], wanted or ALONE)) as stores:
        every = [Case(layout, one, seed) for layout in stores for one in combinations(layout)]
        cases = random.Random(seed).sample(every, min(runs, len(every)))
        _verdict(_play(cases, stores, workers, None))


@main.command()
@click.option("--seeds", default=2, show_default=True, help="How often each combination is played, at other passings.")
@click.option("--workers", default=2, show_default=True, help="Processes that play side by side.")
@click.option("--store", "wanted", type=click.Choice(LAYOUTS), multiple=True, help="Only this one.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("build/faults.jsonl"), show_default=True,
              help="Where results are kept; what is there already is not played again.")  # fmt: skip
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="Put the table into this document.")
def full(seeds: int, workers: int, wanted: tuple[str, ...], results: Path, write: Path | None) -> None:
    """Play the whole matrix on both stores and with workers; a run that was stopped is taken up where it stopped."""
    results.parent.mkdir(parents=True, exist_ok=True)
    kept = [Result.of_line(line) for line in results.read_text().splitlines()] if results.exists() else []
    played = {one.case for one in kept}
    with _stores(cast(Sequence[Layout], wanted or LAYOUTS)) as stores:
        every = [Case(layout, one, seed) for seed in range(seeds) for layout in stores
                 for one in combinations(layout)]  # fmt: skip
        todo = [one for one in every if one not in played]
        random.Random(0).shuffle(todo)  # so that the time that is left can be told
        click.echo(f"{len(every)} runs, of which {len(every) - len(todo)} are in {results} already")
        kept += _play(todo, stores, workers, results)
    if write is not None:
        table.put(write, kept)
    _verdict(kept)


@main.command()
@click.argument("point")
@click.argument("fault")
@click.option("--store", "layout", type=click.Choice(LAYOUTS), default="sqlite", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Draws the passing.")
def one(point: str, fault: str, layout: str, seed: int) -> None:
    """Play one combination: `one "store take pipedrive after" kill`."""
    with _stores([cast(Layout, layout)]) as stores:
        case = Case(cast(Layout, layout), Combination(point, fault), seed)
        _verdict(_play([case], stores, 1, None))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        main()
    except Unreached as unreached:
        sys.exit(f"The matrix cannot tell: {unreached}")

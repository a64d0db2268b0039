"""What happens to deliveries on their way, by seeded chance: twice, late, held back, lost. Order is never promised.

[facts: 6; observed by receivers: repeats and overtaking. How often is not documented, so nothing happens unless asked.]
"""

import random
import re
from dataclasses import dataclass, field

KINDS = ("twice", "late", "held", "lost")
_SPEC = re.compile(r"(?P<kind>[a-z]+)(=(?P<seconds>[\d.]+))?(%(?P<chance>[\d.]+))?")


@dataclass
class Disorder:
    """Chances from 0 to 1 for each event and webhook. `seconds`: how long `late` and `held` take."""

    twice: float = 0.0
    """Sent a second time at once."""
    late: float = 0.0
    """Sent again after a while, though the first was answered well: the answer got lost."""
    held: float = 0.0
    """Sent after a while only, so that later events overtake it."""
    lost: float = 0.0
    """Never sent."""
    seconds: float = 5.0
    seed: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(f"disorder {self.seed}")

    def sendings(self) -> list[tuple[float, int]]:
        """Of one event: (seconds from now, attempt) for each time that it is sent."""
        if self._strikes(self.lost):
            return []
        made = [(self.seconds if self._strikes(self.held) else 0.0, 1)]
        if self._strikes(self.twice):
            made.append((0.0, 1))
        if self._strikes(self.late):
            made.append((self.seconds, 2))
        return made

    def _strikes(self, chance: float) -> bool:
        return self._random.random() < chance


def parse_disorder(specs: tuple[str, ...], seed: int) -> Disorder:
    """Reads `KIND[=SECONDS][%CHANCE]`, such as `twice%0.1` or `held=30`. Raises ValueError that quotes the text."""
    made = Disorder(seed=seed)
    for spec in specs:
        match = _SPEC.fullmatch(spec.strip())
        if match is None or match["kind"] not in KINDS:
            raise ValueError(f"not a delivery fault: {spec!r} (one of {', '.join(KINDS)}, as KIND[=SECONDS][%CHANCE])")
        setattr(made, match["kind"], float(match["chance"] or 1))
        made.seconds = float(match["seconds"] or made.seconds)
    return made

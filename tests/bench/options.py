"""What the command line of the benchmark decides."""

from dataclasses import dataclass
from pathlib import Path

FRAMES = 3_000_000
METERS = (1_000, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to measure."""

    quick: bool = False  # so short that the figures say little
    frames: int = FRAMES  # of one meter, in the database of ten years
    meters: tuple[int, ...] = METERS  # of the measurement of many meters
    seconds: int = 60  # how long each sends
    alerts: bool = False  # only the messages of a quiet year
    forecast: tuple[Path, ...] | None = None  # configurations of monitors; none: generated homes; None: not asked for

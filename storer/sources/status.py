"""What has arrived from a source, for `health` and the commands."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from storer.config.sources import Quantity, Source
from storer.sources.reading import Refusal

_LONGEST_EXAMPLE = 60  # characters


@dataclass(slots=True)
class SourceStatus:
    """The counters of one source since the storer's start."""

    source: Source
    taken: int = 0  # values
    last_at: float | None = None  # when the last of them came, in seconds since the epoch
    values: dict[Quantity, float] = field(default_factory=dict)  # the last of each
    breaks: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    example: str = ""  # of what was refused last

    def take(self, quantity: Quantity, number: float, at: float) -> None:
        """Note a value that was counted."""
        self.taken += 1
        self.last_at = at
        self.values[quantity] = number

    def refuse(self, reason: Refusal, payload: bytes) -> None:
        """Note a value that was not."""
        self.refused[reason] += 1
        if reason is not Refusal.RETAINED:
            text = payload[: 4 * _LONGEST_EXAMPLE].decode("utf-8", "replace")
            self.example = f"{reason}: {text[:_LONGEST_EXAMPLE]}"

    def report(self) -> dict[str, Any]:
        """Return it as `health` has it."""
        return {
            "name": self.source.name,
            "kind": self.source.kind.value,
            "meter": self.source.meter,
            "taken": self.taken,
            "last": None if self.last_at is None else f"{datetime.fromtimestamp(self.last_at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            **{quantity.value: round(number, 1) for quantity, number in self.values.items()},
            "breaks": self.breaks,
            "refused": {reason.value: count for reason, count in self.refused.items()},
            "example": self.example or None,
        }

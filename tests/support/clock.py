"""A host's clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_000, tzinfo=UTC)
BUILT = datetime(2025, 1, 1, tzinfo=UTC)


class FakeClock:
    """What the reader asks of `common.machine.clock`."""

    def __init__(
        self,
        now: datetime = NOON,
        *,
        uptime: float = 86_400.0,
        synchronised: bool = True,
        build_date: datetime = BUILT,
    ) -> None:
        self.wall = now
        self.build_date = build_date
        self.warned: list[datetime] = []
        self.up = uptime
        self.is_synchronised = synchronised
        self.checks = 0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.up

    def uptime(self) -> float:
        return self.up

    def synchronised(self) -> bool:
        self.checks += 1
        return self.is_synchronised

    def warn_of_build_date(self, now: datetime) -> None:
        self.warned.append(now)

    def advance(self, seconds: float) -> None:
        self.up += seconds
        self.wall += timedelta(seconds=seconds)

    def step(self, seconds: float) -> None:
        """Set the time of day, while time goes on as before."""
        self.wall += timedelta(seconds=seconds)

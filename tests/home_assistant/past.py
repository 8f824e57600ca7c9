"""Two years of one meter, hour by hour, as a test counts them itself: imported days and hours, then readings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.frame import Frame, Value
from common.contract.labels import Mode

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
#: What a prices.yaml of the owner says, and EUR a kWh here again, by register and first day; a day costs 1 EUR more.
PRICES = {
    "offers": [
        {"id": "base", "rows": [
            {"from": "2024-12-01", "kwh": {"BASE": 0.2}, "subscription_year": {"6": 365}},
            {"from": "2025-03-15", "kwh": {"BASE": 0.25}, "subscription_year": {"6": 365}},
        ]},
        {"id": "hchp", "rows": [
            {"from": "2024-12-01", "kwh": {"HCHC": 0.1, "HCHP": 0.3}, "subscription_year": {"6": 365}},
        ]},
    ]
}  # fmt: skip
BASE, RAISED, RAISED_ON = Decimal("0.2"), Decimal("0.25"), date(2025, 3, 15)
OFF_PEAK, PEAK = Decimal("0.1"), Decimal("0.3")


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=PARIS).astimezone(UTC)


BY_DAY = local(2025, 1, 1)  # imported days
BY_HOUR = local(2025, 2, 1)  # imported hours; the last Sunday of March has 23
IMPORTED_UNTIL = local(2025, 5, 1)
READ = local(2026, 8, 1)  # the last Sunday of October has 25 hours
OTHER_CONTRACT = local(2026, 9, 15, 12)  # from one register to two
CONTRACTS: Sequence[Mapping[str, str | int]] = (
    {"from": "2025-01-01", "offer": "base", "power": 6},
    {"from": "2026-09-15", "offer": "hchp", "power": 6},
)


def hours(start: datetime, end: datetime) -> Iterator[datetime]:
    for number in range((end - start) // HOUR):
        yield start + number * HOUR


def days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = start
    while day < end:
        after = (day.astimezone(PARIS).replace(tzinfo=None) + timedelta(1)).replace(tzinfo=PARIS).astimezone(UTC)
        yield day, after
        day = after


class Past:
    """What a meter counted: `wh[hour]` is drawn, `injected[hour]` given back."""

    def __init__(self, address: str, end: datetime) -> None:
        self.address = address
        self.end = end
        self.wh = {hour: self._drawn(hour) for hour in hours(BY_HOUR, IMPORTED_UNTIL)}
        self.wh |= {after - HOUR: 9000 + number for number, (_, after) in enumerate(days(BY_DAY, BY_HOUR))}
        self.wh |= {hour: self._drawn(hour) for hour in hours(READ, end)}
        self.injected = {hour: self._drawn(hour) // 7 for hour in hours(READ, end)}

    @staticmethod
    def _drawn(hour: datetime) -> int:
        return 100 + int(hour.timestamp()) // 3600 * 37 % 901

    @staticmethod
    def register(hour: datetime) -> int:
        """Return which register runs, 1 or 2: off-peak from 22:00 to 06:00, with one register only the first."""
        if hour < OTHER_CONTRACT or not 6 <= hour.astimezone(PARIS).hour < 22:
            return 1
        return 2

    def index(self, register: int | str, end: datetime) -> int:
        """Return what a register shows at the end of an hour that was read: 1, 2, `east` or `eait`."""
        if register == "eait":
            return 500 + sum(wh for hour, wh in self.injected.items() if hour < end)
        read = [(hour, wh) for hour, wh in self.wh.items() if READ <= hour < end]
        if register == "east":
            return 7_000_000 + sum(wh for _, wh in read)
        first = 7_000_000 if register == 1 else 0
        return first + sum(wh for hour, wh in read if self.register(hour) == register)

    def frames(self) -> Iterator[Frame]:
        """Yield a frame at the beginning and at the end of each hour that was read."""
        total, suppliers, injected = 7_000_000, [7_000_000, 0], 500
        for hour in hours(READ, self.end):
            running = self.register(hour)
            calendar = "BASE" if hour < OTHER_CONTRACT else "H PLEINE/CREUSE"
            for seconds in (30, 3570):
                if seconds > 1800:
                    total += self.wh[hour]
                    suppliers[running - 1] += self.wh[hour]
                    injected += self.injected[hour]
                values: dict[str, Value] = {"ADSC": self.address, "NGTF": f"{calendar:^16}", "EAST": total}
                values |= {"EASF01": suppliers[0], "EASF02": suppliers[1], "EAIT": injected}
                values |= {"PREF": 6, "SINSTS": 1000, "NTARF": running, "STGE": f"{running - 1 << 10:08X}"}
                moment = hour + timedelta(seconds=seconds)
                yield Frame(meter=self.address, timestamp=moment, mode=Mode.STANDARD, values=values)

    def imported(self) -> Iterator[tuple[datetime, int, int]]:
        """Yield what was imported: the last hour, Wh, and of how many hours."""
        for day, after in days(BY_DAY, BY_HOUR):
            yield after - HOUR, self.wh[after - HOUR], (after - day) // HOUR
        for hour in hours(BY_HOUR, IMPORTED_UNTIL):
            yield hour, self.wh[hour], 1

    # -- what a dashboard is to show, by local month -------------------------------------------------------------------

    def months(self, end: datetime, register: int | str) -> dict[str, int]:
        """Return the Wh of each month before a moment: of register 1 or 2, `east` or `eait`."""
        found: dict[str, int] = {}
        for hour, wh in (self.injected if register == "eait" else self.wh).items():
            if hour < end and (isinstance(register, str) or self.register(hour) == register):
                found[month(hour)] = found.get(month(hour), 0) + wh
        return found

    def costs(self, end: datetime, register: int | None = None) -> dict[str, Decimal]:
        """Return the EUR of each month before a moment; without a register with the subscription, 1 EUR a day."""
        found: dict[str, Decimal] = {}
        for hour, wh in self.wh.items():
            if hour < end and register in (None, self.register(hour)):
                price = PEAK if self.register(hour) == 2 else OFF_PEAK
                if hour < OTHER_CONTRACT:
                    price = BASE if hour.astimezone(PARIS).date() < RAISED_ON else RAISED
                found[month(hour)] = found.get(month(hour), Decimal(0)) + wh * price / 1000
        if register is None:
            for day, _ in days(BY_DAY, end):
                found[month(day)] = found.get(month(day), Decimal(0)) + 1
        return found


def month(moment: datetime) -> str:
    return f"{moment.astimezone(PARIS):%Y-%m}"

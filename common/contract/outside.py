"""What the table `outside` holds: values of a time that a service or a file said, not a meter. Pure."""

from dataclasses import dataclass

MOST_ROWS = 4000  # of one request
QUARTER = 900  # seconds


@dataclass(frozen=True, slots=True)
class What:
    """One kind of values."""

    name: str
    unit: str
    low: float
    high: float


_ALL = (
    What("tempo", "1 blue, 2 white, 3 red", 1, 3),  # start: 06:00 local time, as everywhere a Tempo day
    What("tempo_blue", "chance, 0 to 1", 0, 1),
    What("tempo_white", "chance, 0 to 1", 0, 1),
    What("tempo_red", "chance, 0 to 1", 0, 1),
    What("spot", "EUR per MWh", -5000, 15000),  # start: a quarter of an hour
    What("temperature", "degrees Celsius, mean of the day", -60, 60),  # start: 00:00 UTC of that day
)
WHATS = {what.name: what for what in _ALL}
#: What may still turn out otherwise.
CHANCES = ("tempo_blue", "tempo_white", "tempo_red")

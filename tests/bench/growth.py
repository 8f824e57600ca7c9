"""What grows with years of data, with meters and with viewers, and how fast."""

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.api_answers import filled
from tests.bench.client import Client
from tests.bench.cpu import BETWEEN_STEPS, Cpu, timed
from tests.bench.decade import END, KINDS, SERVER_OPTIONS, Size, rollups
from tests.bench.figures import Disturbed, Row, Target, growth, in_turn, not_measured
from tests.bench.house import decoded
from tests.bench.live_meters import live
from tests.bench.monitor import browser, start
from tests.bench.options import Options
from tests.bench.process import resident
from tests.bench.report import Section
from tests.bench.viewers import Looked, look
from tests.support.programs import Service
from tests.support.servers import Broker, Database
from tests.support.storing import make_tables

_HOW = """\
The same, of more and more: each row is compared with the one above it. A target that is missed is growth that is more
than linear, by a tenth. *Years*: rollups of one meter in a database for each number of years, asked over HTTP; CPU time
of monitor and database. *Meters*: each sends a frame a second, a message a frame; CPU time of the storer, all threads.
*Viewers*: streams of the page, a tenth of which read nothing, and a frame each second; then one more client asks what
the page's places ask, back to back, on ten years. Its times are those of a machine that does all of this at once."""
_YEARS = (1, 3, 10)
_DAYS, _COPIES = 61, 6  # of a year: days of a simulated household, and their copies
_METERS = (1, 10, 100, 1_000)
_VIEWERS = (1, 10, 50, 200)
_MANY_VIEWERS = 50
_CALLS = 5
_BY_DAY = "energy?by=day&from={year}&to={day}"
_BY_HOUR = "energy?by=hour&from={day}&to={next}"
_BY_MONTH = "energy?by=month&from={first}&to={day}"
_OF_YEARS = {
    "a day by hour": _BY_HOUR,
    "a year by day": _BY_DAY,
    "all years by month, with cost": _BY_MONTH,
    "live": "live?",
}
_OF_PLACES = (
    "meters?",
    "live?",
    "series?from={day}&to={next}",
    "series?from={day}T10:00:00Z&to={day}T11:00:00Z",
    _BY_HOUR,
    _BY_DAY,
    _BY_MONTH,
    "energy.csv?by=day&from={year}&to={day}",
    "peaks?from={year}&to={day}",
    "baseload?from={year}&to={day}",
    "profile?from={year}&to={day}",
)


def measure(options: Options) -> Section:
    """Measure years, viewers on the most years, then meters."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleinfo-bench-")))
        broker = stack.enter_context(Broker(folder / "broker"))
        publisher = stack.enter_context(Client(broker.port))
        households = {
            years: _Household(folder / str(years), years, broker, stack, quick=options.quick) for years in _YEARS
        }
        rows = [*_of_years(households, publisher, rounds=2 if options.quick else 5)]
        rows += _of_viewers(households[_YEARS[-1]], publisher, seconds=1 if options.quick else 10)
    return Section("growth", _HOW, [*rows, *_of_meters(quick=options.quick)])


class _Household:
    """A meter with some years in a database, and a monitor that answers."""

    def __init__(self, folder: Path, years: int, broker: Broker, stack: contextlib.ExitStack, *, quick: bool) -> None:
        size = Size(days=1 if quick else _DAYS, copies=_COPIES * years)
        server = stack.enter_context(Database(folder, options=SERVER_OPTIONS))
        with contextlib.closing(make_tables(server, END).connect()) as connection:
            self.meter = rollups(connection, KINDS[0], size)
        self.monitor: Service = stack.enter_context(start(server, folder, broker))
        self.cpu = Cpu(server, self.monitor.pid)
        self.cpu.settle(BETWEEN_STEPS)
        self.memory = resident(self.monitor.pid)  # while nobody looks
        self._browser = stack.enter_context(browser(self.monitor))
        self._start = size.start

    def question(self, template: str) -> str:
        """Return a question about the meter, at the end of its years."""
        return filled(template, self.meter, self._start)

    def asking(self, template: str) -> Callable[[], object]:
        """Return a function that asks it."""
        return self._browser.asking(self.question(template))


def _of_years(households: dict[int, _Household], publisher: Client, rounds: int) -> Iterator[Row]:
    (frame,) = decoded(KINDS[0], datetime.now(UTC), 1)
    publisher.publish(f"teleinfo/{frame.meter}/frame", frame.to_json())
    publisher.wait_published()
    for what, template in _OF_YEARS.items():
        works = [timed(household.cpu, household.asking(template), _CALLS) for household in households.values()]
        found = dict(zip(households, in_turn(rounds, *works), strict=True))
        yield from growth(what, "ms of CPU", "year", found)


def _of_viewers(household: _Household, publisher: Client, seconds: float) -> Iterator[Row]:
    questions = [household.question(template) for template in _OF_PLACES]
    yield Row(what="monitor, memory while nobody looks", unit="MB", ours=[household.memory], target=Target("≤", 60))
    seen = {
        viewers: look(household.monitor, publisher, household.meter, viewers, questions, seconds)
        for viewers in _VIEWERS
    }
    figures: dict[str, tuple[str, Callable[[Looked], float]]] = {
        "answers of the API": ("ms", lambda looked: statistics.median(looked.times)),
        "answers of the API, the slowest in a hundred": ("ms", _slowest),
        "monitor, CPU time while nobody asks": ("ms a second", lambda looked: looked.cpu),
        "monitor, memory": ("MB", lambda looked: looked.memory),
    }
    for what, (unit, figure) in figures.items():
        yield from growth(what, unit, "viewer", {viewers: [figure(looked)] for viewers, looked in seen.items()})
    yield Row(
        what=f"answers of the API, the slowest in a hundred beside {_MANY_VIEWERS} viewers",
        unit="ms",
        ours=[_slowest(seen[_MANY_VIEWERS])],
        target=Target("≤", 40),
    )
    ended = sum(looked.ended for looked in seen.values())
    yield Row(
        what=f"events that each of {_VIEWERS[-1]} viewers gets a second",
        ours=[seen[_VIEWERS[-1]].events],
        note=f"{ended} streams ended by themselves" if ended else "",
    )


def _slowest(looked: Looked) -> float:
    return statistics.quantiles(looked.times, n=100)[98]


def _of_meters(*, quick: bool) -> Iterator[Row]:
    # One meter sends so few that they take longer.
    sizes = dict.fromkeys(_METERS[:2], 3) if quick else dict.fromkeys(_METERS, 10) | {1: 20}
    try:
        costs = {meters: live(meters, seconds, 1 if quick else 2).costs for meters, seconds in sizes.items()}
    except Disturbed as error:
        yield not_measured("storer", str(error))
        return
    yield from growth("storer", "µs a frame", "meter", costs, each=True)

"""How fast a storer empties a queue of the broker, one frame a message, against executemany of the same rows."""

import contextlib
from datetime import UTC, datetime, timedelta

from tests.bench.bare_insert import BATCH, BareInsert
from tests.bench.client import Client
from tests.bench.confirmations import Confirmations
from tests.bench.figures import Row, Target, in_turn
from tests.bench.house import Village, messages
from tests.bench.options import Options
from tests.bench.report import Section
from tests.bench.rig import Rig, rig
from tests.support.programs import Service
from tests.support.servers import Database

_A_DAY = 86_400 / 15  # frames/s
_HOW = """\
A storer was away; the broker has kept its messages, a frame in each. From the first confirmation to the last: frames a
second, and CPU time of the storer a frame. The target is a day of a meter's frames in fifteen seconds. Beside it,
`executemany` of PyMySQL with 500 of the same rows a transaction, into an empty table of the same form in the same
database. The rollups of the backlog are made within the next minute, and are not in the figures."""


def measure(options: Options) -> Section:
    """Measure one meter, and a hundred."""
    count, rounds = (1_000, 1) if options.quick else (20_000, 5)
    rows: list[Row] = []
    for meters in (1, 100):
        rows += _drain(count, rounds, meters)
    return Section("backlog", _HOW, rows)


def _drain(count: int, rounds: int, meters: int) -> list[Row]:
    village = Village(meters, count // meters)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        database = place.database()
        storer = place.storer(database)
        heard = Confirmations(storer)
        stack.enter_context(Client(place.broker.port, heard.on_message, "teleinfo/+/stored"))
        drain = _Drain(place, database, storer, heard, village, count)
        drain.warm_up()
        bare = BareInsert(database)
        stack.callback(bare.close)
        rates, limits = in_turn(rounds, drain.rate, lambda: bare.rate(bare.rows(count)))
    name = "1 meter" if meters == 1 else f"{meters} meters"
    return [
        Row(
            what=f"backlog of {name}",
            unit="frames/s",
            ours=rates,
            against=f"executemany({BATCH})",
            theirs=limits,
            target=Target("≥", _A_DAY),
            target_is_absolute=True,
        ),
        Row(what=f"… CPU of the storer, {name}", unit="µs a frame", ours=drain.cpu, decides="min"),
    ]


class _Drain:
    """Fills the queue while the storer is stopped, and starts it."""

    def __init__(
        self, place: Rig, database: Database, storer: Service, heard: Confirmations, village: Village, count: int
    ) -> None:
        self._place, self._database, self._storer, self._heard = place, database, storer, heard
        self._village, self._count = village, count
        self._start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
        self.cpu: list[float] = []

    def warm_up(self) -> None:
        """Let the storer make tables and subscriptions, and its meters and label sets; not counted."""
        self._storer.start()
        self._storer.wait_for_log("Ready", "Connected to the broker")
        self.rate(running=True)
        self.cpu.clear()

    def rate(self, *, running: bool = False) -> float:
        """Drain a queue of frames that are new; return frames a second."""
        if not running and self._storer.running:
            assert self._storer.stop() == 0, "the storer failed"
        self._start += timedelta(seconds=self._count)
        self._heard.expect(self._count)
        with Client(self._place.broker.port) as publisher:
            for topic, payload in messages(self._village.frames(self._start)):
                publisher.publish(topic, payload)
                publisher.wait_published(most=1000)
            publisher.wait_published()
        if not running:
            # Of the round before. A storer that was away for long has rolled up what it stored then.
            self._database.sql(f"DELETE FROM {self._database.name}.late_hours")
            self._storer.start()
        spent = self._heard.wait()
        self.cpu.append(spent.cpu * 1e6)
        return 1 / spent.elapsed

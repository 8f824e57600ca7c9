"""A home of processes with a proxy on each link, three meters, two sources and alerts, and what can happen to it."""

import contextlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.faults.counted import WITHIN, Identity
from tests.faults.disk import mounted
from tests.faults.home import Home
from tests.faults.rig import Processes
from tests.support.meters import message_of
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.ntfy import Ntfy
from tests.support.programs import Program, wait_until
from tests.support.proxy import Proxy
from tests.support.servers import Broker
from tests.support.settings import save_settings
from tests.support.sources import read_source
from tests.support.storing import client

HARD_BROKER = "max_queued_messages 10"  # and persistence off, which is what the rig's broker has by default
DEFAULT_BROKER = "persistence true\nmax_queued_messages 1000\nmax_inflight_messages 20\n"
NOTICED = 120.0  # seconds: keepalive is 15 s, a statement of the database may take 30 s, a gateway may be silent for 60
METERS = 3
SMALL, LARGE = 1, 36  # kVA
BEGINS, ENDS = "Risque de coupure", "Puissance revenue sous la limite"  # titles of what the house is told
BACKLOG, BACKLOG_FROM = 12_000, 1_000_000  # frames of a replay, and their first number
HOUR = 3600  # seconds
POWER = 3600  # W, of the device without a counter
CUTS = 6
IN_FLIGHT = 1000  # frames that a broker may leave unanswered
PAGE = 8192  # bytes, of the spool
PLUG = {"name": "plug", "kind": "device", "topic": "devices/plug", "power": "apower", "energy": "aenergy.total"}
SOURCES = [PLUG | {"unit": "Wh"}, {"name": "roof", "kind": "production", "topic": "devices/roof", "power": ""}]


class Devices:
    """A plug with a counter and a roof with its power alone, which send twice a second, also after a broker's kill."""

    def __init__(self, broker: Broker) -> None:
        self.energy = 1000  # Wh
        self.sent = {self.energy}
        self.began = time.monotonic()
        self.settled = 0  # how often the last reading was taken
        self._broker = broker
        self._frozen, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def freeze(self) -> None:
        """Count no more, and wait until the last reading was taken."""
        self._frozen.set()
        settled = self.settled
        wait_until(lambda: self.settled > settled + 2, WITHIN, "the last reading is taken")

    def _run(self) -> None:
        while not self._end.wait(0.1):
            # A device, too, loses its connection, and what it sent meanwhile.
            with contextlib.suppress(OSError, Refused, AssertionError), MqttClient(self._broker.port) as client:
                while not self._end.wait(0.5):
                    frozen = self._frozen.is_set()
                    if not frozen:
                        self.energy += 1  # 7.2 kW
                        self.sent.add(self.energy)
                    values = {"apower": 7200, "aenergy": {"total": self.energy}}
                    taken = client.publish("devices/plug", json.dumps(values)) == 0
                    client.publish("devices/roof", str(POWER))
                    self.settled += frozen and taken


class Network(Home):
    """The home; of its reader, storer and monitor none may end by itself."""

    delivery: Processes

    def __init__(self, folder: Path, broker_config: str) -> None:
        self.reader_link, self.storer_link, self.database_link = self.links = (Proxy(), Proxy(), Proxy())
        self.line = Proxy()
        names = ("reader", "storer", "database", "line")
        ports = {name: each.port for name, each in zip(names, (*self.links, self.line), strict=True)}
        super().__init__(Processes(folder, meters=METERS, broker_config=broker_config, proxies=ports))
        self.reader_link.target = self.storer_link.target = self.delivery.broker.port
        self.database_link.target = self.delivery.database.port
        self.line.target = self.delivery.meters[0].port
        self.devices = Devices(self.delivery.broker)
        self.phone = Ntfy(folder / "ntfy")
        self.told: Counter[str] = Counter()  # what must have been told, by title
        self.gone: dict[Identity, int] = {}  # in no table since a restore, and their hours
        self.damaged: set[Identity] = set()
        self.found = ""  # by the verdict, in figures
        for meter in self.delivery.meters:
            meter.breaker = LARGE

    @property
    def reader(self) -> Program:
        assert self.delivery.reader is not None
        return self.delivery.reader

    @property
    def storer(self) -> Program:
        assert self.delivery.storer is not None
        return self.delivery.storer

    @property
    def programs(self) -> list[Program]:  # type: ignore[override]
        return [program for program in (self.reader, self.storer) if program.name not in self.down]

    def begin(self) -> None:
        """Start the programs for the first time."""
        self.delivery.start("storer", "reader")
        wait_until(
            lambda: bool(self.delivery.sql("SHOW TABLES LIKE 'request_pieces'")), WITHIN, "tables", self.programs
        )
        save_settings(client(self.delivery.database), sources=SOURCES)
        # A compressed table is a sparse file: it grows on a full disk, too, and only its pages are not written.
        self.delivery.sql("ALTER TABLE frames PAGE_COMPRESSED=0")
        self.delivery.start_monitor(self.phone.url("house"))

    def burst(self, frames: int) -> None:
        """Let the first meter send many frames in a short time."""
        meter = self.delivery.meters[0]
        target = len(meter.sent) + frames
        with meter.faster(240):
            wait_until(lambda: len(meter.sent) > target, WITHIN, f"{frames} frames more", self.programs)

    def rows(self) -> int:
        return int(self.delivery.sql("SELECT COUNT(*) FROM frames")[0][0])

    def alerts(self) -> Counter[str]:
        titles = [title for title, _ in self.phone.messages("house")]
        return Counter(known for title in titles for known in (BEGINS, ENDS) if known in title)

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def judge(self) -> None:
        self.go_on()
        self.counted.frames(10)
        wait_until(lambda: self.alerts().keys() == self.told.keys(), 2 * WITHIN, "alerts", self.programs)
        for meter in self.delivery.meters:
            meter.stop()
        self.devices.freeze()
        # Two hours later each meter's hours are over, and their tallies are published.
        self.stop("reader")
        self.delivery.set_clock(2 * HOUR + 60)
        self.start("reader")
        # Of nobody, or of the storer that runs: with that of one that was killed, it would wait for minutes.
        self.delivery.sql("UPDATE rollup_state SET held_until = NOW()")
        lost = self.counted.lost(self.programs, self._is_settled)
        sent = self.counted.sent()
        assert Counter(self.row_of(sent[frame]) for frame in lost) == {}
        assert self.counted.doubled() == set()
        self.found = f"{len(sent)} frames sent, {len(self.counted.expected())} that count, {self.rows()} rows"
        self.stop("reader", "storer")
        delivery = self.delivery.health("reader")["delivery"]
        assert isinstance(delivery, dict)
        assert (delivery["discarded"], delivery["rejected"]) == (0, 0)
        assert delivery["decoded"] == sum(delivery[part] for part in ("confirmed", "accepted_by_broker", "pending"))
        self._judge_sources()
        assert self.alerts() == self.told
        self._judge_export()
        self._judge_audit()
        self._judge_rollups()

    def _is_settled(self) -> bool:
        """Whether each meter has its last tally, minutes are rolled up, and no late frames wait for that.

        A tally of before, when the clock was ahead, has fewer frames than there are rows.
        """
        tally = (
            "SELECT meter_id, hour, SUM(frames) < (SELECT COUNT(*) FROM frames f WHERE f.meter_id = t.meter_id"
            " AND timestamp >= hour AND timestamp < hour + INTERVAL 1 HOUR) AS early FROM tallies t GROUP BY 1, 2"
        )
        query = (
            "SELECT (SELECT COUNT(*) FROM late_hours WHERE waiting = 1), EXISTS (SELECT 1 FROM minutes),"
            f" (SELECT COUNT(DISTINCT meter_id) FROM tallies), (SELECT COALESCE(SUM(early), 0) FROM ({tally}) each_one)"
        )
        return self.delivery.sql(query) == [["0", "1", str(METERS), "0"]]

    def _tallied(self) -> set[tuple[str, int]]:
        """Meter and hour of each tally."""
        hours = f"SELECT identifier, UNIX_TIMESTAMP(hour) DIV {HOUR} FROM tallies JOIN meters ON id = meter_id"
        return {(meter, int(hour)) for meter, hour in self.delivery.sql(hours)}

    def _judge_sources(self) -> None:
        """The counter is exact and never broken; of power alone there is no more than was seen."""
        database = client(self.delivery.database)
        plug, roof = (list(read_source(database, name).values()) for name in ("plug", "roof"))
        energies = [row.energy for row in plug if row.energy is not None]
        assert energies == sorted(energies)
        assert energies[-1] == self.devices.energy
        assert set(energies) <= self.devices.sent
        assert [row.step for row in plug + roof if row.step is not None] == []
        made = [row.energy for row in roof if row.energy is not None]
        assert 0 < made[-1] <= (time.monotonic() - self.devices.began) * POWER / HOUR + 1

    def _judge_export(self) -> None:
        """What `export` gives back is what was sent."""
        done = self.delivery.command("storer", "export", config=self.delivery.storer_config)
        assert done.returncode == 0, done.stderr
        frames = [(line["meter"], line["frame"]) for line in map(json.loads, done.stdout.splitlines())]
        numbered = [(meter, frame) for meter, frame in frames if frame["SINSTS"] < BACKLOG_FROM]
        assert [
            (meter, frame)
            for meter, frame in numbered
            if (frame["ADSC"], frame["MSG1"]) != (meter, message_of(meter, frame["SINSTS"]))
        ] == []
        assert len(numbered) == len({(meter, frame["SINSTS"]) for meter, frame in numbered})

    def _judge_audit(self) -> None:
        """What a restore and a damaged spool took is missing, no frame more, no frame less."""
        rows, tallied = self.counted.rows(), self._tallied()
        gone = sum((meter, hour) in tallied for (meter, n), hour in self.gone.items() if not rows[meter, n])
        gone += len(self.damaged - rows.keys())
        audit = self.delivery.command("storer", "audit", config=self.delivery.storer_config)
        missing = re.search(r"(\d+) frames? missing", audit.stdout)
        assert missing, audit.stdout + audit.stderr
        said = f"{gone} frames are gone, {audit.returncode} is the exit code\n{audit.stdout}{audit.stderr}"
        assert (int(missing[1]), audit.returncode) == (gone, 1 if gone else 0), said

    def _judge_rollups(self) -> None:
        """A rebuild changes nothing in what is final: the minutes and hours of a replay, and all that are older."""
        ((up_to, hour),) = self.delivery.sql(
            "SELECT up_to, TIMESTAMP(DATE(up_to), MAKETIME(HOUR(up_to), 0, 0)) FROM rollup_state"
        )

        def rolled() -> list[list[list[str]]]:
            rows = (f"minutes WHERE minute < '{up_to}'", f"hours WHERE hour < '{hour}'")
            return [self.delivery.sql(f"SELECT * FROM {which} ORDER BY 1, 2") for which in rows]

        before = rolled()
        done = self.delivery.command("storer", "rebuild", config=self.delivery.storer_config)
        assert done.returncode == 0, done.stderr
        assert rolled() == before


@contextlib.contextmanager
def network(folder: Path, broker_config: str) -> Iterator[Network]:
    """A home that runs; at the end it is judged, unless something was wrong before."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mounted(folder / "database", "size=256m"))
        stack.enter_context(mounted(folder / "spool", "size=16m"))
        home = Network(folder, broker_config)
        for each in (*home.links, home.line, home.delivery, home.phone, home.devices):
            stack.enter_context(each)
        home.begin()
        yield home
        home.judge()

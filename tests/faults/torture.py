"""Kills, hangs, cuts and fills everything at random, and counts what is lost.

`./run test faults -k torture --minutes N` takes as long as you like. The result is compared with what the three meters
of the rig have sent, each frame with a number and a message of its own, which `export` must return. A frame may be
missing only when

- the reader could not read it: killed within a moment of it, or not connected;
- it was in the database, and the database was restored to an earlier state. What the reader still held by then must
  arrive all the same, and what is gone must be missing in the audit: no frame more, no frame less.

Two devices send what they measure, one by a counter, and the house is told of an overload and of its end.

With a pair the database is a Galera cluster of two hosts, which are killed, hung and set read-only one at a time.
"""

import contextlib
import json
import random
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.faults import galera
from tests.faults.disk import mounted
from tests.faults.rig import Processes
from tests.support.meters import message_of
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.ntfy import Ntfy
from tests.support.programs import WITHIN, Program, wait_until
from tests.support.servers import HOST, Broker, Database, InstanceError, restore_data, save_data
from tests.support.sources import read_source
from tests.support.storing import client

HARD_BROKER = "max_queued_messages 10"  # and persistence off, which is what the rig's broker has by default
DEFAULT_BROKER = "persistence true\nmax_queued_messages 1000\nmax_inflight_messages 20\n"
A_MOMENT = 2.0  # seconds; a frame that came so shortly before a kill may still have been in the kernel's buffer
LONGER_THAN_KEEPALIVE = 40.0  # seconds; twice the keepalive of 15 s, and some
SETTLED_WITHIN = 900.0  # seconds until everything is in the table, after the last fault
METERS = 3
FIRST = 2000  # number of the first frame: so many VA are too much for a breaker of 1 kVA
SMALL, LARGE = 1, 36  # kVA
OVERLOAD_AT = 0.3  # of the run
BEGINS, ENDS = "Risque de coupure", "Puissance revenue sous la limite"  # titles of what the house is told
FRAMES_A_SECOND = 10.0  # of each
DUE_AT = 0.25  # of the run; by then the fault that belongs to each run has its turn
HOUR_ENDS_AT = 0.8  # of the run; soon after, the reader tells how many frames the hour had
POWER = 3600  # W, of the device without a counter
HOUR = 3600  # seconds
LOST_BY_RESTORE = 60  # frames, at least, that are stored between the backup and the restore

SOURCES = """
sources:
  - {name: plug, kind: device, topic: devices/plug, power: apower, energy: aenergy.total, unit: Wh}
  - {name: roof, kind: production, topic: devices/roof, power: ""}
"""

Identity = tuple[str, int]  # meter and number of a frame

_FAULTS = {
    "kill reader": 4.0,
    "kill storer": 4.0,
    "kill broker": 4.0,
    "kill database": 4.0,
    "kill monitor": 3.0,
    "cut line": 1.0,
    "restart reader": 1.0,
    "restart storer": 1.0,
    "delete broker data": 1.0,
    "database read-only": 1.0,
    "disk full": 1.0,
    "stop broker": 0.1,
    "stop database": 0.1,
    "stop storer": 0.1,
}


@dataclass
class Result:
    """What a torture found."""

    faults: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    excused: int = 0
    rows: int = 0
    lost: list[Identity] = field(default_factory=list)
    doubled: list[Identity] = field(default_factory=list)
    wrong: list[Identity] = field(default_factory=list)  # exported with another content
    removed: int = 0  # from the database by the restore
    gone: int = 0  # of these, not sent again
    unreported: int = 0  # by how many frames the number in the audit differs from it
    audit: str = ""
    audit_code: int | None = None
    nodes_agree: bool = True
    counter_sent: int = 0  # Wh
    counter_stored: int = 0
    counter_strange: int = 0  # stored readings that nobody sent, and breaks
    power_made: int = 0  # Wh, stored of the device that sends only its power
    power_most: int = 0  # what it can have been
    told: Counter[str] = field(default_factory=Counter)  # how often, by title
    sum_holds: bool = False
    health: dict[str, object] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        return sum(count for fault, count in self.faults.items() if fault.startswith("kill"))

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return (
            not (self.lost or self.doubled or self.wrong or self.unreported or self.counter_strange)
            and self.counter_stored == self.counter_sent
            and 0 < self.power_made <= self.power_most
            and self.told[BEGINS] > 0 < self.told[ENDS]
            and self.audit_code == (1 if self.gone else 0)
            and self.sum_holds
            and self.nodes_agree
        )

    def text(self) -> str:
        faults = ", ".join(f"{fault} {count}" for fault, count in sorted(self.faults.items()))
        return (
            f"kills {self.kills} ({faults}), frames {self.sent}, rows {self.rows}, excused {self.excused},"
            f" lost {len(self.lost)}, doubled {len(self.doubled)}, wrong {len(self.wrong)};"
            f" removed by the restore {self.removed}, gone {self.gone}, of which the audit misses {self.unreported};"
            f" audit: {self.audit} (exit {self.audit_code});"
            f" counters add up: {'yes' if self.sum_holds else 'no'};"
            f" the nodes agree: {'yes' if self.nodes_agree else 'no'};"
            f" counter {self.counter_stored} of {self.counter_sent} Wh, {self.counter_strange} strange readings;"
            f" power {self.power_made} of at most {self.power_most} Wh; told {dict(self.told)}"
        )


class Devices:
    """A plug with a counter and a roof with its power alone, which send twice a second, also after a broker's kill."""

    def __init__(self, broker: Broker) -> None:
        self.energy = 1000  # Wh
        self.sent = {self.energy}
        self.began = time.monotonic()
        self.settled = 0  # how often the last reading was taken
        self._broker = broker
        self._frozen = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def freeze(self) -> None:
        """Count no more: the last reading is sent again and again."""
        self._frozen.set()

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


class Torture:
    """One run: a rig, a seed, an end; with a pair of databases or with the rig's own."""

    def __init__(self, rig: Processes, seed: int, phone: Ntfy, pair: galera.Cluster | None = None) -> None:
        self._rig = rig
        self._phone = phone
        self._devices = Devices(rig.broker)
        self._pair = pair
        self._random = random.Random(seed)
        self._result = Result()
        self._down: list[tuple[float, float]] = []  # when the reader could not read
        self._since_backup: dict[Identity, int] = {}  # in no table since the restore; by their hour

    def run(self, seconds: float) -> Result:
        with self._devices:
            return self._run(seconds)

    def _run(self, seconds: float) -> Result:
        rig = self._rig
        reader, storer = rig.start_reader(), rig.start_storer()
        wait_until(lambda: self._count() > 0, WITHIN, "the first row", [reader, storer])
        monitor = rig.start_monitor(to=[self._phone.url("house")], language="fr")
        overload_at = time.monotonic() + OVERLOAD_AT * seconds
        end = time.monotonic() + seconds
        due, due_at = "restore backup" if self._pair is None else "kill database", time.monotonic() + DUE_AT * seconds
        faults, weights = list(_FAULTS), list(_FAULTS.values())
        while time.monotonic() < end:
            time.sleep(self._random.uniform(0.2, 2.0))  # the life between two faults
            fault = self._random.choices(faults, weights)[0]
            done = due in self._result.faults
            if not done and time.monotonic() >= due_at:
                fault = due
            if fault.startswith("stop") and (not done or end - time.monotonic() < LONGER_THAN_KEEPALIVE):
                continue
            self._result.faults[fault] += 1
            getattr(self, "_" + fault.replace(" ", "_").replace("-", "_"))()
            for program in (reader, storer, monitor):
                program.check()
            if time.monotonic() >= overload_at:
                self._breaker(LARGE if self._told()[BEGINS] else SMALL)
        self._wait_for_the_end_of_the_overload([reader, storer, monitor])
        return self._judge(reader, storer)

    def _told(self) -> Counter[str]:
        return Counter(
            known for title, _ in self._phone.messages("house") for known in (BEGINS, ENDS) if known in title
        )

    def _breaker(self, kva: int) -> None:
        self._rig.meters[0].breaker = kva

    def _wait_for_the_end_of_the_overload(self, programs: list[Program]) -> None:
        if not self._told()[BEGINS]:
            self._breaker(SMALL)
        wait_until(lambda: self._told()[BEGINS] > 0, SETTLED_WITHIN, "an overload is told", programs)
        self._breaker(LARGE)
        wait_until(lambda: self._told()[ENDS] > 0, SETTLED_WITHIN, "its end is told", programs)

    # -- faults --------------------------------------------------------------------------------------------------------

    def _pause(self) -> None:
        time.sleep(self._random.uniform(0.0, 1.0))  # how long a part stays away

    def _reader(self) -> Program:
        assert self._rig.reader is not None
        return self._rig.reader

    def _storer(self) -> Program:
        assert self._rig.storer is not None
        return self._rig.storer

    def _kill_reader(self) -> None:
        before = time.monotonic() - A_MOMENT
        self._reader().kill()
        self._down.append((before, time.monotonic()))
        self._pause()
        self._reader().start()

    def _restart_reader(self) -> None:
        before = time.monotonic() - A_MOMENT
        self._reader().stop()
        self._down.append((before, time.monotonic()))
        self._reader().start()

    def _kill_storer(self) -> None:
        self._storer().kill()
        self._pause()
        self._storer().start()

    def _restart_storer(self) -> None:
        self._storer().stop()
        self._storer().start()

    def _kill_monitor(self) -> None:
        self._rig.kill("monitor")
        self._pause()
        self._rig.start("monitor")

    def _kill_broker(self) -> None:
        self._rig.broker.kill()
        self._pause()
        self._rig.broker.start()

    def _delete_broker_data(self) -> None:
        self._rig.broker.kill()
        (self._rig.broker.folder / "mosquitto.db").unlink(missing_ok=True)
        self._rig.broker.start()

    def _database(self) -> Database:
        """The database, or either of the pair."""
        if self._pair is None:
            return self._rig.database
        return self._random.choice(self._pair.nodes)

    def _kill_database(self) -> None:
        database = self._database()
        database.kill()
        self._pause()
        if self._pair is None:
            database.start()
        else:
            self._pair.rejoin(database)

    def _database_read_only(self) -> None:
        database = self._database()
        database.sql("SET GLOBAL read_only = 1")
        self._pause()
        database.sql("SET GLOBAL read_only = 0")

    def _restore_backup(self) -> None:
        """Take a backup, and some seconds later go back to it, while everything else runs."""
        database, backup = self._rig.database, self._rig.folder / "backup"
        database.sql("SET GLOBAL read_only = 1")  # what is counted is what the backup has
        saved = set(self._rig.numbered())
        save_data(database, backup)
        programs = [self._reader(), self._storer()]
        wait_until(
            lambda: len(self._rig.numbered().keys() - saved) >= LOST_BY_RESTORE,
            SETTLED_WITHIN,
            "frames that the backup does not have",
            programs,
        )
        # Killed, a reader would find confirmed frames in its journal and send them again; stopped, it has none of them.
        self._restart_reader()
        database.sql("SET GLOBAL read_only = 1")
        hours = (
            f"SELECT identifier, power, UNIX_TIMESTAMP(timestamp) DIV {HOUR} FROM frames JOIN meters ON id = meter_id"
        )
        for meter, number, hour in self._rig.sql(hours):
            if (meter, int(number)) not in saved:
                self._since_backup[meter, int(number)] = int(hour)
        restore_data(database, backup)

    def _cut_line(self) -> None:
        meter = self._random.choice(self._rig.meters)
        meter.cut(self._random.uniform(0.1, 3.0))

    def _disk_full(self) -> None:
        hog = self._rig.spool / "hog"
        try:
            with hog.open("wb") as file:
                while True:
                    file.write(b"\0" * 65536)
        except OSError:
            pass  # that is the point
        self._pause()
        hog.unlink(missing_ok=True)

    def _hang(self, stop: object, resume: object) -> None:
        assert callable(stop)
        assert callable(resume)
        stop()
        time.sleep(LONGER_THAN_KEEPALIVE)  # what a hung part does
        resume()

    def _stop_broker(self) -> None:
        self._hang(self._rig.broker.pause, self._rig.broker.resume)

    def _stop_database(self) -> None:
        database = self._database()
        self._hang(database.pause, database.resume)

    def _stop_storer(self) -> None:
        storer = self._storer()
        self._hang(lambda: storer.send_signal(signal.SIGSTOP), lambda: storer.send_signal(signal.SIGCONT))

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def _count(self) -> int:
        try:
            return int(self._rig.sql("SELECT COUNT(*) FROM frames")[0][0])
        except InstanceError:
            return 0

    def _sent(self) -> dict[Identity, float]:
        return {(meter.address, number): at for meter in self._rig.meters for number, at in meter.sent}

    def _must(self) -> set[Identity]:
        """What must be in the table: what was sent while the reader was reading, unless removed by a restore."""
        return {
            frame
            for frame, at in self._sent().items()
            if frame not in self._since_backup and not any(start <= at <= end for start, end in self._down)
        }

    def _tallied(self) -> set[tuple[str, int]]:
        """Meter and hour of each tally."""
        hours = f"SELECT identifier, UNIX_TIMESTAMP(hour) DIV {HOUR} FROM tallies JOIN meters ON id = meter_id"
        return {(meter, int(hour)) for meter, hour in self._rig.sql(hours)}

    def _settled(self, must: set[Identity]) -> bool:
        """Whether all frames are stored, and the tally of each meter's hour that has ended."""
        return must <= self._rig.numbered().keys() and len({meter for meter, _ in self._tallied()}) == METERS

    def _judge(self, reader: Program, storer: Program) -> Result:
        rig, result = self._rig, self._result
        time.sleep(A_MOMENT)  # the last frames reach the reader
        for meter in rig.meters:
            meter.stop()
        self._devices.freeze()
        if self._pair is not None:
            self._pair.wait_synced()
        must = self._must()
        deadline = time.monotonic() + SETTLED_WITHIN
        while not self._settled(must) and time.monotonic() < deadline:
            reader.check()
            storer.check()
            time.sleep(0.5)  # between two looks
        reader.stop()
        result.health = rig.health("reader")
        delivery = result.health["delivery"]
        assert isinstance(delivery, dict)
        parts = ("confirmed", "rejected", "discarded", "accepted_by_broker", "pending")
        result.sum_holds = delivery["decoded"] == sum(delivery[part] for part in parts)
        settled = self._devices.settled
        wait_until(lambda: self._devices.settled > settled + 2, WITHIN, "the last reading is taken", [storer])
        storer.stop()
        self._judge_sources()
        result.told = self._told()
        rows = self._exported()
        result.sent = len(self._sent())
        result.rows = rows.total()
        result.lost = sorted(must - rows.keys())
        result.doubled = sorted(frame for frame, count in rows.items() if count > 1)
        gone = {frame: hour for frame, hour in self._since_backup.items() if frame not in rows}
        result.removed, result.gone = len(self._since_backup), len(gone)
        result.excused = result.sent - len(must) - len(self._since_backup)
        tallied = self._tallied()
        audit = rig.command("storer", "audit", config=rig.storer_config)
        result.audit, result.audit_code = audit.stdout.strip().rpartition("\n")[2], audit.returncode
        missing = re.search(r"(\d+) frames? missing", result.audit)
        assert missing, audit.stdout + audit.stderr
        result.unreported = abs(int(missing[1]) - sum((meter, hour) in tallied for (meter, _), hour in gone.items()))
        if self._pair is not None:
            rows_of = [node.sql(f"SELECT * FROM {node.name}.frames ORDER BY 1, 2") for node in self._pair.nodes]
            result.nodes_agree = rows_of[0] == rows_of[1]
        return result

    def _judge_sources(self) -> None:
        result, devices, database = self._result, self._devices, client(self._rig.database)
        plug = list(read_source(database, "plug").values())
        energies = [row.energy for row in plug if row.energy is not None]
        result.counter_sent, result.counter_stored = devices.energy, energies[-1] if energies else 0
        result.counter_strange = len(set(energies) - devices.sent) + sum(row.step is not None for row in plug)
        result.counter_strange += energies != sorted(energies)
        roof = [row.energy for row in read_source(database, "roof").values() if row.energy is not None]
        result.power_made = roof[-1] if roof else 0
        result.power_most = round((time.monotonic() - devices.began) * POWER / 3600) + 1

    def _exported(self) -> Counter[Identity]:
        """What `export` gives back: how often each frame; what is not as it was sent is noted as wrong."""
        done = self._rig.command("storer", "export", config=self._rig.storer_config)
        assert done.returncode == 0, done.stderr
        rows: Counter[Identity] = Counter()
        for line in done.stdout.splitlines():
            frame = json.loads(line)
            identity = frame["meter"], frame["frame"]["SINSTS"]
            rows[identity] += 1
            if (frame["frame"]["ADSC"], frame["frame"]["MSG1"]) != (identity[0], message_of(*identity)):
                self._result.wrong.append(identity)
        return rows


def torture(folder: Path, seconds: float, seed: int, broker_config: str, *, pair: bool = False) -> Result:
    """Torture the whole chain for a while, with a spool on a file system that can be filled."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mounted(folder / "spool", "size=24m"))
        rig = Processes(
            folder,
            broker_config=broker_config,
            meters=METERS,
            frames_a_second=FRAMES_A_SECOND,
            first=FIRST,
            database_hosts=(HOST, galera.ANOTHER_HOST) if pair else (HOST,),
        )
        rig.storer_config.write_text(rig.storer_config.read_text() + SOURCES)
        stack.enter_context(rig)
        phone = stack.enter_context(Ntfy(folder / "ntfy"))
        nodes = stack.enter_context(galera.Cluster(rig.database, folder)) if pair else None
        # The reader's hour has so long to go that it ends in the run.
        rig.clock_ahead = (-time.time() - HOUR_ENDS_AT * seconds) % HOUR
        return Torture(rig, seed, phone, nodes).run(seconds)

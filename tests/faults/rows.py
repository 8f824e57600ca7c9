"""When and what: the faults that need processes and a proxy on each link."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from reader.buffer.spool import Spool
from tests.faults.counted import A_MOMENT, WITHIN
from tests.faults.disk import fill, remount
from tests.faults.gate import gate
from tests.faults.home import Row
from tests.faults.network import BEGINS, CUTS, ENDS, HOUR, IN_FLIGHT, LARGE, NOTICED, PAGE, SMALL, Network
from tests.support.programs import Program, wait_until
from tests.support.proxy import WithoutPuback
from tests.support.servers import restore_data, save_data

CLOCK_STEP = float(HOUR)  # seconds: at whatever minute, an hour ends with it, and goes on afterwards
CHANCE = random.Random(4)

# -- when --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def broker_hanging(home: Network) -> Iterator[None]:
    home.delivery.broker.pause()
    try:
        home.counted.frames_that_count()
        yield
    finally:
        home.delivery.broker.resume()


@contextlib.contextmanager
def before_commit(home: Network) -> Iterator[None]:
    """The storer waits for the answer to a statement."""
    with gate(home.delivery.database, "TRUE") as wait_until_stuck:
        wait_until_stuck()
        yield
        if home.delivery.database.process is None:
            home.start("database")  # to take the gate away


@contextlib.contextmanager
def database_hanging(home: Network) -> Iterator[None]:
    with before_commit(home):
        home.delivery.database.pause()
        try:
            yield
        finally:
            home.delivery.database.resume()


@contextlib.contextmanager
def database_and_broker_hanging(home: Network) -> Iterator[None]:
    with database_hanging(home), broker_hanging(home):
        yield


@contextlib.contextmanager
def after_commit(home: Network) -> Iterator[None]:
    """Rows are there, and what the storer says of them does not arrive."""
    rows = home.rows()
    home.storer_link.stall("up")
    try:
        wait_until(lambda: home.rows() > rows + 5, WITHIN, "rows", home.programs)
        yield
    finally:
        home.storer_link.release()


# -- what: programs and servers ----------------------------------------------------------------------------------------


def ends(home: Network, parts: tuple[str, ...], times: int) -> dict[str, int]:
    """Send SIGTERM to programs, so often; return their exit codes."""
    programs = [program for program in home.programs if program.name in parts]

    def terminate(*_: str) -> None:
        for _time in range(times):
            for program in programs:
                program.send_signal(signal.SIGTERM)
            wait_until(lambda: all(map(signal_is_taken, programs)), WITHIN, "the signal is taken")

    home.end(terminate, parts)
    # By its exit code each tells whether that took it longer than SHUTDOWN_TIMEOUT, stalls of this machine apart.
    return {program.name: program.wait(WITHIN) for program in programs}


def signal_is_taken(program: Program) -> bool:
    """Whether the SIGTERM is not pending any more: a second one would be one with it."""
    with contextlib.suppress(FileNotFoundError, KeyError):
        pending = [int(value, 16) for name, value in program.status().items() if name.endswith("Pnd")]
        return not any(bits >> (signal.SIGTERM - 1) & 1 for bits in pending)
    return True  # it has ended


def terminate(home: Network, row: Row) -> None:
    assert_codes(ends(home, row.whom, 1), row)


def terminate_twice(home: Network, row: Row) -> None:
    assert_codes(ends(home, row.whom, 2), row)


def assert_codes(codes: Mapping[str, int], row: Row) -> None:
    for part, code in codes.items():
        assert code in row.codes.get(part, {0}), codes


def kill_as_it_starts(home: Network, row: Row) -> None:
    """Four times, ever later in its start."""
    home.kill(*row.whom)
    for number in range(4):
        home.start(*row.whom)
        time.sleep(0.3 * number)  # the moment of the kill
        home.kill(*row.whom)


def kill_as_it_stops(home: Network, row: Row) -> None:
    (program,) = (program for program in home.programs if program.name in row.whom)
    home.end(lambda *_: program.send_signal(signal.SIGTERM), row.whom)
    wait_until(lambda: signal_is_taken(program), WITHIN, "the signal is taken")
    program.kill()


def kill_as_it_alerts(home: Network, row: Row) -> None:
    """An overload begins; meanwhile the monitor is killed again and again. Its end is told minutes later."""
    home.delivery.meters[0].breaker = SMALL
    for number in itertools.takewhile(lambda _: not home.alerts()[BEGINS], itertools.count(1)):
        time.sleep(CHANCE.uniform(0.2, 4.0 * number))  # the moment of the kill
        home.kill(*row.whom)
        home.start(*row.whom)
    home.delivery.meters[0].breaker = LARGE
    home.told |= {BEGINS: 1, ENDS: 1}


def delete_its_data(home: Network, _: Row) -> None:
    """Without them no session is left, which the storer says in a line."""
    said = home.storer.count(" WARNING No session on the broker")
    home.kill("broker")
    (home.delivery.broker.folder / "mosquitto.db").unlink(missing_ok=True)
    home.go_on()
    assert home.storer.count(" WARNING No session on the broker") == said + 1


def make_read_only(home: Network, _: Row) -> None:
    """As a node of a cluster that has lost the others: it accepts connections, and rejects writes."""
    home.delivery.database.sql("SET GLOBAL read_only = 1")
    home.counted.frames_that_count()
    home.delivery.database.sql("SET GLOBAL read_only = 0")


def hang(home: Network, row: Row) -> None:
    """Longer than two keepalives of 15 s, or shorter."""
    (part,) = row.whom
    servers = {"broker": home.delivery.broker, "database": home.delivery.database}
    pause = servers[part].pause if part in servers else lambda: home.storer.send_signal(signal.SIGSTOP)
    resume = servers[part].resume if part in servers else lambda: home.storer.send_signal(signal.SIGCONT)
    pause()
    time.sleep(CHANCE.choice((5.0, 40.0)))  # what a hung part does
    resume()


def set_the_clock(home: Network, _: Row) -> None:
    """The reader's clock is ahead for a while, and is set back."""
    for ahead in (CLOCK_STEP, 0.0):
        home.stop("reader")
        home.delivery.set_clock(ahead)
        home.go_on()


def restore_an_earlier_state(home: Network, _: Row) -> None:
    """Take a backup, and some seconds later go back to it, while everything else runs."""
    database, backup = home.delivery.database, home.delivery.folder / "backup"
    database.sql("SET GLOBAL read_only = 1")  # what is counted is what the backup has
    saved = set(home.counted.rows())
    save_data(database, backup)
    wait_until(lambda: len(home.counted.rows().keys() - saved) >= 60, WITHIN, "frames that it lacks", home.programs)
    # Killed, a reader would find confirmed frames in its journal and send them again; stopped, it has none of them.
    home.stop("reader")
    database.sql("SET GLOBAL read_only = 1")
    query = f"SELECT identifier, power, UNIX_TIMESTAMP(timestamp) DIV {HOUR} FROM frames JOIN meters ON id = meter_id"
    stored = {(meter, int(number)): int(hour) for meter, number, hour in home.delivery.sql(query)}
    home.gone |= {frame: hour for frame, hour in stored.items() if frame not in saved}
    home.counted.given_up |= home.gone.keys()
    restore_data(database, backup)


# -- what: disks -------------------------------------------------------------------------------------------------------


def fill_the_disk_of_the_database(home: Network, _: Row) -> None:
    reader, disk = home.reader, home.delivery.database.folder
    stalled, online = reader.count("Storer rig is stalled"), reader.count("Storer rig is online")
    fill(disk)
    try:
        wait_until(lambda: reader.count("Storer rig is stalled") > stalled, WITHIN, "it stalls", home.programs)
        home.counted.frames_that_count()
    finally:
        (disk / "hog").unlink()
    wait_until(lambda: reader.count("Storer rig is online") > online, WITHIN, "it is back", home.programs)
    assert home.delivery.sql("SELECT COUNT(*) FROM rejected_messages") == [["0"]]
    [line] = home.storer.lines("WARNING database ", "is full (1114)")
    assert "free space" in line


def fill_the_disk_of_the_spool(home: Network, _: Row) -> None:
    fill(home.delivery.spool)
    try:
        stop_with_a_spool_of_no_use(home)
    finally:
        (home.delivery.spool / "hog").unlink()


def fill_the_disk_of_the_spool_for_a_moment(home: Network, _: Row) -> None:
    fill(home.delivery.spool)
    home.counted.frames_that_count()
    (home.delivery.spool / "hog").unlink()


def make_the_spool_read_only(home: Network, _: Row) -> None:
    remount(home.delivery.spool, "ro")
    try:
        stop_with_a_spool_of_no_use(home)
    finally:
        remount(home.delivery.spool, "rw")


def stop_with_a_spool_of_no_use(home: Network) -> None:
    """What nobody has confirmed cannot leave the journal at the stop, and arrives out of it."""
    before = home.reader.count("they stay in the journal")
    home.counted.frames_that_count()
    home.stop("reader")
    assert home.reader.count("they stay in the journal") > before
    assert not list(home.delivery.spool.glob("spool.sqlite"))
    sent = home.counted.expected().keys()
    home.go_on()
    # Sent one by one, each 30 s again: of those a broker that keeps ten messages drops what a busy storer cannot take.
    wait_until(lambda: sent <= home.counted.rows().keys(), 4 * WITHIN, "they arrive, out of the journal", home.programs)


def damage_the_spool(home: Network, _: Row) -> None:
    """A page in the middle of it is overwritten: every readable block arrives, the file is set aside."""
    spool, aside = home.delivery.spool, home.reader.count("is set aside as")
    stored = home.counted.rows().keys()
    home.kill("broker")  # with what it keeps
    for _time in range(4):
        home.burst(480)
        home.stop("reader")  # it writes what nobody has confirmed to the disk
        if _time < 3:
            home.start("reader")
    whole = frames_in(spool)
    with (spool / "spool.sqlite").open("r+b") as file:
        file.seek(4 * PAGE)
        file.write(b"\0" * PAGE)
    safe = frames_in(spool)
    assert len(whole) > len(safe) > len(whole) // 2
    assert safe <= whole
    home.damaged |= whole - safe - stored
    home.counted.given_up |= home.damaged
    home.go_on()
    wait_until(lambda: safe <= home.counted.rows().keys(), WITHIN, "all that is readable arrives", home.programs)
    wait_until(lambda: not (spool / "spool.sqlite").exists(), WITHIN, "what is confirmed is deleted", home.programs)
    assert home.reader.count("is set aside as") == aside + 1
    assert home.damaged.isdisjoint(home.counted.rows())
    (spool / "spool.sqlite.unusable.1").unlink()


def frames_in(spool: Path) -> set[tuple[str, int]]:
    """Return the frames that a start of the reader would find."""
    copy = spool.with_name("copy")
    shutil.copytree(spool, copy)
    found = Spool(copy, max_size=64_000_000)
    found.open()
    items = [item for block in found.undelivered() for item in found.read(block)]
    found.close()
    shutil.rmtree(copy)
    numbers = ((item.meter, item.payload.partition(b'"SINSTS": ')[2].partition(b",")[0]) for item in items)
    return {(meter, int(number)) for meter, number in numbers if number}


def leave_alone(home: Network, _: Row) -> None:
    """Frames that are confirmed cost no disk anything."""

    def written() -> list[tuple[str, int]]:
        spool = home.delivery.spool  # in memory here
        changes = [(str(path), path.stat().st_mtime_ns) for path in (spool, *spool.rglob("*"))]
        return [("reader", bytes_written(home.reader.pid)), *changes]

    mine = bytes_written(os.getpid())
    (home.delivery.folder / "written").write_bytes(b"x" * 65_536)
    assert bytes_written(os.getpid()) - mine >= 65_536, "what is written here is not counted"
    home.reader.wait_for_log("Storer rig is online")  # its name is on the disk then
    rows, before = home.rows(), written()
    wait_until(lambda: home.rows() > rows + 250, WITHIN, "250 rows more", home.programs)
    assert written() == before


def bytes_written(process: int) -> int:
    """Return how many bytes a process has had written to any disk."""
    lines = Path(f"/proc/{process}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


# -- what: links -------------------------------------------------------------------------------------------------------


def cut_a_line(home: Network, _: Row) -> None:
    CHANCE.choice(home.delivery.meters).cut(CHANCE.uniform(0.1, 3.0))


def cut(home: Network, _: Row) -> None:
    """Slow, and cut in the middle of a packet, again and again, both ways."""
    for link in home.links:
        link.delay = 0.02
    cuts = [link.cuts for link in home.links]
    for number in range(CUTS):
        opened = [link.opened for link in home.links]
        for link in home.links:
            link.cut("up" if number % 2 else "down")
        wait_until(lambda: not any(link.about_to_cut for link in home.links), WITHIN, "all are cut", home.programs)
        wait_until(
            lambda before=opened: all(link.opened > now for link, now in zip(home.links, before, strict=True)),  # type: ignore[misc]
            WITHIN,
            "all are back",
            home.programs,
        )
    assert [link.cuts - was for link, was in zip(home.links, cuts, strict=True)] == [CUTS] * 3
    for link in home.links:
        link.delay = 0.0


def refuse(home: Network, _: Row) -> None:
    refused = [program.count("cannot be reached") for program in home.programs]
    for link in home.links:
        link.refuse()
    wait_until(
        lambda: all(each.count("cannot be reached") > was for each, was in zip(home.programs, refused, strict=True)),
        WITHIN,
        "both notice that they are refused",
        home.programs,
    )
    connected = [program.count("Connected to the broker") for program in home.programs]
    for link in home.links:
        link.admit()
    # After so many cuts a connection is reported, and its loss, only once it has lasted.
    wait_until(
        lambda: all(
            each.count("Connected to the broker") > was for each, was in zip(home.programs, connected, strict=True)
        ),
        WITHIN,
        "the connections have lasted",
        home.programs,
    )


def stall(home: Network, _: Row) -> None:
    """All stall, longer than their time-outs: the reader's both ways, the others only on the way down.

    So does a gateway before a meter, which goes silent without a word: its port is opened afresh.
    """
    reader, storer = home.reader, home.storer
    lost = "The connection to the broker"
    before = reader.count(lost), storer.count(lost), storer.count("(2013)")
    opened, began = home.line.opened, time.monotonic()
    home.line.stall("down")
    home.database_link.stall("down")
    home.counted.frames_that_count()
    home.reader_link.stall()
    home.storer_link.stall("down")

    def noticed() -> bool:
        now = reader.count(lost), storer.count(lost), storer.count("(2013)")
        return all(count > was for count, was in zip(now, before, strict=True))

    wait_until(noticed, NOTICED, "the stall is noticed by all", home.programs)
    for link in home.links:
        link.release()
    wait_until(lambda: home.line.opened > opened, NOTICED, "the port is opened afresh", home.programs)
    home.counted.forget(home.delivery.meters[0], began - A_MOMENT)
    home.line.release()


def acknowledge_nothing(home: Network, _: Row) -> None:
    """The word of a storer is enough, also for more frames than may be in flight."""
    opened, rows = without_pubacks(home), home.rows()
    home.burst(2 * IN_FLIGHT)
    wait_until(lambda: home.rows() > rows + 2 * IN_FLIGHT, WITHIN, "rows", home.programs)
    assert home.reader_link.opened == opened, "it has connected afresh"
    home.reader_link.filter = None
    home.reader_link.drop()


def acknowledge_and_confirm_nothing(home: Network, _: Row) -> None:
    """The reader leaves such a connection after a minute, and says why."""
    opened, said = without_pubacks(home), len(home.reader.lines(" WARNING ", "PUBACK"))
    home.burst(IN_FLIGHT + 200)
    home.reader_link.filter = None  # the next connection is a good one
    wait_until(lambda: home.reader_link.opened > opened, WITHIN, "it connects afresh", [home.reader])
    assert len(home.reader.lines(" WARNING ", "PUBACK")) == said + 1


def without_pubacks(home: Network) -> int:
    """Let the reader connect anew, without what acknowledges its frames; return how many connections there were."""
    opened, home.reader_link.filter = home.reader_link.opened, WithoutPuback
    home.reader_link.drop()
    wait_until(lambda: home.reader_link.opened > opened, WITHIN, "it connects again", home.programs)
    return home.reader_link.opened

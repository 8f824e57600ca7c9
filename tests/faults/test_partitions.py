"""The network between reader, broker, storer and database stalls, refuses and cuts, and costs no frame."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig
from tests.support.programs import wait_until
from tests.support.proxy import Proxy

CUTS = 6
BACK = 120.0  # seconds: a connection that breaks soon is tried again after up to half a minute
NOTICED = 90.0  # seconds: keepalive is 15 s, a statement of the database may take 30 s
SETTLED = 180.0  # seconds: what was under way in the last cut is overdue after 30 s


class Partition:
    """The rig with a proxy on each of its three links."""

    def __init__(self, folder: Path) -> None:
        self.reader_link, self.storer_link, self.database_link = self.links = (Proxy(), Proxy(), Proxy())
        self.rig = Rig(
            folder,
            broker_ports=(self.reader_link.port, self.storer_link.port),
            database_port=self.database_link.port,
        )
        self.reader_link.target = self.storer_link.target = self.rig.broker.port
        self.database_link.target = self.rig.database.port


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    partition = Partition(tmp_path)
    reader_link, storer_link, database_link = partition.links
    with reader_link, storer_link, database_link, partition.rig:
        yield partition


def test_every_frame_has_its_row_whatever_the_network_does(partition: Partition) -> None:
    rig, links = partition.rig, partition.links
    meter = rig.meter
    assert meter is not None
    programs = reader, storer = rig.start_reader(), rig.start_storer()
    wait_until(lambda: storer.count("Ready") > 0 and bool(rig.rows()), 60, "a row", programs)

    # Slow, and cut in the middle of a packet, again and again, both ways.
    for link in links:
        link.delay = 0.02
    for number in range(CUTS):
        opened = [link.opened for link in links]
        for link in links:
            link.cut("up" if number % 2 else "down")
        wait_until(lambda: not any(link.about_to_cut for link in links), BACK, "all are cut", programs)
        wait_until(
            lambda before=opened: all(link.opened > now for link, now in zip(links, before, strict=True)),  # type: ignore[misc]
            BACK,
            "all are back",
            programs,
        )
    assert [link.cuts for link in links] == [CUTS] * 3
    for link in links:
        link.delay = 0.0

    # Refused.
    refused = [program.count("cannot be reached") for program in programs]
    for link in links:
        link.refuse()
    wait_until(
        lambda: all(each.count("cannot be reached") > was for each, was in zip(programs, refused, strict=True)),
        BACK,
        "both notice that they are refused",
        programs,
    )
    connected = [program.count("Connected to the broker") for program in programs]
    for link in links:
        link.admit()
    rows = len(rig.rows())
    wait_until(lambda: len(rig.rows()) > rows + 100, BACK, "rows are made again", programs)
    # After so many cuts a connection is reported, and its loss, only once it has lasted.
    wait_until(
        lambda: all(each.count("Connected to the broker") > was for each, was in zip(programs, connected, strict=True)),
        BACK,
        "the connections have lasted",
        programs,
    )

    # All three stall, longer than their time-outs: the reader's both ways, the others only on the way down.
    connection_lost = "The connection to the broker"
    before = reader.count(connection_lost), storer.count(connection_lost), storer.count("(2013)")
    began = time.monotonic()
    partition.database_link.stall("down")
    waiting = len(meter.sent) - len(rig.rows())
    wait_until(lambda: len(meter.sent) - len(rig.rows()) > waiting + 30, BACK, "a statement has no answer", programs)
    partition.reader_link.stall()
    partition.storer_link.stall("down")
    noticed: dict[str, float] = {}

    def all_noticed() -> bool:
        now = time.monotonic() - began
        if reader.count(connection_lost) > before[0]:
            noticed.setdefault("reader", now)
        if storer.count(connection_lost) > before[1]:
            noticed.setdefault("storer", now)
        if storer.count("(2013)") > before[2]:
            noticed.setdefault("database", now)
        return len(noticed) == 3

    try:
        wait_until(all_noticed, NOTICED, "the stall is noticed by all", programs)
    finally:
        print("noticed after", {name: f"{seconds:.1f} s" for name, seconds in noticed.items()})
    for link in links:
        link.release()
    rows = len(rig.rows())
    wait_until(lambda: len(rig.rows()) > rows + 30, BACK, "rows are made again", programs)

    # What the meter sent, and nothing else.
    meter.stop()
    began = time.monotonic()
    sent = {number for number, _ in meter.sent}
    # Not only stored: a confirmation that was lost comes again with its frame.
    wait_until(
        lambda: rig.confirmed() == len(sent),
        SETTLED,
        "everything is confirmed",
        programs,
    )
    print(f"settled {time.monotonic() - began:.1f} s after the last frame; {len(sent)} frames")
    assert reader.stop() == 0
    assert storer.stop() == 0
    counted = rig.rows()
    assert counted.keys() == sent
    assert set(counted.values()) == {1}
    delivery = rig.health("reader")["delivery"]
    assert isinstance(delivery, dict)
    assert delivery["decoded"] == delivery["confirmed"] == len(sent)
    assert (delivery["pending"], delivery["discarded"], delivery["rejected"]) == (0, 0, 0)
    print("replayed", delivery["replayed"], "of", len(sent), "; cuts", [link.cuts for link in links])

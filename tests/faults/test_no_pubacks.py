"""Connections on which the broker acknowledges nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Processes
from tests.support.programs import wait_until
from tests.support.proxy import Proxy, WithoutPuback

WITHIN = 120.0  # seconds, for what should take a few
IN_FLIGHT = 1000  # frames that a broker may leave unanswered
UNANSWERED_WITHIN = 180.0  # seconds; after 60 a connection that is not answered is given up


@pytest.fixture
def without_pubacks(tmp_path: Path) -> Iterator[tuple[Processes, Proxy]]:
    """A rig whose reader never gets a PUBACK, with a fast meter."""
    with Proxy() as link, Processes(tmp_path, frames_a_second=240.0) as rig:
        text = rig.reader_config.read_text()
        rig.reader_config.write_text(text.replace(f"port: {rig.broker.port}", f"port: {link.port}"))
        link.target = rig.broker.port
        link.filter = WithoutPuback
        yield rig, link


def test_a_storer_s_confirmation_is_enough_where_the_broker_acknowledges_nothing(
    without_pubacks: tuple[Processes, Proxy],
) -> None:
    rig, link = without_pubacks
    storer = rig.start_storer()
    storer.wait_for_log("Connected to the broker")  # what nobody is there to confirm stays in flight
    programs = storer, rig.start_reader()
    wait_until(lambda: len(rig.rows()) > 2 * IN_FLIGHT, WITHIN, "rows beyond what may be in flight", programs)
    assert link.opened == 1, "it has connected afresh"


def test_a_reader_leaves_a_connection_on_which_nothing_is_acknowledged(
    without_pubacks: tuple[Processes, Proxy],
) -> None:
    rig, link = without_pubacks
    storers = rig.folder / "spool" / "storers"
    storers.mkdir(parents=True)
    (storers / "rig").touch()  # a storer that was seen before
    reader, meter = rig.start_reader(), rig.meter
    assert meter is not None
    wait_until(lambda: len(meter.sent) > IN_FLIGHT + 200, WITHIN, "more frames than may be in flight", [reader])
    meter.stop()
    link.filter = None  # the next connection is a good one
    wait_until(lambda: link.opened > 1, UNANSWERED_WITHIN, "it connects afresh", [reader])
    warnings = reader.lines(" WARNING ", "PUBACK")
    assert len(warnings) == 1, warnings
    storer = rig.start_storer()
    must = {number for number, _ in meter.sent}
    wait_until(
        lambda: bool(rig.sql("SHOW TABLES LIKE 'tallies'")) and must <= rig.rows().keys(),
        UNANSWERED_WITHIN,
        "all of it arrives",
        [reader, storer],
    )

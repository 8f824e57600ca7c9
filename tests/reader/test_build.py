"""The composition of a reader from its configuration, with its real parts."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotReady
from common.mqtt.session import Session
from common.runtime.shutdown import StopEvent
from reader.build import build_reader
from reader.config import ReaderConfig, ReaderMqtt, SpoolConfig
from reader.line.timestamps import RESIDUES
from reader.line.worker import LineWorker
from tests.support.programs import WITHIN, wait_until


def config(folder: Path) -> ReaderConfig:
    return ReaderConfig(
        name="pi",
        port=("simulate://historic-single-phase-base", "/dev/ttyUSB0"),
        mqtt=ReaderMqtt(host="127.0.0.1", port=1),
        spool=SpoolConfig(journal=folder / "journal", path=folder / "spool"),
    )


def test_the_parts_fit_together_and_a_reader_that_is_stopped_at_once_ends(tmp_path: Path) -> None:
    stop = StopEvent()
    stop.set()
    for _ in range(2):  # journal and spool are released
        build_reader(config(tmp_path), stop).run()
    wait_until(
        lambda: all(thread.name != "mqtt" for thread in threading.enumerate()), WITHIN, "nothing tries to connect"
    )


def test_two_lines_never_give_frames_the_same_timestamp_and_a_restart_probably_not(tmp_path: Path) -> None:
    residues: list[int] = []

    class Line(LineWorker):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            timestamp, _ = options["time_source"].timestamp(time.monotonic())
            residues.append(timestamp.microsecond % 1000 % RESIDUES)

    stop = StopEvent()
    stop.set()
    for _ in range(20):
        build_reader(config(tmp_path), stop, line_class=Line).run()
    assert {(other - one) % RESIDUES for one, other in zip(residues[::2], residues[1::2], strict=True)} == {8}
    assert len(set(residues[::2])) > 4


def test_a_spool_in_use_by_another_reader_raises_not_ready_and_releases_the_journal(tmp_path: Path) -> None:
    settings = config(tmp_path)
    stop = StopEvent()
    first = build_reader(settings, stop)
    other = replace(settings, spool=SpoolConfig(journal=tmp_path / "other", path=tmp_path / "spool"))
    for _ in range(2):
        with pytest.raises(NotReady, match=r"spool\.path"):
            build_reader(other, StopEvent())
    stop.set()
    first.run()  # closes its files


def test_a_port_that_is_a_topic_is_subscribed_as_its_publisher_has_it(tmp_path: Path) -> None:
    subscribed: list[str] = []

    class Subscribing(Session):
        def subscribe(self, filters: Iterable[str]) -> None:
            subscribed.extend(filters)

    stop = StopEvent()
    stop.set()
    ports = ("mqtt:zigbee2mqtt/Linky", "mqtt:TICMeter/AB12CD", "mqtt:node/sensor/+/state?unit=Wh&linky_east=EAST")
    build_reader(replace(config(tmp_path), port=ports), stop, session_class=Subscribing).run()
    assert subscribed == ["zigbee2mqtt/Linky", "TICMeter/AB12CD/+", "node/sensor/+/state"]

"""Two storers that both store everything, on two nodes: their conflicts cost no row."""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.scale.cell import WITHIN, Cell
from tests.scale.kinds_of_death import survive
from tests.support.frames import DAY, standard
from tests.support.mqtt_client import MqttClient
from tests.support.programs import wait_until
from tests.support.servers import Database, waiting_for_rows
from tests.support.storing import client

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def cell(empty_cell: Cell) -> Iterator[Cell]:
    with empty_cell.storing(2, wait="1s"):
        yield empty_cell


# Before the faults: after them both may be at one node.
def test_a_transaction_that_loses_a_conflict_is_tried_again_with_all_its_rows(cell: Cell) -> None:
    first, second = cell.storers
    node = cell.cluster.nodes[1]  # of the second
    at = DAY.replace(microsecond=1)
    frames = [replace(standard(SINSTS=power), meter="conflict", timestamp=at + power * SECOND) for power in range(3)]

    def stored(node: Database | None = None) -> str:
        rows = "SELECT power FROM frames JOIN meters ON id = meter_id WHERE identifier = 'conflict' ORDER BY timestamp"
        return cell.ask(rows, node).replace("\n", " ").strip()

    with MqttClient(cell.broker.port) as mqtt, contextlib.closing(client(node).connect()) as somebody:
        mqtt.publish("teleinfo/conflict/frame", frames[0].to_json())
        wait_until(lambda: stored(node) == "0", WITHIN, "the meter is known", cell.storers)
        # The last row is taken, so the second storer waits when it has written the one before. The first commits both.
        somebody.execute("BEGIN")
        taken = somebody.execute(
            "INSERT INTO frames (timestamp, meter_id, label_set_id) SELECT timestamp + INTERVAL 2 SECOND, meter_id,"
            " label_set_id FROM frames JOIN meters ON id = meter_id WHERE identifier = 'conflict'"
        )
        assert taken == 1
        os.kill(first.pid, signal.SIGSTOP)
        try:
            for frame in frames[1:]:
                mqtt.publish("teleinfo/conflict/frame", frame.to_json())
            wait_until(lambda: waiting_for_rows(node) > 0, WITHIN, "the second storer waits", [second])
        finally:
            os.kill(first.pid, signal.SIGCONT)
        second.wait_for_log(r"\((1213|1020)\); trying again", within=WITHIN)
    wait_until(lambda: stored() == "0 1 2", WITHIN, "all rows are stored", cell.storers)
    cell.nothing_is_lost_or_doubled()
    assert cell.rig.sql("SELECT COUNT(*) FROM rejected_messages") == [["0"]]


@pytest.mark.parametrize("fault", ["the first is killed", "two of three are dead and come back"])
def test_nothing_is_lost_or_doubled(cell: Cell, fault: str) -> None:
    survive(cell, fault)

"""A meter that arrives decoded, from the broker to the rows: a house published as zigbee2mqtt would."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from tests.services.test_reader import ReaderSetup
from tests.services.test_storer import StorerSetup
from tests.support.mqtt_client import listen
from tests.support.programs import WITHIN, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import client, exported

METER = "021961000001"


@pytest.fixture
def reader(broker: Broker, tmp_path: Path) -> Iterator[ReaderSetup]:
    with (
        listen(broker) as mqtt,
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        ReaderSetup(broker, mqtt, tmp_path, Path(memory)) as reader,
    ):
        reader.settings["port"] = f"mqtt:{topic(reader)}"
        yield reader


def topic(reader: ReaderSetup) -> str:
    return f"zigbee2mqtt/{reader.id}"


def message(power: int, **changes: Any) -> dict[str, Any]:
    """A message of a ZLinky in standard mode, Tempo; registers in kWh with two decimals."""
    return {
        "meter_serial_number": METER, "site_id": "12345678901234", "linkquality": 120,
        "current_tarif": "TEMPO", "current_price": "HP  BLEU", "current_index_tarif": 2, "available_power": 9,
        "current_summ_delivered": 30.51, "current_tier1_summ_delivered": 10.25, "current_tier2_summ_delivered": 20.26,
        "apparent_power": power, "rms_current": 2, "rms_voltage": 231,
    } | changes  # fmt: skip


def send(reader: ReaderSetup, content: dict[str, Any], *, retain: bool = False) -> None:
    """Publish a message, and wait for the frame that comes of it."""
    power, before = content["apparent_power"], len(reader.frames(METER))
    reader.mqtt.publish(topic(reader), json.dumps(content), retain=retain)
    assert reader.mqtt.wait(lambda: len(reader.frames(METER)) > before), reader.text()
    assert reader.frames(METER)[-1]["frame"]["SINSTS"] == power


def listening(reader: ReaderSetup) -> None:
    """Start the reader, and wait until it has subscribed."""
    before = reader.count("Listening on mqtt:")
    health = len(reader.published("reader", reader.id, "health"))
    reader.start()
    wait_until(lambda: reader.count("Listening on mqtt:") > before, WITHIN, "it listens", [reader])
    # It subscribes when the broker has accepted it, and publishes its health then.
    assert reader.mqtt.wait(lambda: len(reader.published("reader", reader.id, "health")) > health), reader.text()


def test_a_house_that_zigbee2mqtt_publishes_becomes_frames_and_rows(
    reader: ReaderSetup, broker: Broker, fresh_database: Server, tmp_path: Path
) -> None:
    (tmp_path / "storer").mkdir()
    with StorerSetup(broker, fresh_database, reader.mqtt, tmp_path / "storer") as storer:
        storer.base = storer.settings["mqtt"]["topic"] = reader.base
        storer.start_online()
        listening(reader)
        send(reader, message(430))
        assert reader.mqtt.wait(lambda: reader.published(METER, "link") == [b"online"])
        faulty = {"current_summ_delivered": 0, "current_tier1_summ_delivered": None, "rms_voltage": 65535}
        send(reader, message(440, **faulty))
        send(reader, message(450, current_summ_delivered=30.52, current_tier2_summ_delivered=20.27))
        frames = reader.frames(METER)
        expected = {"meter", "timestamp", "mode", "frame", "source", "interval"}
        assert [frame.keys() - {"host_clock"} for frame in frames] == [expected] * 3
        assert {frame["source"] for frame in frames} == {"zigbee2mqtt"}
        assert [frame["frame"].get("EAST") for frame in frames] == [30_510, None, 30_520]
        assert [frame["frame"].get("EASF01") for frame in frames] == [10_250, None, 10_250]
        assert [frame["frame"].get("URMS1") for frame in frames] == [231, None, 231]
        storer.wait_until_confirmed([Frame.from_json(json.dumps(frame).encode()) for frame in frames])
        assert [json.loads(row) for row in exported(client(fresh_database))] == frames
    health = json.loads(reader.published("reader", reader.id, "health")[-1])
    (line,) = health["lines"]
    assert (line["port"], line["open"]) == (f"mqtt:{topic(reader)}", True)


def test_after_a_restart_what_the_broker_has_retained_is_not_new_and_what_was_believed_still_counts(
    reader: ReaderSetup,
) -> None:
    listening(reader)
    send(reader, message(430), retain=True)
    assert reader.stop() == 0
    reader.wait_for_offline()
    assert reader.published(METER, "link") == [b"online", b"offline"]
    listening(reader)  # the message is retained: it may be of any age
    send(reader, message(440, current_summ_delivered=0.0), retain=True)
    first, second = reader.frames(METER)
    assert "EAST" in first["frame"]
    assert "EAST" not in second["frame"]  # it remembers what it believed before
    assert second["frame"]["EASF02"] == first["frame"]["EASF02"]
    assert first["timestamp"] < second["timestamp"]

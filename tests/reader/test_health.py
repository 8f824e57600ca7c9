"""The reader's health: evaluated for the watchdog and the status text.

The next steps for users of the containers.
"""

import math
from typing import Any

import pytest

from common.settings.config import Broker
from reader.health import FRAME_TIMEOUT, NOISE_TIMEOUT, STALL_TIMEOUT, HealthCheck, Welcome
from reader.line.health import LineHealth, Problem

NOW = 10_000.0


def line(*, loop: float = 0.5, byte: float = 0.5, frame: float = 1.0, **more: Any) -> LineHealth:
    """A line that gives frames; times are seconds ago."""
    return LineHealth(
        **{"port": "/dev/ttyAMA0", "open": True, "meter": "031961123456", "frames": 100, **more},
        last_loop_at=NOW - loop,
        last_byte_at=NOW - byte,
        last_frame_at=NOW - frame,
    )


def silent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, byte=math.inf, frame=math.inf, frames=0, meter=None)


def absent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, open=False, byte=math.inf, frame=math.inf, frames=0, meter=None)


def evaluate(*lines: LineHealth, connected: bool = True, last_activity: float = 1.0) -> tuple[bool, bool]:
    health = HealthCheck().evaluate(lines, connected=connected, last_activity=NOW - last_activity, pending=0, now=NOW)
    return health.alive, health.healthy


def test_with_frames_and_a_broker_the_reader_is_healthy() -> None:
    assert evaluate(line()) == (True, True)


@pytest.mark.parametrize("other", [silent(), absent()], ids=["silent", "absent"])
def test_one_line_with_frames_is_enough(other: LineHealth) -> None:
    assert evaluate(line(), other) == (True, True)
    assert evaluate(other) == (True, False)  # known to be so: a clean start would change nothing


def test_a_reader_that_waits_for_the_choice_of_its_port_is_healthy_and_says_so() -> None:
    assert evaluate() == (True, True)
    assert evaluate(connected=False) == (True, False)
    health = HealthCheck().evaluate([], connected=True, last_activity=NOW, pending=0, now=NOW)
    assert "no port chosen" in health.status_text


def test_without_a_broker_it_is_alive_but_not_healthy() -> None:
    assert evaluate(line(), connected=False) == (True, False)


def test_after_half_a_minute_without_frames_it_is_not_healthy() -> None:
    assert evaluate(line(frame=29))[1]
    assert not evaluate(line(frame=31, byte=31))[1]


def test_a_meter_that_sends_each_ten_minutes_is_healthy_in_between_and_its_messages_are_no_noise() -> None:
    decoded = {"source": "zigbee2mqtt", "interval": 600}
    assert evaluate(line(frame=1200, byte=1200, lost_after=1800, decoded=decoded)) == (True, True)
    assert evaluate(line(frame=1900, byte=1, lost_after=1800, decoded=decoded)) == (True, False)


def test_a_meter_that_sends_each_ten_minutes_is_healthy_until_its_first_message_could_have_come() -> None:
    topic = silent("mqtt:zigbee2mqtt/Linky")
    assert evaluate(topic) == (True, True)
    health = HealthCheck().evaluate([topic], connected=True, last_activity=NOW, pending=0, now=NOW)
    assert "Linky: listening" in health.status_text
    topic.problem = Problem.SILENT
    assert evaluate(topic) == (True, False)


def test_with_a_stuck_thread_it_is_not_alive() -> None:
    assert evaluate(line(loop=STALL_TIMEOUT - 1)) == (True, True)
    assert not evaluate(line(), line(loop=STALL_TIMEOUT + 1))[0]  # the line's
    assert not evaluate(line(), last_activity=STALL_TIMEOUT + 1)[0]  # paho's


def test_before_the_first_connection_attempt_it_is_alive() -> None:
    assert evaluate(line(), last_activity=-math.inf)[0]


def test_noise_after_frames_asks_for_one_restart() -> None:
    assert evaluate(line(frame=NOISE_TIMEOUT - 1))[0]
    assert not evaluate(line(frame=NOISE_TIMEOUT + 1))[0]
    assert evaluate(line(frame=math.inf, frames=0))[0]  # after it


def test_the_status_text_has_the_rate_and_the_problems() -> None:
    check = HealthCheck()
    lines = [line(), line(port="/dev/ttyUSB1", meter="021528603314"), absent()]
    check.evaluate(lines, connected=True, last_activity=NOW, pending=0, now=NOW - 10)
    lines[0].frames += 7
    lines[1].frames += 8
    text = check.evaluate(lines, connected=True, last_activity=NOW, pending=3, now=NOW).status_text
    assert text.startswith("2 meters, 1.5 frames/s, connected, 3 pending, /dev/ttyUSB0: ")


def test_the_status_text_tells_noise_from_silence_after_half_a_minute() -> None:
    check = HealthCheck()
    lines = [line(frame=math.inf, port="/dev/ttyS0"), silent()]
    start, later = [
        check.evaluate(lines, connected=False, last_activity=NOW, pending=0, now=when).status_text.split(", ")
        for when in (NOW - FRAME_TIMEOUT, NOW)
    ]
    assert start[2:] == ["no broker", "0 pending", "/dev/ttyS0: listening", "/dev/ttyUSB0: listening"]
    assert later[5] == "/dev/ttyUSB0: silent"
    assert later[4] not in ("/dev/ttyS0: listening", "/dev/ttyS0: silent")


METER = "031961123456"
BUNDLED = Broker(host="mosquitto", username="reader")
VALUES = {"SINSTS": 1230, "period": "HEURES PLEINES", "period_name": "Heures pleines", "import_total": 56688647}


def test_shows_the_current_values_and_three_commands() -> None:
    first, *commands = Welcome(broker=BUNDLED, topic="teleinfo", database_host="", language="fr").lines(METER, VALUES)
    for fact in (METER, "1,230 VA", "Heures pleines", "56,688,647 Wh"):
        assert fact in first
    assert [command.split(": ", 1)[1] for command in commands] == [
        "docker compose exec reader teleinfo-reader watch",
        "docker compose exec mosquitto mosquitto_sub -v -t 'teleinfo/+/state'",
        "docker compose exec mariadb mariadb teleinfodb -e"
        " 'SELECT * FROM teleinfoframes ORDER BY timestamp DESC LIMIT 5'",
    ]


def test_the_labels_of_a_historic_meter_are_understood() -> None:
    values = {"PAPP": 750, "contract": "hchp", "period": "HP", "import_total": 12}
    (first, *_) = Welcome(broker=BUNDLED, topic="teleinfo", database_host="", language="fr").lines(METER, values)
    assert "750 VA, period Heures pleines, index 12 Wh" in first


@pytest.mark.parametrize(("language", "name"), [("fr", "Heures pleines jour bleu"), ("en", "Peak blue")])
def test_a_period_is_called_as_in_home_assistant(language: str, name: str) -> None:
    values = {"PAPP": 750, "contract": "tempo", "period": "HPJB"}
    (first, *_) = Welcome(broker=BUNDLED, topic="teleinfo", database_host="", language=language).lines(METER, values)
    assert f"period {name}." in first


@pytest.mark.parametrize("values", [{}, {"EAST": 5}])
def test_missing_values_are_left_out(values: dict[str, object]) -> None:
    (first, *_) = Welcome(broker=BUNDLED, topic="teleinfo", database_host="", language="fr").lines(METER, values)
    assert METER in first
    assert "None" not in first


@pytest.mark.parametrize("host", ["192.168.1.20", ("192.168.1.20", "192.168.1.30")])
def test_with_existing_servers_the_commands_name_them(host: str | tuple[str, ...]) -> None:
    broker = Broker(host=host, port=1884, username="teleinfo-reader")
    lines = Welcome(broker=broker, topic="house", database_host="192.168.1.21", language="fr").lines(METER, VALUES)
    assert "mosquitto_sub -h 192.168.1.20 -p 1884 -u teleinfo-reader -P PASSWORD -v -t 'house/+/state'" in lines[2]
    assert "mariadb -h 192.168.1.21 -u teleinfo -p teleinfodb -e" in lines[3]
    assert "docker compose exec m" not in "".join(lines)

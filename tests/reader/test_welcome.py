"""The next steps for users of the containers."""

import pytest

from common.settings.config import Broker
from reader.health import Welcome

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

"""Logs the next steps for a user of the containers, once the first meter is read."""

import logging
from collections.abc import Mapping

from common.settings.config import Broker
from reader.meter.names import period_name

log = logging.getLogger(__name__)

_BUNDLED = "mosquitto"
_QUERY = "SELECT * FROM teleinfoframes ORDER BY timestamp DESC LIMIT 5"
_POWERS = ("SINSTS", "SINST1", "PAPP", "estimated_power")  # the last of them is in W


class Welcome:
    """Shows the first values of a meter, and the next steps, once."""

    def __init__(self, broker: Broker, *, topic: str, database_host: str, language: str) -> None:
        """Take the settings; `database_host` is empty for the database of compose."""
        self._broker = broker
        self._topic = topic
        self._database_host = database_host
        self._language = language
        self.shown = False

    def show(self, meter: str, values: Mapping[str, object]) -> None:
        """Log the lines, unless that was done; `values` is the state of the meter, empty before a whole frame."""
        if self.shown or not values:
            return
        self.shown = True
        for line in next_steps(
            meter,
            values,
            broker=self._broker,
            topic=self._topic,
            database_host=self._database_host,
            language=self._language,
        ):
            log.info("%s", line)


def next_steps(
    meter: str, values: Mapping[str, object], *, broker: Broker, topic: str, database_host: str, language: str
) -> list[str]:
    """Return the lines to log."""
    subscribe = f"-v -t '{topic}/+/state'"
    if broker.host == _BUNDLED:
        mqtt = f"docker compose exec mosquitto mosquitto_sub {subscribe}"
    else:
        account = f" -u {broker.username} -P PASSWORD" if broker.username else ""
        mqtt = f"mosquitto_sub -h {broker.host} -p {broker.port}{account} {subscribe}"
    sql = (
        f"mariadb -h {database_host} -u teleinfo -p teleinfodb -e '{_QUERY}'"
        if database_host
        else f"docker compose exec mariadb mariadb teleinfodb -e '{_QUERY}'"
    )
    return [
        f"The meter {meter} is read: {_summary(values, language)}. Next steps, in this folder:",
        "Watch it live (q to quit): docker compose exec reader teleinfo-reader watch",
        f"Show its values on MQTT (Ctrl-C to quit): {mqtt}",
        f"Show the stored frames: {sql}",
    ]


def _summary(values: Mapping[str, object], language: str) -> str:
    power = next((f"{values[key]:,} {'W' if key == _POWERS[-1] else 'VA'}" for key in _POWERS if key in values), "")
    code, contract = str(values.get("period") or ""), values.get("contract")
    period = values.get("period_name") or period_name(str(contract), code, language)
    index = values.get("import_total")
    parts = [power, f"period {period}" if period else "", f"index {index:,} Wh" if index is not None else ""]
    return ", ".join(text for text in parts if text) or "frames received"

"""Logs the next steps for a user of the containers, once the first meter is read."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from common.contract.power import APPARENT_POWER
from common.settings.config import Broker
from reader.meter.names import period_name

log = logging.getLogger(__name__)

_BUNDLED = "mosquitto"
_QUERY = "SELECT * FROM teleinfoframes ORDER BY timestamp DESC LIMIT 5"
_POWERS = (*APPARENT_POWER, "estimated_power")  # the last of them is in W


@dataclass(slots=True, kw_only=True)
class Welcome:
    """Shows the first values of a meter, and the next steps, once."""

    broker: Broker
    topic: str
    database_host: str  # empty for the database of compose
    language: str
    shown: bool = False

    def show(self, meter: str, values: Mapping[str, object]) -> None:
        """Log the lines, unless that was done; `values` is the state of the meter, empty before a whole frame."""
        if self.shown or not values:
            return
        self.shown = True
        for line in self.lines(meter, values):
            log.info("%s", line)

    def lines(self, meter: str, values: Mapping[str, object]) -> list[str]:
        """Return the lines to log."""
        subscribe = f"-v -t '{self.topic}/+/state'"
        if self.broker.hosts[0] == _BUNDLED:
            mqtt = f"docker compose exec mosquitto mosquitto_sub {subscribe}"
        else:
            account = f" -u {self.broker.username} -P PASSWORD" if self.broker.username else ""
            mqtt = f"mosquitto_sub -h {self.broker.hosts[0]} -p {self.broker.port}{account} {subscribe}"
        sql = (
            f"mariadb -h {self.database_host} -u teleinfo -p teleinfodb -e '{_QUERY}'"
            if self.database_host
            else f"docker compose exec mariadb mariadb teleinfodb -e '{_QUERY}'"
        )
        return [
            f"The meter {meter} is read: {_summary(values, self.language)}. Next steps, in this folder:",
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

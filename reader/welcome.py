"""Writes what the log of the containers says once, when the first meter is read: what comes, and what to do next."""

from collections.abc import Mapping

from common.config import Broker
from reader.meter.names import period_name

_BUNDLED = "mosquitto"
_QUERY = "SELECT * FROM teleinfoframes ORDER BY timestamp DESC LIMIT 5"
_POWERS = ("SINSTS", "SINST1", "PAPP", "estimated_power")  # the last of them is in W


def welcome(
    meter: str, values: Mapping[str, object], *, broker: Broker, topic: str, database_host: str, language: str
) -> list[str]:
    """Return the lines; `values` is the meter's state, `database_host` is empty for the database of compose."""
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
        f"The meter {meter} is read: {_now(values, language)}. What to do next, in this folder:",
        "Watch it live (q ends it): docker compose exec reader teleinfo-reader watch",
        f"See what MQTT has of it (Ctrl-C ends it): {mqtt}",
        f"See what is stored: {sql}",
    ]


def _now(values: Mapping[str, object], language: str) -> str:
    power = next((f"{values[key]:,} {'W' if key == _POWERS[-1] else 'VA'}" for key in _POWERS if key in values), "")
    code, contract = str(values.get("period") or ""), values.get("contract")
    period = values.get("period_name") or period_name(str(contract), code, language)
    index = values.get("import_total")
    told = [power, f"period {period}" if period else "", f"index {index:,} Wh" if index is not None else ""]
    return ", ".join(text for text in told if text) or "its frames come"

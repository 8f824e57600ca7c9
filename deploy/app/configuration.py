"""From options and answers to the configurations of the programs. Pure: no I/O."""

import zoneinfo
from collections.abc import Mapping
from typing import Any

from deploy.app.options import Options
from deploy.app.supervisor import Answers
from deploy.database_accounts import DATABASE

Config = dict[str, Any]

SOCKET = "/run/mysqld/mysqld.sock"
JOURNAL = "/dev/shm/teleinfo-reader"  # noqa: S108 - in memory, of this container
SPOOL = "/data/spool"
SESSIONS = "/data/monitor"
STATE = "/run/teleinfo/app.json"
#: Files with a password, beside the configurations.
MQTT_PASSWORD = "/run/teleinfo/{}.mqtt-password"  # noqa: S105 - its name
DATABASE_PASSWORD = "/run/teleinfo/{}.database-password"  # noqa: S105 - its name
PAGE_PASSWORD = "/run/teleinfo/page-password"  # noqa: S105 - its name
#: What the owner's own monitor.yaml may have.
OWN = ("contracts", "meters", "prices", "tempo", "time_zone")
_OWN_FOLDER = "/config/"
_NO_BROKER = {"host": "127.0.0.1"}  # nobody listens: frames wait in the spool


def broker(options: Options, answers: Answers) -> Mapping[str, Any]:
    """Return the broker's address and account, of the options or of the service; empty: there is none."""
    return options.mqtt if options.broker_is_given else answers.get("mqtt", {})


def broker_of(options: Options, answers: Answers) -> str:
    """Return where the broker comes from."""
    if options.broker_is_given:
        return "options"
    return "service" if answers.get("mqtt") else "none"


def reader(options: Options, answers: Answers) -> Config:
    """Return reader.yaml. The name must stay: it is a part of what the database counts by."""
    return {
        "name": "home",
        "port": list(options.ports),
        "mode": options.mode,
        "mqtt": _mqtt("reader", options, answers),
        "spool": {"journal": JOURNAL, "path": SPOOL},
        "home_assistant": {"language": language(options, answers)},
    }


def storer(options: Options, answers: Answers) -> Config:
    """Return storer.yaml."""
    return {
        "mqtt": _mqtt("storer", options, answers),
        "database": _database("storer", "teleinfo", options, answers),
    }


def monitor(options: Options, answers: Answers, own: Mapping[str, Any], zone: str) -> Config:
    """Return monitor.yaml; `own` is the owner's file, `zone` that of the environment."""
    config: Config = {
        "listen": {"host": "0.0.0.0", "port": 8080},  # noqa: S104 - of the container
        "password_file": PAGE_PASSWORD,
        "state": SESSIONS,
        "mqtt": _mqtt("monitor", options, answers),
        "database": _database("monitor", "teleinfo-monitor", options, answers),
        "time_zone": time_zone(answers, zone),
        "language": language(options, answers),
    }
    config |= {key: own[key] for key in OWN if key in own}
    for key in ("prices", "tempo"):
        if isinstance(config.get(key), str):
            config[key] = _OWN_FOLDER + config[key].removeprefix(_OWN_FOLDER)
    return config


def state(options: Options, answers: Answers, found: list[Mapping[str, str]]) -> Config:
    """Return app.json, which the page shows."""
    return {
        "ports": list(options.ports),
        "found": [] if options.ports else found,
        "broker": broker_of(options, answers),
        "database": options.database,
    }


def language(options: Options, answers: Answers) -> str:
    """Return the language; without an answer of Home Assistant, French."""
    if options.language != "auto":
        return options.language
    return "fr" if answers.get("core", {}).get("language", "fr").startswith("fr") else "en"


def time_zone(answers: Answers, zone: str) -> str:
    """Return the time zone of Home Assistant, or that of the environment; one that exists."""
    known = zoneinfo.available_timezones()
    return next((name for name in (answers.get("core", {}).get("time_zone"), zone) if name in known), "Europe/Paris")


def _mqtt(program: str, options: Options, answers: Answers) -> Config:
    found = broker(options, answers) or _NO_BROKER
    config = {key: found[key] for key in ("host", "port", "username") if found.get(key)}
    if found.get("password"):
        config["password_file"] = MQTT_PASSWORD.format(program)
    if found.get("ssl"):
        config["tls"] = {}
    return config


def _database(program: str, user: str, options: Options, answers: Answers) -> Config:
    if options.internal:
        return {"unix_socket": SOCKET, "user": user, "name": DATABASE}
    service = {"host": "core-mariadb", "port": 3306, **answers.get("mysql", {})}
    return {
        "host": service["host"],
        "port": service["port"],
        "user": user,
        "name": DATABASE,
        "password_file": DATABASE_PASSWORD.format(program),
    }

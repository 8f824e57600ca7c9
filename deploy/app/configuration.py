"""From options and answers to the files of the programs. Pure: no I/O."""

import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from deploy.app.options import Options
from deploy.app.supervisor import Answers
from deploy.database_accounts import DATABASE

Config = dict[str, Any]

FOLDER = "/run/teleinfo"
SOCKET = "/run/mysqld/mysqld.sock"
ACCOUNTS = "/data/monitor/accounts"
CHOSEN_BROKER = "/data/monitor/broker.json"
_JOURNAL = "/dev/shm/teleinfo-reader"  # noqa: S108 - in memory
SPOOL = "/data/spool"
STORER_WORKS = f"{FOLDER}/storer/heartbeat"  # the monitor starts then
BACKUP = "/data/backup"
SESSIONS = "/data/monitor"
_NO_BROKER = {"host": "127.0.0.1"}  # nobody listens: frames wait in the spool
_OWN_BROKER = {"host": "127.0.0.1", "port": 1884}  # see deploy/image/mosquitto.conf


class Alone(NamedTuple):
    """What the image has without Home Assistant."""

    id: str  # of this installation
    passwords: Mapping[str, str]  # of our accounts at its own broker, by program


class Known(NamedTuple):
    """What the files are made of."""

    options: Options
    answers: Answers
    zone: str = ""  # of the environment
    passwords: Mapping[str, str] = {}  # of our accounts at the app MariaDB, by program
    own_zone: Any = None  # of the owner's own file
    alone: Alone | None = None  # without Home Assistant

    @property
    def name(self) -> str:
        """Of all three programs; not that of others in the house, and never another one: the database counts by it."""
        return "app" if self.alone is None else f"docker-{self.alone.id}"

    @property
    def journal(self) -> str:
        """The folder of the journal; /dev/shm may be that of the machine."""
        return _JOURNAL if self.alone is None else f"{_JOURNAL}-{self.alone.id}"


def files(known: Known) -> dict[str, dict[str, str]]:
    """Return the names and contents of each program's files."""
    options = known.options
    programs = {"reader": _reader(known), "storer": _storer(known), "monitor": _monitor(known)}
    made = {}
    for program, config in programs.items():
        made[program] = {f"{program}.yaml": yaml.safe_dump(config, allow_unicode=True, sort_keys=False)}
        if password := _broker(program, known).get("password"):
            made[program][f"{program}.mqtt-password"] = f"{password}\n"
        if not options.internal and program in known.passwords:
            made[program][f"{program}.database-password"] = f"{known.passwords[program]}\n"
    return made


def affected(before: Known, after: Known) -> list[str]:
    """Return the programs that must be restarted."""
    old, new = files(before), files(after)
    return sorted(program for program in new if new[program] != old[program])


def state(known: Known, found: Sequence[str]) -> Config:
    """Return app.json, which the page shows, with the serial ports of the machine while none is chosen."""
    return {
        "ports": list(known.options.ports),
        "found": [] if known.options.ports else list(found),
        "broker": broker_of(known),
        "database": known.options.database,
    }


def broker_of(known: Known) -> str:
    """Return where the broker comes from."""
    if known.options.mqtt.get("host"):
        return "options"
    return "service" if known.answers.get("mqtt") else "none"


def _reader(known: Known) -> Config:
    return {
        "name": known.name,
        "port": list(known.options.ports) or "ask",
        "mode": known.options.mode,
        "mqtt": _mqtt("reader", known),
        "spool": {"journal": known.journal, "path": SPOOL},
        "home_assistant": {"language": language(known)},
    }


def _storer(known: Known) -> Config:
    return {
        "name": known.name,
        "mqtt": _mqtt("storer", known),
        "database": _database("storer", "teleinfo", known),
        "backup": {"folder": BACKUP},
        "heartbeat": STORER_WORKS,
    }


def _monitor(known: Known) -> Config:
    config = {
        "name": known.name,
        "listen": {"host": "0.0.0.0", "port": 8080},  # noqa: S104 - of the container
        "state": SESSIONS,
        "mqtt": _mqtt("monitor", known),
        "database": _database("monitor", "teleinfo-monitor", known),
        "time_zone": _time_zone(known),
    }
    if known.alone is None:
        config["password_file"] = f"{FOLDER}/page-password"
        config["ingress"] = {"host": "0.0.0.0", "port": 8099}  # noqa: S104
        config["app"] = f"{FOLDER}/app.json"
        config["home_assistant"] = {"url": "http://supervisor/core"}
    elif not known.options.mqtt.get("host"):
        config["own_broker"] = {"port": 1883, "choose": True, "accounts": ACCOUNTS}
    return config


def language(known: Known) -> str:
    """Return the language; without an answer of Home Assistant, French."""
    if known.options.language != "auto":
        return known.options.language
    return "fr" if str(known.answers.get("core", {}).get("language", "fr")).startswith("fr") else "en"


def _time_zone(known: Known) -> str:
    """Return the time zone of the owner's file, of Home Assistant, or of the environment; one that exists."""
    for name in (known.own_zone, known.answers.get("core", {}).get("time_zone"), known.zone):
        try:
            return zoneinfo.ZoneInfo(name).key
        except (TypeError, ValueError, zoneinfo.ZoneInfoNotFoundError, OSError):
            continue
    return "Europe/Paris"


def has_own_broker(known: Known) -> bool:
    """Return whether the broker of the image is used: neither its options nor the page name another one."""
    return known.alone is not None and not known.options.mqtt.get("host") and not known.answers.get("chosen")


def _broker(program: str, known: Known) -> Mapping[str, Any]:
    """Return the broker's address and our account, of the options, the page or the service; empty: there is none."""
    if known.options.mqtt.get("host"):
        return known.options.mqtt
    if known.alone is not None and has_own_broker(known):
        return {**_OWN_BROKER, "username": program, "password": known.alone.passwords[program]}
    answer: Mapping[str, Any] = known.answers.get("mqtt" if known.alone is None else "chosen", {})
    return answer


def _mqtt(program: str, known: Known) -> Config:
    broker = _broker(program, known) or _NO_BROKER
    config: Config = {key: broker[key] for key in ("host", "port", "username") if broker.get(key)}
    if broker.get("password"):
        config["password_file"] = f"{FOLDER}/{program}.mqtt-password"
    if broker.get("ssl") or broker.get("tls"):
        config["tls"] = {}
    return config


def _database(program: str, user: str, known: Known) -> Config:
    if known.options.internal:
        return {"unix_socket": SOCKET, "user": user, "name": DATABASE}
    service = {"host": "core-mariadb", "port": 3306, **known.answers.get("mysql", {})}
    return {
        "host": service["host"],
        "port": service["port"],
        "user": user,
        "name": DATABASE,
        "password_file": f"{FOLDER}/{program}.database-password",
    }

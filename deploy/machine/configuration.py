"""The YAML of the three programs, and the broker in it. Pure: no I/O."""

import json
from collections.abc import Mapping
from typing import Any

PROGRAMS = ("reader", "storer", "monitor")
FOLDER = "/etc/teleinfo"
#: The monitor's folder, where the page leaves accounts and its choice of a broker.
STATE = "/var/lib/teleinfo-monitor"
ACCOUNTS = f"{STATE}/accounts"
BROKER = f"{STATE}/broker.json"
#: The password of the broker that the page has named.
NAMED_PASSWORD = f"{FOLDER}/broker-password"
#: Our broker: where the home network reaches it, and where our programs do.
PORT, PROGRAMS_PORT = 1883, 1884


def password_file(program: str) -> str:
    """Return the file with a program's password at our broker.

    >>> password_file("reader")
    '/etc/teleinfo/reader-mqtt-password'
    """
    return f"{FOLDER}/{program}-mqtt-password"


def mqtt(program: str, named: Mapping[str, Any] | None, *, ours: bool) -> dict[str, Any]:
    """Return a program's section mqtt: the broker that the page has named, or ours, or another one of this machine."""
    if named is None:
        account = {"port": PROGRAMS_PORT, "username": program, "password_file": password_file(program)}
        return {"host": "127.0.0.1", **(account if ours else {})}
    section = {"host": named["host"], "port": named["port"]}
    if named["username"]:
        section["username"] = named["username"]
    if named["password"]:
        section["password_file"] = NAMED_PASSWORD
    return section | ({"tls": {}} if named["tls"] else {})


def own_broker(*, ours: bool) -> str:
    r"""Return the line own_broker of monitor.yaml.

    >>> own_broker(ours=False)
    'own_broker: {"port": null, "choose": true, "accounts": null}\n'
    """
    section = {"port": PORT if ours else None, "choose": True, "accounts": ACCOUNTS if ours else None}
    return f"own_broker: {json.dumps(section)}\n"


def with_broker(text: str, section: Mapping[str, Any]) -> str:
    r"""Return the text of a YAML file with this section mqtt; all else stays as it is.

    >>> with_broker("port: ask\nmqtt:\n  host: a\n\n  tls:\n    ca: b\n\nmode: auto\n", {"host": "c"})
    'port: ask\nmqtt: {"host": "c"}\n\nmode: auto\n'
    >>> with_broker("port: ask", {"host": "c"})
    'port: ask\nmqtt: {"host": "c"}\n'
    """
    lines = [line + "\n" for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.startswith("mqtt:")), len(lines))
    end = start + 1
    for number, line in enumerate(lines[end:], end):
        if line.startswith((" ", "\t")):
            end = number + 1
        elif line.strip():
            break
    return "".join([*lines[:start], f"mqtt: {json.dumps(section, ensure_ascii=False)}\n", *lines[end:]])

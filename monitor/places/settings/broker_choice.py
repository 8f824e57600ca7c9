"""The broker that the owner named in place of ours: a file that the installation applies within seconds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.errors import ConfigError
from common.machine.files import replace_file
from common.settings.config import Broker, Tls, host_names, port_number
from common.settings.fields import Problem

NAME = "broker.json"
_TIMEOUT = 5.0  # seconds
_LONGEST = 200
_KEYS = {"host", "port", "username", "password", "tls"}
#: Of each `Failure` of a probe: the field, and what to say of it.
_SAID: Mapping[str, tuple[str, str, str]] = {
    "name": ("host", "ce nom est inconnu sur le réseau", "this name is not known on the network"),
    "refused": ("port", "rien n’écoute sur ce port", "nothing listens on this port"),
    "unreachable": ("host", "cette adresse ne répond pas", "this address does not answer"),
    "silent": ("port", "pas de réponse d’un serveur MQTT sur ce port", "no MQTT server answers on this port"),
    "not_mqtt": ("port", "ce n’est pas un serveur MQTT 5", "this is not an MQTT 5 server"),
    "credentials": (
        "password",
        "le serveur refuse ce nom ou ce mot de passe",
        "the server refuses this name or password",
    ),
    "tls_certificate": (
        "tls",
        "le certificat du serveur n’est pas reconnu pour cette adresse",
        "the server’s certificate is not valid for this address",
    ),
    "tls_none": ("tls", "ce port ne parle pas TLS", "this port does not use TLS"),
    "tls_refused": ("tls", "le serveur refuse la connexion TLS", "the server refuses the TLS connection"),
    "qos": ("host", "ce serveur n’accepte que la QoS 0", "this server takes QoS 0 only"),
}


def read_choice(state: Path) -> Broker | None:
    """Return the broker that was named; None: ours."""
    try:
        return _broker(json.loads((state / NAME).read_bytes()))
    except (OSError, ValueError, ConfigError):
        return None


def write_choice(state: Path, broker: Broker | None) -> None:
    """Write the file, or remove it: ours again.

    Raises:
        OSError: it cannot be written.
    """
    if broker is None:
        (state / NAME).unlink(missing_ok=True)
        return
    document = {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
        "tls": broker.tls is not None,
    }
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(state / NAME, json.dumps(document).encode(), mode=0o600)


def read_sent(body: Any) -> tuple[Broker | None, Sequence[Problem]]:
    """Return the broker that is asked for, None for ours, and what is wrong with what is sent."""
    if not isinstance(body, dict) or "host" not in body or body.keys() - _KEYS:
        return None, [Problem("host", "une adresse est attendue", "an address is expected")]
    if body["host"] is None:
        return None, []
    problems = []
    for key, is_right, fr, en in (
        ("host", _is_host, "un nom ou une adresse tel que 192.168.1.5 est attendu", "a name or an address is expected"),
        ("port", _is_port, "un nombre de 1 à 65535 est attendu", "a number from 1 to 65535 is expected"),
        (
            "username",
            _is_name,
            "un texte d’une ligne sans « ${ » est attendu",
            "a text of one line without ${ is expected",
        ),
        ("password", _is_text, "un texte d’une ligne est attendu", "a text of one line is expected"),
        ("tls", _is_switch, "oui ou non est attendu", "true or false is expected"),
    ):
        if not is_right(body.get(key)):
            problems.append(Problem(key, fr, en))
    return (None if problems else _broker(body)), problems


def refusal(broker: Broker) -> Problem | None:
    """Connect to a broker, and return why that is not possible, if it is not."""
    from common.check.broker_probe import ConnectionFailed, Probe  # `run` keeps little in memory

    try:
        with Probe(broker, timeout=_TIMEOUT):
            return None
    except ConnectionFailed as error:
        at, fr, en = _SAID.get(
            error.failure,
            ("host", f"le serveur refuse : {error.detail}", f"the server refuses: {error.detail}"),
        )
        return Problem(at, fr, en)


def _broker(document: Any) -> Broker:
    if not isinstance(document, dict) or not all(
        (_is_host(document.get("host")), _is_port(document.get("port")), _is_text(document.get("username")))
    ):
        raise ValueError("no broker")
    return Broker(
        host=document["host"],
        port=document["port"],
        username=document.get("username"),
        password=document.get("password"),
        tls=Tls() if document.get("tls") else None,
    )


def _is_host(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() and bool(host_names(value))
    except ValueError:
        return False


def _is_port(value: Any) -> bool:
    try:
        return bool(port_number(value))
    except ValueError:
        return False


def _is_name(value: Any) -> bool:
    return _is_text(value) and "${" not in (value or "")  # which a YAML file would take for a variable


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable())


def _is_switch(value: Any) -> bool:
    return value is None or isinstance(value, bool)

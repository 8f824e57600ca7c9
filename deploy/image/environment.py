"""The options of the image: variables that `docker run -e` sets. Pure: no I/O."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from common.errors import ConfigError
from common.settings.config import host_names
from deploy.app.options import Options

_TLS_PORT = 8883
_EXPECTED = (
    "MQTT: mqtt://USER:PASSWORD@HOST is expected, or mqtts:// for TLS; correct it where the container is created"
)


def options_of(environment: Mapping[str, str]) -> Options:
    """Return the options.

    Raises:
        ConfigError: MQTT is no address. It is not shown: a password is in it.
    """
    address = environment.get("MQTT", "")
    return Options(mqtt=_broker(address)) if address else Options()


def _broker(address: str) -> Mapping[str, Any]:
    try:
        parts = urlsplit(address)
        port = parts.port
        host_names(parts.hostname or "")
    except ValueError as error:
        raise ConfigError(_EXPECTED) from error
    if (
        parts.scheme not in ("mqtt", "mqtts")
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise ConfigError(_EXPECTED)
    tls = parts.scheme == "mqtts"
    broker = {
        "host": parts.hostname,
        "port": port or (_TLS_PORT if tls else None),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "ssl": tls,
    }
    if not all(str(value).isprintable() for value in broker.values()):
        raise ConfigError(_EXPECTED)
    return {key: value for key, value in broker.items() if value}

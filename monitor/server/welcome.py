"""Tells where the page is, as people open it, and in containers also how to get its password."""

from collections.abc import Mapping

from common.machine.deployment import Deployment, here
from monitor.config import Listen

#: Of compose.yaml: the address and port of the machine that lead to the container.
LISTEN = "MONITOR_LISTEN"
_EVERYWHERE = ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - compared, not opened


def welcome(listen: Listen, environment: Mapping[str, str]) -> list[str]:
    """Return the lines to log."""
    if here("teleinfo-monitor", environment).deployment is not Deployment.COMPOSE:
        return [f"The page is at {address(listen.host, listen.port, listen.prefix)}"]
    host, _, port = environment.get(LISTEN, f"127.0.0.1:{listen.port}").rpartition(":")
    return [
        f"The page is at {address(host, port, listen.prefix)}, its password:"
        " docker compose run --rm setup credentials page"
    ]


def address(host: str, port: int | str, prefix: str = "") -> str:
    """Return the address to open on this machine.

    >>> address("0.0.0.0", 8080, "/teleinfo")
    'http://127.0.0.1:8080/teleinfo/'
    """
    name = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}{prefix}/"

"""What the log says once the page is there: its address, and the code that opens it while it has no password."""

import logging
from collections.abc import Iterator, Mapping

from common.machine.deployment import Deployment, here
from common.machine.network import own_address
from monitor.base.config import Listen, MonitorConfig, is_loopback

#: Of compose.yaml: the address and port of the machine that lead to the container.
LISTEN = "MONITOR_LISTEN"
#: Of a container: the address or the name by which the machine is known at home; nobody in the container knows it.
ADDRESS = "ADDRESS"
_EVERYWHERE = ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - compared, not opened


def greeting(config: MonitorConfig, environment: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield what to log once the page is there, with the level of each line."""
    listen, ingress = config.listen, config.ingress
    if config.app is None:  # else the address is one of the app's container, of use to nobody
        yield logging.INFO, f"The page is at {where(listen, environment)}"
    if config.auth == "none" and not is_loopback(listen.host):
        yield logging.WARNING, f"auth: none: anyone who can reach {listen.host}:{listen.port} can see the page"
    if ingress is not None:
        yield logging.INFO, f"Home Assistant opens the page through port {ingress.port}"


def first_visit(listen: Listen, environment: Mapping[str, str], code: str) -> str:
    """Return the line that shows a code: the page has no password yet."""
    return f"The page has no password yet: open {where(listen, environment)}#{code}"


def where(listen: Listen, environment: Mapping[str, str]) -> str:
    """Return the address of the page; a container does not know that of its machine unless it was told."""
    host, port = _published(listen, environment)
    if not is_in_container(environment):
        name = own_address() if host in _EVERYWHERE else host
    elif host not in _EVERYWHERE:
        name = host
    else:
        name = environment.get(ADDRESS, "").strip()
    return address(name or "<address of this machine>", port, listen.prefix)


def is_for_this_machine(listen: Listen, environment: Mapping[str, str]) -> bool:
    """Tell whether no other machine reaches the page."""
    return is_loopback(_published(listen, environment)[0])


def _published(listen: Listen, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the address and the port of this machine that lead to the page."""
    if LISTEN not in environment:
        return listen.host, str(listen.port)
    host, _, port = environment[LISTEN].rpartition(":")
    return host.strip("[]"), port


def is_in_container(environment: Mapping[str, str]) -> bool:
    """Tell whether this program runs in a container, with a network of its own."""
    return here("teleinfo-monitor", environment).deployment not in (Deployment.SYSTEMD, Deployment.SHELL)


def address(host: str, port: int | str, prefix: str = "") -> str:
    """Return the address to open.

    >>> address("::1", 8080, "/teleinfo")
    'http://[::1]:8080/teleinfo/'
    """
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}{prefix}/"

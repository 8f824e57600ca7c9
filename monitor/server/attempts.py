"""Limits wrong passwords: a few for each address, and some more for all together. Pure: no clock."""

import ipaddress
from collections import OrderedDict

WINDOW = 300.0  # seconds
MOST = 5  # wrong passwords of one address in the window
MOST_OF_ALL = 60  # of all addresses: a botnet, or a network of the attacker's own
_ADDRESSES = 1000
_EVERYBODY = "*"


class Attempts:
    """Counts wrong passwords by address, in bounded memory."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # since when, how many

    def wait(self, address: str, now: float) -> float:
        """Return how many seconds an address must wait before its next attempt, at the monotonic time `now`."""
        return max(self._wait(_network(address), MOST, now), self._wait(_EVERYBODY, MOST_OF_ALL, now))

    def failed(self, address: str, now: float) -> None:
        """Count a wrong password."""
        for key in (_network(address), _EVERYBODY):
            since, count = self._counts.pop(key, (now, 0))
            self._counts[key] = (now, 1) if now - since >= WINDOW else (since, count + 1)
        while len(self._counts) > _ADDRESSES:
            self._counts.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget the wrong passwords of an address."""
        self._counts.pop(_network(address), None)

    def _wait(self, key: str, most: int, now: float) -> float:
        since, count = self._counts.get(key, (now, 0))
        return max(since + WINDOW - now, 0.0) if count >= most else 0.0


def _network(address: str) -> str:
    """Return the address, or the network that one owner of IPv6 addresses has at least."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)

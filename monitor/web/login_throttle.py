"""Limits wrong passwords, codes and tokens, by client and of all together, in bounded memory."""

import ipaddress
import threading
from collections import Counter, OrderedDict

WINDOW = 300.0  # seconds in which wrong passwords are counted
MOST = 5  # wrong passwords of one client in the window
MOST_OF_ALL = 60  # of all clients: a botnet, or a network of the attacker's own
DELAY = 30.0  # seconds that the next one waits
MOST_WAITING = 10  # of all clients, at the same time
MOST_WAITING_EACH = 2  # of one client
_CLIENTS = 1000
_STRANGERS, _KNOWN = "*", "* known"  # all together


class LoginThrottle:
    """Counts wrong passwords by client; any thread may call any of it."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # since when, how many
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, client: str, now: float, *, known: bool) -> float | None:
        """Count an attempt, at the monotonic time `now`; return how many seconds it waits: `waited` must follow.

        It counts as wrong until `succeeded`: so the limit holds for attempts that come together, too. None: too many
        wait already.
        """
        with self._lock:
            return self._begin(client, now, _KNOWN if known else _STRANGERS)

    def _begin(self, client: str, now: float, everybody: str) -> float | None:
        slow = self._count(client, now) >= MOST or self._count(everybody, now) >= MOST_OF_ALL
        if slow:
            if self._waiting[everybody] >= MOST_WAITING or self._waiting[client] >= MOST_WAITING_EACH:
                return None
            self._waiting.update((client, everybody))
        for key in (client, everybody):
            count = self._count(key, now)
            since = self._counts.pop(key)[0] if count else now
            self._counts.pop(key, None)
            self._counts[key] = (since, count + 1)
        while len(self._counts) > _CLIENTS:
            self._counts.popitem(last=False)
        return DELAY if slow else 0.0

    def waited(self, client: str, *, known: bool) -> None:
        """Let another one wait."""
        with self._lock:
            for key in (client, _KNOWN if known else _STRANGERS):
                self._waiting[key] -= 1
            self._waiting = +self._waiting

    def succeeded(self, client: str, *, known: bool) -> None:
        """Forget the attempts of a client: the last one was right."""
        everybody = _KNOWN if known else _STRANGERS
        with self._lock:
            self._counts.pop(client, None)
            if everybody in self._counts:
                since, count = self._counts[everybody]
                self._counts[everybody] = (since, max(count - 1, 0))

    def _count(self, key: str, now: float) -> int:
        since, count = self._counts.get(key, (now, 0))
        return count if now - since < WINDOW else 0


def network(address: str) -> str:
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

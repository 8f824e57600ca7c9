"""Who is connected: the oldest without a session gives way where there are many. Pure."""

from collections.abc import Callable
from typing import Protocol

MOST = 400
MOST_OF_A_GUEST = 20  # of one address; not of a proxy, which has the address of all who come through it


class Connection(Protocol):
    """A connection that can be ended."""

    def end(self) -> None:
        """End it at once."""


class Crowd:
    """The connections of a port. Nobody is refused, so who holds connections for nothing keeps nobody out."""

    def __init__(
        self, is_proxy: Callable[[str], bool], most: int = MOST, most_of_a_guest: int = MOST_OF_A_GUEST
    ) -> None:
        """Begin with none; `is_proxy` tells whose address stands for many clients."""
        self._is_proxy = is_proxy
        self._most = most
        self._most_of_a_guest = most_of_a_guest
        self._guests: dict[Connection, str] = {}  # without a session (yet), the oldest first
        self._members: set[Connection] = set()

    def enter(self, connection: Connection, address: str) -> None:
        """Take in a new connection; another one may have to end for it, or itself where all others have a session."""
        self._guests[connection] = address
        same = [one for one, of in self._guests.items() if of == address]
        if len(same) > self._most_of_a_guest and not self._is_proxy(address):
            self._end(same[0])
        elif len(self._guests) + len(self._members) > self._most:
            self._end(next(iter(self._guests)))

    def _end(self, connection: Connection) -> None:
        del self._guests[connection]
        connection.end()

    def admit(self, connection: Connection) -> None:
        """Keep a connection from now on: its client has a session."""
        if self._guests.pop(connection, None) is not None:
            self._members.add(connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._guests.pop(connection, None)
        self._members.discard(connection)

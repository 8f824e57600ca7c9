"""Who is connected: where there are many, the oldest of a stranger gives way, then the oldest of who has most. Pure."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

MOST = 400
MOST_OF_A_GUEST = 20  # of one address; not of a proxy, which has the address of all who come through it
MANY_OF_A_MEMBER = 20  # of one session or user; who has more gives way where there is no room left


class Connection(Protocol):
    """A connection that can be ended."""

    def end(self) -> None:
        """End it at once."""


class Crowd:
    """The connections of a port. Nobody is refused, so who holds connections for nothing keeps nobody out."""

    def __init__(
        self,
        is_proxy: Callable[[str], bool],
        most: int = MOST,
        most_of_a_guest: int = MOST_OF_A_GUEST,
        many_of_a_member: int = MANY_OF_A_MEMBER,
    ) -> None:
        """Begin with none; `is_proxy` tells whose address stands for many clients."""
        self._is_proxy = is_proxy
        self._most = most
        self._most_of_a_guest = most_of_a_guest
        self._many_of_a_member = many_of_a_member
        self._guests: dict[Connection, str] = {}  # by whom nobody vouches (yet), and their addresses; the oldest first
        self._members: dict[Connection, str] = {}  # and the session or user that asked last; the oldest first

    def enter(self, connection: Connection, address: str) -> None:
        """Take in a new connection; another one may have to end for it, or itself where no client has many."""
        self._guests[connection] = address
        same = [one for one, of in self._guests.items() if of == address]
        if len(same) > self._most_of_a_guest and not self._is_proxy(address):
            self._end(same[0])
        elif len(self._guests) + len(self._members) > self._most:
            self._end(self._dispensable())

    def _dispensable(self) -> Connection:
        oldest = next(iter(self._guests))
        if len(self._guests) > 1 or not self._members:
            return oldest
        (client, count), *_ = Counter(self._members.values()).most_common(1)
        return oldest if count <= self._many_of_a_member else next(o for o, of in self._members.items() if of == client)

    def _end(self, connection: Connection) -> None:
        self.leave(connection)
        connection.end()

    def admit(self, connection: Connection, client: str) -> None:
        """Keep a connection from now on: its client, a session or a user, may enter."""
        if self._guests.pop(connection, None) is not None or connection in self._members:
            self._members[connection] = client

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._guests.pop(connection, None)
        self._members.pop(connection, None)

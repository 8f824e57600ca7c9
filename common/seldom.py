"""Decides what is worth another line in the log: what somebody else can cause again and again is said once an hour."""

from collections.abc import Hashable

EVERY = 3600.0  # seconds
_MANY = 100  # things that are told apart; a stranger may make up any number of topics


class Seldom:
    """Remembers when something was said last."""

    def __init__(self) -> None:
        self._said: dict[Hashable, float] = {}

    def due(self, thing: Hashable, now: float) -> bool:
        """Tell whether the thing should be said at the monotonic time `now`; if so, it counts as said."""
        if thing not in self._said and len(self._said) >= _MANY:
            thing = None
        said = self._said.get(thing)
        if said is not None and now - said < EVERY:
            return False
        self._said[thing] = now
        return True

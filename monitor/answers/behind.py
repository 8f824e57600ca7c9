"""Which sources are behind which meter."""

from collections.abc import Callable, Sequence

from common.database.mariadb import Connection
from monitor.readings.hours import Meter
from monitor.readings.sources import Source, Sources, behind


class Behind:
    """Knows the sources behind the meters that were looked up last; they are read once for all who ask.

    A house without sources costs one query of an empty table, and only where somebody asks.
    """

    def __init__(self, connection: Connection, look_up: Callable[[], object]) -> None:
        """Know nothing; `look_up` looks up the meters, which calls `use`."""
        self._sources = Sources(connection)
        self._look_up = look_up
        self._meters: Sequence[Meter] | None = None
        self._found: Sequence[Source] | None = None

    def use(self, meters: Sequence[Meter]) -> None:
        """Use these from now on: they are all meters."""
        self._meters, self._found = meters, None

    def of(self, meter: Meter, kind: str) -> list[Source]:
        """Return the sources of a kind that are behind a meter, by name."""
        if self._meters is None:
            self._look_up()
        if self._found is None:
            self._found = self._sources.all()
        return behind(self._found, meter, self._meters or (), kind)

"""The lines that are read, each in a thread of its own; which ports they are may change while they run."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from common.runtime.shutdown import StopEvent
from reader.line.health import LineHealth
from reader.line.sharing import Sources
from reader.line.topic import TopicLine
from reader.line.worker import LineWorker

log = logging.getLogger(__name__)

Line = LineWorker | TopicLine
#: Makes the line of a port; it is given how many were made before, and what will stop it.
MakeLine = Callable[[str, int, StopEvent], Line]


class _Running:
    def __init__(self, port: str, number: int, make: MakeLine) -> None:
        self.port = port
        self.stop = StopEvent()
        self.line = make(port, number, self.stop)
        self.thread = threading.Thread(target=self.line.run, name=f"line {port}", daemon=True)


class Lines:
    """Starts a line for each port, and stops those of ports that are no longer wanted; for one thread."""

    def __init__(self, make: MakeLine, ports: Sequence[str]) -> None:
        """Prepare the lines of these ports; `start` starts them."""
        self._make = make
        self._made = 0
        self._sources = Sources()
        self._ports = ports
        self._lines: list[_Running] = []
        self._ending: list[_Running] = []
        self._lines = self._missing()

    def __iter__(self) -> Iterator[Line]:
        """Iterate over the lines that are read, without those that are ending."""
        return iter([running.line for running in self._lines])

    def start(self) -> None:
        """Start to read."""
        for running in self._lines:
            running.thread.start()

    def use(self, ports: Sequence[str]) -> None:
        """Read these ports from now on; the line of a port that stays goes on undisturbed.

        A line that ends first passes on the frames that it has read.
        """
        self._ports = ports
        unwanted = [running for running in self._lines if running.port not in ports]
        for running in unwanted:
            log.info("No longer listening on %s", running.port)
            running.stop.set()
        self._lines = [running for running in self._lines if running not in unwanted]
        self._ending += unwanted
        self.tick()

    def tick(self) -> None:
        """Start the lines that are missing: a port that is wanted again must first have been closed."""
        self._ending = [running for running in self._ending if running.thread.is_alive()]
        new = self._missing()
        for running in new:
            running.thread.start()
        self._lines += new

    def stop(self) -> list[threading.Thread]:
        """Stop all lines; return the threads that end then."""
        running = [*self._lines, *self._ending]
        for each in running:
            each.stop.set()
        return [each.thread for each in running]

    def may_send(self, meter: str, topic: LineHealth, source: str, at: float) -> bool:
        """Return whether frames are to be made of what came of a meter on a topic: not while a line receives it.

        Of several topics the first counts, as long as it sends. May be called from any thread.
        """
        others = [running.line for running in self._lines if not isinstance(running.line, TopicLine)]
        if any(line.health.meter == meter and line.health.is_receiving(at) for line in others):
            return False
        return self._sources.may_send(meter, topic, source, at)

    def receive(self, topic: str, payload: bytes, now: float, *, retained: bool) -> None:
        """Pass on a message of the broker to the ports that are topics."""
        for running in self._lines:
            if isinstance(running.line, TopicLine):
                running.line.receive(topic, payload, now, retained=retained)

    def _missing(self) -> list[_Running]:
        """Make the lines of ports that have none; simulated ports may be there twice."""
        known = Counter(running.port for running in (*self._lines, *self._ending))
        made = []
        for port in (Counter(self._ports) - known).elements():
            made.append(_Running(port, self._made, self._make))
            self._made += 1
        return made

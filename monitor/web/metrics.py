"""What the monitor counts of itself, its health, and the port that Prometheus reads."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from common.errors import ConfigError
from common.runtime.logs import ChangeLogger
from common.runtime.watchdog import Health
from common.settings.language import plural
from monitor.base.config import MetricsConfig
from monitor.web.exposition import Family

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

TRY_AGAIN = 30.0  # seconds after which a port that is in use is tried again
STALL_TIMEOUT = 60.0  # seconds without work of the thread of the broker
_CLASSES = ("2xx", "3xx", "4xx", "5xx")


class Metrics:
    """Answers scrapes, in threads of its own, with what is known at that moment."""

    def __init__(self, settings: MetricsConfig, families: Callable[[], list[Family]]) -> None:
        """Prepare; `families` is called from other threads.

        Raises:
            ConfigError: a port is configured, and the library is not installed.
        """
        self._settings = settings
        self._families = families
        self._due = math.inf if settings.port is None else 0.0  # monotonic
        self._stop: Callable[[], None] = lambda: None
        self._log = ChangeLogger(log)
        if settings.port is not None:
            _library()

    def tick(self) -> None:
        """Open the port, if one is configured and not open; called every second."""
        now = time.monotonic()
        if now < self._due or self._settings.port is None:
            return
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self._open(self._settings.host, self._settings.port)
        except OSError as error:
            text = f"metrics.port: {address} cannot be opened: {error.strerror}; free it or choose another"
            self._log.log(logging.WARNING, f"{text}; trying again")
            self._due = now + TRY_AGAIN
            return
        self._due = math.inf
        if self._log.reset():
            log.info("metrics.port: %s is open now", address)

    def _open(self, host: str, port: int) -> None:
        library = _library()
        registry = library.CollectorRegistry()
        registry.register(self)
        library.ProcessCollector(registry=registry)
        server, thread = library.start_http_server(port, host, registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop

    def close(self) -> None:
        """Close the port."""
        self._due = math.inf
        self._stop()
        self._stop = lambda: None

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics, as the library requires it for each scrape."""
        core = _library().core
        for family in self._families():
            names = list(family.samples[0].labels)
            kind = core.CounterMetricFamily if family.is_counter else core.GaugeMetricFamily
            metric = kind(family.name, family.help, labels=names)
            for sample in family.samples:
                metric.add_metric([sample.labels[name] for name in names], sample.value)
            yield metric


def _library() -> Any:
    try:
        import prometheus_client
        import prometheus_client.core
    except ImportError as error:
        raise ConfigError(
            "metrics.port: the package prometheus-client is not installed: pip install 'prometheus-client>=0.21',"
            " or leave the port out"
        ) from error
    return prometheus_client


class Counters:
    """What was answered since the start; used by the loop that serves."""

    def __init__(self) -> None:
        self.replies = dict.fromkeys(_CLASSES, 0)
        self.wrong_passwords = 0

    def count(self, status: int) -> None:
        """Count a response."""
        self.replies[f"{status // 100}xx"] += 1


def evaluate(viewers: int, idle: float) -> Health:
    """Return the health; `idle` is for how many seconds the thread of the broker has done nothing.

    A missing broker or database is not a matter of health here: the page says so, and shows the rest.
    """
    alive = idle < STALL_TIMEOUT
    return Health(alive=alive, healthy=alive, status_text=f"serving the page, {plural(viewers, 'viewer')}")

"""Metrics for Prometheus, on a port of their own; nothing is opened where no port is configured."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from common.errors import ConfigError
from common.runtime.logs import ChangeLogger
from common.settings.config import MetricsConfig

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

REFRESH = 1.0  # seconds; the age of a scraped value, unless the main loop is busy
MAX_BACKOFF = 30.0  # seconds between two attempts to open a port that is in use


class MetricType(StrEnum):
    """Type of a metric: a counter only rises, until the program restarts."""

    COUNTER = "counter"
    GAUGE = "gauge"


COUNTER, GAUGE = MetricType


class Sample(NamedTuple):
    """One value, with the labels that distinguish it within its family."""

    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """One metric; the name of a counter ends with `_total`."""

    name: str
    type: MetricType
    help: str
    samples: list[Sample]


Describe = Callable[[Mapping[str, Any]], list[Family]]


class Metrics:
    """Serves the last health report: the main loop provides it, so that no thread reads what another one changes."""

    def __init__(self, settings: MetricsConfig, describe: Describe) -> None:
        """Prepare; `describe` turns a health report into families.

        Raises:
            ConfigError: a port is configured, and the library is not installed.
        """
        self._settings = settings
        self._describe = describe
        self._families: list[Family] = []
        self._due = 0.0
        self._stop: Callable[[], None] = lambda: None
        self._retry_at = math.inf  # monotonic
        self._backoff = REFRESH
        self._log = ChangeLogger(log)
        if settings.port is not None:
            _library()

    def start(self) -> None:
        """Open the port, if one is configured; scrapes are answered in threads of their own.

        A port that is in use is opened later, by `refresh`.
        """
        if self._settings.port is None:
            return
        self._retry_at = math.inf
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self._open(self._settings.host, self._settings.port)
        except OSError as error:
            text = f"metrics.port: {address} cannot be opened: {error.strerror}; free it or choose another"
            self._log.log(logging.WARNING, f"{text}; trying again")
            self._retry_at = time.monotonic() + self._backoff
            self._backoff = min(2 * self._backoff, MAX_BACKOFF)
            return
        if self._log.reset():
            log.info("metrics.port: %s is open now", address)
        self._backoff = REFRESH

    def _open(self, host: str, port: int) -> None:
        library = _library()
        registry = library.CollectorRegistry()
        registry.register(self)
        library.ProcessCollector(registry=registry)
        # Only now: what serves HTTP takes memory that a reader without metrics does not have.
        from common.runtime.scrapes import serve

        server = serve(host, port, library.make_wsgi_app(registry))
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop

    def refresh(self, report: Callable[[], Mapping[str, Any]]) -> None:
        """Serve a new report if the last one is older than REFRESH; without a port none is made."""
        now = time.monotonic()
        if now >= self._retry_at:
            self.start()
        if self._settings.port is not None and now >= self._due:
            self._due = now + REFRESH
            self._families = self._describe(report())

    @property
    def next_due(self) -> float:
        """When `refresh` is to be called, in monotonic seconds; infinite where no port is configured."""
        return min(self._retry_at, self._due) if self._settings.port is not None else math.inf

    def close(self) -> None:
        """Close the port."""
        self._retry_at = math.inf
        self._stop()
        self._stop = lambda: None

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics, as the library requires it for each scrape."""
        core = _library().core
        classes = {MetricType.COUNTER: core.CounterMetricFamily, MetricType.GAUGE: core.GaugeMetricFamily}
        for family in self._families:
            names = list(family.samples[0].labels) if family.samples else []
            metric = classes[family.type](family.name, family.help, labels=names)
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

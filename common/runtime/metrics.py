"""Counters for Prometheus, on a port of their own; nothing at all where no port is configured."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from common.config import MetricsConfig
from common.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

REFRESH = 1.0  # seconds; so old a scraped value may be, while the program is not busy with something else
SLOWEST_RETRY = 30.0  # seconds until a port that is in use is tried again, at most


class Kind(StrEnum):
    """What may become of a value: a counter only rises, until the program starts anew."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value, with the labels that tell it from others of its family."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """Values of the same meaning; the name of a counter ends with `_total`."""

    name: str
    kind: Kind
    help: str
    samples: list[Sample]


Describe = Callable[[Mapping[str, Any]], list[Family]]


class Metrics:
    """Shows what the program last said of itself: it is told, so that no thread looks into what another one changes."""

    def __init__(self, settings: MetricsConfig, describe: Describe) -> None:
        """Prepare it; `describe` turns a health report into families.

        Raises:
            ConfigError: a port is configured, and the library is not installed.
        """
        self._settings = settings
        self._describe = describe
        self._families: list[Family] = []
        self._due = 0.0
        self._stop: Callable[[], None] = lambda: None
        self._retry_at = math.inf  # monotonic
        self._wait = REFRESH
        self._said = ""
        if settings.port is not None:
            _library()

    def start(self) -> None:
        """Open the port, if there is one; answers come from threads of its own.

        A port that another program has is opened later, by `refresh`.
        """
        if self._settings.port is None:
            return
        self._retry_at = math.inf
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            self._open(self._settings.host, self._settings.port)
        except OSError as error:
            text = f"metrics.port: {address} cannot be opened: {error.strerror}"
            if text != self._said:
                log.warning("%s; free it or choose another; trying again", text)
            self._said = text
            self._retry_at = time.monotonic() + self._wait
            self._wait = min(2 * self._wait, SLOWEST_RETRY)
            return
        if self._said:
            log.info("metrics.port: %s is open now", address)
        self._said, self._wait = "", REFRESH

    def _open(self, host: str, port: int) -> None:
        library = _library()
        registry = library.CollectorRegistry()
        registry.register(self)
        library.ProcessCollector(registry=registry)
        server, thread = library.start_http_server(port, host, registry=registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop

    def refresh(self, report: Callable[[], Mapping[str, Any]]) -> None:
        """Take a new report, if the last one is old; without a port none is made."""
        now = time.monotonic()
        if now >= self._retry_at:
            self.start()
        if self._settings.port is not None and now >= self._due:
            self._due = now + REFRESH
            self._families = self._describe(report())

    def close(self) -> None:
        """Close the port."""
        self._retry_at = math.inf
        self._stop()
        self._stop = lambda: None

    def collect(self) -> "Iterator[Metric]":
        """Yield the values as the library wants them, at each scrape."""
        core = _library().core
        kinds = {Kind.COUNTER: core.CounterMetricFamily, Kind.GAUGE: core.GaugeMetricFamily}
        for family in self._families:
            names = list(family.samples[0].labels) if family.samples else []
            metric = kinds[family.kind](family.name, family.help, labels=names)
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

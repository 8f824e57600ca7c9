"""Counters for Prometheus, on a port of their own; nothing at all where no port is configured."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from common.config import MetricsConfig
from common.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

REFRESH = 1.0  # seconds; so old a scraped value may be, while the program is not busy with something else


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
        if settings.port is not None:
            _library()

    def start(self) -> None:
        """Open the port, if there is one; answers come from threads of its own.

        Raises:
            ConfigError: it cannot be opened.
        """
        if self._settings.port is None:
            return
        library = _library()
        registry = library.CollectorRegistry()
        registry.register(self)
        library.ProcessCollector(registry=registry)
        address = (self._settings.host, self._settings.port)
        try:
            server, thread = library.start_http_server(address[1], address[0], registry=registry)
        except OSError as error:
            raise ConfigError(
                f"metrics.port: {address[0]}:{address[1]} cannot be opened: {error.strerror}; choose another port"
            ) from error

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop

    def refresh(self, report: Callable[[], Mapping[str, Any]]) -> None:
        """Take a new report, if the last one is old; without a port none is made."""
        now = time.monotonic()
        if self._settings.port is not None and now >= self._due:
            self._due = now + REFRESH
            self._families = self._describe(report())

    def close(self) -> None:
        """Close the port."""
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

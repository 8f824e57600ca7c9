"""Metrics for Prometheus, on a port of their own; nothing is opened where no port is configured."""

import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from common.config import MetricsConfig
from common.errors import ConfigError
from common.runtime.logs import ChangeLogger

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

REFRESH = 1.0  # seconds; the age of a scraped value, unless the main loop is busy
THREADS = 4  # that answer scrapes
TIMEOUT = 5.0  # seconds that a client may take to send its request, or to read the answer
MAX_BACKOFF = 30.0  # seconds between two attempts to open a port that is in use


class _Handler(WSGIRequestHandler):
    """Reads a request; who sends none is disconnected."""

    timeout = TIMEOUT

    def log_message(self, *_: object) -> None:
        """Log nothing: scrapes are no news."""


class _Server(ThreadingMixIn, WSGIServer):
    """Answers scrapes in a few threads; the others wait in the kernel's queue until one is free."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._free = threading.Semaphore(THREADS)
        self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Without the look-up of the host's name that the base class makes, which may take seconds.
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), port
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away, or that send no request in time."""


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
        server = make_server(host, port, library.make_wsgi_app(registry), _Server, _Handler)
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

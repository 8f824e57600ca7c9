import errno
import logging
import os
import socket
import sys
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from common.errors import ConfigError
from monitor.base.config import MetricsConfig
from monitor.web.exposition import Family, Sample
from monitor.web.metrics import STALL_TIMEOUT, TRY_AGAIN, Metrics, evaluate
from tests.support.servers import free_port


def families() -> list[Family]:
    return [
        Family("a_total", "Things", [Sample({"of": 'q"\\\n'}, 5)]),
        Family("b_volts", "Other things", [Sample({}, 234.5)]),
    ]


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics(MetricsConfig(port=free_port()), families)
    yield metrics
    metrics.close()


def scrape(metrics: Metrics) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics._settings.port}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def test_without_a_port_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metrics, "_open", lambda *_: pytest.fail("a port was opened"))
    metrics = Metrics(MetricsConfig(), families)
    metrics.tick()
    metrics.close()


def test_a_client_that_says_nothing_holds_up_neither_others_nor_the_end(metrics: Metrics) -> None:
    metrics.tick()
    with socket.create_connection(("127.0.0.1", metrics._settings.port or 0), timeout=60):
        assert "a_total" in scrape(metrics)
        metrics.close()


def test_a_port_in_use_is_logged_once_and_opened_when_it_is_free(
    metrics: Metrics, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    now = [1000.0]
    monkeypatch.setattr("monitor.web.metrics.time", SimpleNamespace(monotonic=lambda: now[0]))
    with socket.create_server(("127.0.0.1", metrics._settings.port or 0)):
        for _ in range(100):
            now[0] += 1
            metrics.tick()
    (busy,) = caplog.messages
    assert busy.startswith(f"metrics.port: 127.0.0.1:{metrics._settings.port} ")
    assert os.strerror(errno.EADDRINUSE) in busy
    now[0] += TRY_AGAIN
    metrics.tick()
    assert "a_total" in scrape(metrics)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_without_the_library_only_a_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    Metrics(MetricsConfig(), families).tick()
    with pytest.raises(ConfigError, match=r"^metrics\.port: .*pip install 'prometheus-client>=0\.21'"):
        Metrics(MetricsConfig(port=1), families)


def test_a_thread_that_hangs_is_seen_and_a_missing_broker_is_no_fault() -> None:
    well, stuck = evaluate(2, 1.0), evaluate(2, STALL_TIMEOUT)
    assert (well.alive, well.healthy, well.status_text) == (True, True, "serving the page, 2 viewers")
    assert not stuck.alive
    assert evaluate(0, float("-inf")).alive  # no broker is configured

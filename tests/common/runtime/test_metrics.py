import contextlib
import errno
import logging
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from common.errors import ConfigError
from common.runtime.metrics import Family, Metrics, MetricType, Sample
from common.runtime.scrapes import THREADS
from common.settings.config import MetricsConfig
from tests.support.servers import free_port


def describe(report: object) -> list[Family]:
    assert isinstance(report, dict)
    return [
        Family("a_total", MetricType.COUNTER, "Things", [Sample({"of": 'q"\\\n'}, report["a"])]),
        Family("b", MetricType.GAUGE, "Other things", []),
    ]


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics(MetricsConfig(port=free_port()), describe)
    metrics.start()
    yield metrics
    metrics.close()


def scrape(metrics: Metrics) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics._settings.port}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def test_serves_the_last_report(metrics: Metrics) -> None:
    assert "a_total" not in scrape(metrics)
    metrics.refresh(lambda: {"a": 5})
    text = scrape(metrics)
    assert '# HELP a_total Things\n# TYPE a_total counter\na_total{of="q\\"\\\\\\n"} 5.0\n' in text
    assert "# TYPE b gauge\n" in text
    assert "process_resident_memory_bytes " in text


def test_a_report_is_made_once_a_second_at_most(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    now, made = [1000.0], []
    monkeypatch.setattr("common.runtime.metrics.time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(20):
        metrics.refresh(lambda: made.append(now[0]) or {"a": 5})  # type: ignore[func-returns-value]
        now[0] += 0.125  # exact in binary
    assert made == [1000.0, 1001.0, 1002.0]


def test_without_a_port_nothing_is_done() -> None:
    metrics = Metrics(MetricsConfig(), describe)
    metrics.start()
    metrics.refresh(lambda: pytest.fail("a report was made"))
    metrics.close()


def test_a_closed_port_can_be_opened_again(metrics: Metrics) -> None:
    scrape(metrics)
    metrics.close()
    metrics.start()
    scrape(metrics)


def test_silent_clients_take_few_threads_and_hold_scrapes_for_a_while_only(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("common.runtime.scrapes.Handler.timeout", 0.2)
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(socket.create_connection(("127.0.0.1", metrics._settings.port or 0), timeout=60))
        most = 0
        asking = threading.Thread(target=scrape, args=(metrics,))
        asking.start()
        while asking.is_alive():
            asking.join(0.01)
            most = max(most, threading.active_count() - before - 1)
    assert 0 < most <= THREADS
    assert capfd.readouterr().err == ""


def test_a_port_in_use_is_logged_once_and_opened_when_it_is_free(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    now = [1000.0]
    monkeypatch.setattr("common.runtime.metrics.time", SimpleNamespace(monotonic=lambda: now[0]))
    with socket.socket() as other:
        other.bind(("127.0.0.1", port := free_port()))
        other.listen()
        metrics = Metrics(MetricsConfig(port=port), describe)
        metrics.start()
        for _ in range(100):
            now[0] += 1
            metrics.refresh(lambda: {"a": 5})
    (busy,) = caplog.messages
    assert busy.startswith(f"metrics.port: 127.0.0.1:{port} ")
    assert os.strerror(errno.EADDRINUSE) in busy
    now[0] += 30
    metrics.refresh(lambda: {"a": 5})
    assert 'a_total{of="q\\"' in scrape(metrics)
    metrics.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_port_that_is_never_free_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(MetricsConfig(host="192.0.2.1", port=9), describe)  # an address that nobody has
    metrics.start()
    metrics.close()


def test_without_the_library_only_a_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    Metrics(MetricsConfig(), describe).start()
    with pytest.raises(ConfigError, match=r"^metrics\.port: .*pip install 'prometheus-client>=0\.21'"):
        Metrics(MetricsConfig(port=1), describe)

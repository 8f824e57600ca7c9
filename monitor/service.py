"""`teleinfo-monitor run`: serves the page and the API until stopped."""

import argparse
import contextlib
import gc
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from common.database.mariadb import Connection, Database
from common.errors import ConfigError
from common.machine.version import full_version
from common.runtime import logs
from common.runtime.shutdown import Shutdown
from common.runtime.waiting import when_ready
from common.runtime.watchdog import Heartbeat, Notifier
from common.settings import config
from monitor.alerts.loop import Alerting, FactsCollector
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.fetch.runner import Fetcher
from monitor.live.live import Live
from monitor.mcp.page import McpPage
from monitor.mcp.tools import TOOLS
from monitor.money.current import LOOK_EVERY, CurrentHousehold, Snapshot
from monitor.money.home import Home
from monitor.places.contracts import compare, offers, power, tempo
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.now import routes as now_routes
from monitor.places.review import csv as energy_csv
from monitor.places.review import energy, forecast, indexes, notes, weather, why
from monitor.places.review import routes as review
from monitor.places.settings import access, discovered, fetch_prices
from monitor.places.settings import fetch as fetch_routes
from monitor.places.settings import routes as settings_routes
from monitor.places.status import forgettable, message, ports, status
from monitor.places.status import routes as status_routes
from monitor.readings.hours import Meter
from monitor.readings.storage import open_tables
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sun import SunAnswers
from monitor.web import greeting, password
from monitor.web.actions import Actions
from monitor.web.api import JSON, Api
from monitor.web.background import (
    TIMEOUT,
    Background,
    CacheWarmer,
    SwitchHistory,
    UnusedLines,
)
from monitor.web.credentials import Credentials
from monitor.web.exposition import Exposition, Family
from monitor.web.files import Files
from monitor.web.http import REVALIDATE, Stream, json_bytes, packed
from monitor.web.login import Authenticator
from monitor.web.metrics import Counters, Metrics, evaluate
from monitor.web.openapi import document
from monitor.web.parameters import read_parameters
from monitor.web.pool import SILENCE_TIMEOUT, Pool, PooledConnection
from monitor.web.route import Action, LiveRequest, LiveRoute, Route
from monitor.web.router import Parts, Router
from monitor.web.workers import Workers

log = logging.getLogger(__name__)

ROUTES: Sequence[Route | LiveRoute] = (
    now_routes.METERS,
    now_routes.LIVE,
    now_routes.LATER,
    series.ROUTE,
    energy.ROUTE,
    energy_csv.ROUTE,
    interval.ROUTE,
    indexes.ROUTE,
    now_routes.DEVICES,
    status_routes.EVENTS,
    *review.ROUTES,
    forecast.ROUTE,
    compare.ROUTE,
    offers.ROUTE,
    power.ROUTE,
    why.ROUTE,
    weather.ROUTE,
    notes.ROUTE,
    tempo.ROUTE,
    status.ROUTE,
    forgettable.ROUTE,
    status_routes.APP,
    ports.ROUTE,
    message.ROUTE,
    status_routes.ALERTS,
    *settings_routes.ROUTES,
    discovered.ROUTE,
    fetch_routes.ROUTE,
)
ACTIONS: Sequence[Action] = (*settings_routes.ACTIONS, *access.ACTIONS, *fetch_routes.ACTIONS, *fetch_prices.ACTIONS)
PAGE = Path(__file__).resolve().parent / "page"
CONNECTIONS = 4  # to the database, and threads that use them for questions
QUICK = 2  # more threads, for what needs no database
MOST_WAITING = 100  # questions that wait for a thread


def run(arguments: argparse.Namespace) -> int:
    """Do `teleinfo-monitor run`: serve until a signal; return the exit code.

    Raises:
        ConfigError: the configuration is wrong, or a library is not installed.
    """
    settings = config.load(MonitorConfig, arguments.config)
    logs.set_up(settings.log.format, "teleinfo-monitor")
    if settings.page_password is not None:
        password.hash_in_place(settings.page_password)
    try:
        from monitor.web.serve import Serving, application, open_ports
    except ImportError as error:
        raise ConfigError(
            f"the page needs the package {error.name}: {sys.executable} -m pip install 'uvicorn>=0.32'"
        ) from error
    shutdown, serving = Shutdown(), Serving(settings.is_proxy)
    shutdown.install(serving.stop)
    heartbeat = Heartbeat(settings.heartbeat, Notifier())
    running = Running(settings, heartbeat)
    ports = when_ready(lambda: open_ports(settings), shutdown, heartbeat)
    if ports is None:
        return shutdown.exit_code
    for level, line in greeting.greeting(settings, os.environ):
        log.log(level, "%s", line)
    ingress_port = None if settings.ingress is None else settings.ingress.port
    router = running.router()
    gc.freeze()  # modules and prices stay: an answer would wait 30 ms whenever Python looks through them again
    with running.started(), contextlib.ExitStack() as opened:
        for port in ports:
            opened.enter_context(port)
        serving.run(ports, lambda closing: application(router, closing, ingress_port), running.tick)
    log.info("Stopped")
    return shutdown.exit_code


class Running:
    """What runs beside the server, and what the server asks."""

    def __init__(self, settings: MonitorConfig, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._since = time.monotonic()
        self._counters = Counters()
        parts, self._live, self._background = build(settings)
        self._metrics = Metrics(settings.metrics, self._families)
        self._settings, self._parts = settings, parts
        self._credentials: Credentials | None = None

    @contextlib.contextmanager
    def started(self) -> Iterator[None]:
        """Connect to the broker and open the port of the metrics, until the end of the context."""
        self._live.start()
        self._metrics.tick()
        try:
            yield
        finally:
            self._heartbeat.stop()
            self._metrics.close()
            self._live.close()

    def router(self) -> Router:
        """Return what answers requests; it reads the sessions that the last run left: once the ports are ours."""
        settings = self._settings
        self._credentials = credentials = Credentials(settings, announce=self._announce)
        authenticator = Authenticator(settings, self._counters, credentials, self._parts.home_network)
        return Router(settings, self._parts, self._counters, authenticator)

    def _announce(self, code: str) -> None:
        if self._settings.app is None:  # its owner opens it in Home Assistant
            log.info("%s", greeting.first_visit(self._settings.listen, os.environ, code))

    def tick(self) -> None:
        """Do what is due; called every second."""
        now = time.monotonic()
        if self._heartbeat.due(now):
            self._heartbeat.beat(evaluate(self._live.viewers, now - self._live.last_activity), now)
        if self._credentials is not None:
            self._credentials.look()
        for work in self._background:
            work.tick()
        self._metrics.tick()

    def _families(self) -> list[Family]:
        return families(self._live, self._counters, time.monotonic() - self._since)


def build(settings: MonitorConfig) -> tuple[Parts, Live, Sequence[Background]]:
    """Put the parts together; nothing is opened or started."""
    database = Database(settings.database)

    def connect() -> Connection:
        return open_tables(database, SILENCE_TIMEOUT)

    pool = Pool(connect)
    workers, quick = Workers(CONNECTIONS, MOST_WAITING), Workers(QUICK, MOST_WAITING)
    slow = Workers(1, MOST_WAITING)  # one after the other: what one has found, the next finds in the memory

    def use(found: Snapshot) -> None:
        live.use(*found)
        live.use_ports(found.config.household.ports)

    household = CurrentHousehold(settings, use)
    live = Live(*household.now, alerts=partial(AlertSummary, lambda: household.now.config), settle=household.refresh)

    def answers_on(connection: PooledConnection) -> Home:
        if not household.now.config.household.is_known:  # the first question may come before the first look
            household.refresh(connection)
        return Home(connection, *household.now)

    @contextlib.contextmanager
    def lend() -> Iterator[Home]:
        with pool.borrow(TIMEOUT) as connection:
            yield answers_on(connection)

    def language() -> str | None:
        return household.now.config.household.language

    def home_network() -> bool:
        return household.now.config.household.home_network

    def stream(query: str) -> Stream:
        parameters = read_parameters(query, now_routes.STREAM.parameters)
        opened: Stream = now_routes.STREAM.answer(LiveRequest(live, parameters, datetime.now(UTC)))
        return opened

    api = Api(ROUTES, settings, pool, workers, quick, answers_on, live)
    tools = Api(TOOLS, settings, pool, workers, quick, answers_on, live)

    def renew() -> None:
        api.renew()
        tools.renew()

    actions = Actions(ACTIONS, household, pool, connect, answers_on, renew)
    collector = FactsCollector(lend)
    alerting = Alerting(lambda: household.now.config, live, collector)

    def refresh() -> float:
        with pool.borrow(TIMEOUT) as connection:
            household.refresh(connection)
        return LOOK_EVERY

    live.alerts.use(alerting.alerts)
    background = (
        Background(Workers(1, MOST_WAITING), refresh, try_again=LOOK_EVERY),
        Background(slow, CacheWarmer(lend, _remember).step),
        Background(slow, SwitchHistory(lend, settings.time_zone, live.use_pasts).step),
        Background(slow, UnusedLines(lend).step),
        Background(slow, collector.step),
        Background(quick, alerting.step, try_again=1.0),
        Background(Workers(1, MOST_WAITING), Fetcher(household, connect).step),
    )
    description = packed(json_bytes(document([*ROUTES, now_routes.STREAM, *ACTIONS])), JSON, Cache_Control=REVALIDATE)
    streams = {now_routes.STREAM.name: stream}
    parts = Parts(api, actions, description, Files(PAGE), streams, language, home_network, McpPage(tools).respond)
    return parts, live, background


def _remember(home: Home, meter: Meter) -> None:
    home.reader.remember(meter)
    SunAnswers(home).remember(meter)
    DeviceAnswers(home).remember(meter)


def families(live: Live, counters: Counters, uptime: float) -> list[Family]:
    """Return what Prometheus reads; `uptime` is in seconds. Without a broker nothing is known but of this monitor."""
    found = Exposition()
    found.add_monitor(
        full_version(), uptime, counters.replies, counters.wrong_passwords, live.viewers, broker=live.connected
    )
    if live.connected:
        for view in live.views():
            found.add_meter(view)
        for reader in live.programs("reader"):
            found.add_reader(reader)
        for storer in live.programs("storer"):
            found.add_storer(storer)
    return found.families

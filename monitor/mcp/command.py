"""The command `mcp` of `teleinfo-monitor`: the tools over stdin and stdout, for a model's program on this machine."""

import argparse
import os
from functools import partial

from common.database.mariadb import Database
from common.errors import ConfigError
from common.settings import config
from common.settings.language import language_of
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.mcp.tools import TOOLS, how_to_get
from monitor.money.current import CurrentHousehold
from monitor.money.home import Home
from monitor.places.status.check_alerts import noted
from monitor.readings.storage import open_tables
from monitor.web.api import Api
from monitor.web.pool import SILENCE_TIMEOUT, Pool, PooledConnection
from monitor.web.workers import Workers

_CONNECTIONS, _MOST_WAITING = 2, 20


def mcp(arguments: argparse.Namespace) -> int:
    """Answer until stdin ends; stdout has the protocol, stderr the log.

    Raises:
        ConfigError: the package is not installed.
    """
    settings = config.load(MonitorConfig, arguments.config)
    try:
        from monitor.mcp.server import serve
    except ImportError as error:
        raise ConfigError(RequestError("no_mcp", command=how_to_get()).text(language_of())) from error
    serve(_api(settings, CurrentHousehold(settings)))
    return 0


def _api(settings: MonitorConfig, household: CurrentHousehold) -> Api:
    """Return what answers the tools: from the database alone, and what the monitor has written of alerts."""
    database = Database(settings.database)
    pool = Pool(lambda: open_tables(database, SILENCE_TIMEOUT))
    live = Live(*household.now, alerts=partial(AlertSummary, lambda: household.now.config))
    live.close()  # nobody follows the broker, and nothing is waited for

    def answers_on(connection: PooledConnection) -> Home:
        household.refresh(connection)
        if os.access(settings.state, os.R_OK | os.X_OK):
            live.alerts.use(noted(household.now.config))
        return Home(connection, *household.now)

    workers = Workers(_CONNECTIONS, _MOST_WAITING)
    return Api(TOOLS, settings, pool, workers, workers, answers_on, live)

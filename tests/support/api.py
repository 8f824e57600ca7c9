"""Asks routes of the API on a database, without a web server."""

import contextlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from common.database.mariadb import Database
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.live.live import Live
from monitor.money.calendars import Calendars
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.web.http import json_bytes
from monitor.web.parameters import range_of, read_parameters
from monitor.web.route import ApiRequest, Body, Route


def ask(
    route: Route,
    database: Database,
    now: datetime,
    prices: PriceTable,
    question: str = "",
    *,
    config: MonitorConfig | None = None,
    colours: Mapping[date, str] | None = None,
    announced: Mapping[date, str] | None = None,
) -> Any:
    """Return what a route answers, as JSON has it, to parameters such as `by=day&from=2026-10-21`."""
    settings = config or MonitorConfig()
    values = read_parameters(question, route.parameters)
    asked = range_of(values, settings.time_zone)
    calendars = Calendars(written=colours or {}, announced=announced or {})
    live = Live(settings, prices, calendars, alerts=partial(AlertSummary, lambda: settings))
    live.close()  # nobody follows the broker, and nothing is waited for
    with contextlib.closing(database.connect()) as connection:
        answers = Home(connection, settings, prices, calendars)
        return sent(route.answer(ApiRequest(answers, values, asked, now, live)))


def sent(answer: Any) -> Any:
    """Return an answer as who asks reads it; a file as it is."""
    return answer if isinstance(answer, Body) else json.loads(json_bytes(answer))

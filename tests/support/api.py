"""Asks routes of the API on a database, without a web server."""

import contextlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl

from common.database.mariadb import Database
from monitor.answers.answers import Answers
from monitor.api.call import Call, Route
from monitor.config import MonitorConfig
from monitor.prices.model import PriceTable


def ask(
    route: Route,
    database: Database,
    now: datetime,
    prices: PriceTable,
    question: str = "",
    *,
    config: MonitorConfig | None = None,
    colours: Mapping[date, str] | None = None,
) -> Any:
    """Return what a route answers to the parameters of `question`, such as `by=day&from=2026-10-21`."""
    settings = config or MonitorConfig()
    values = dict(parse_qsl(question, keep_blank_values=True, strict_parsing=bool(question)))
    assert values.keys() <= {parameter.name for parameter in route.parameters}
    with contextlib.closing(database.connect()) as connection:
        return route.answer(Call(Answers(connection, settings, prices, colours), settings, values, now))

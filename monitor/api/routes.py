"""All routes of the API below `api/v1/`; `live/stream` and `openapi.json` are the server's own."""

from collections.abc import Sequence

from monitor.api import (
    app,
    baseload,
    compare,
    energy,
    energy_csv,
    events,
    live,
    meters,
    peaks,
    power,
    profile,
    series,
    status,
    tempo,
)
from monitor.api.call import LiveRoute, Route

ROUTES: Sequence[Route | LiveRoute] = (
    meters.ROUTE,
    live.ROUTE,
    series.ROUTE,
    energy.ROUTE,
    energy_csv.ROUTE,
    events.ROUTE,
    peaks.ROUTE,
    baseload.ROUTE,
    profile.ROUTE,
    compare.ROUTE,
    power.ROUTE,
    tempo.ROUTE,
    status.ROUTE,
    app.ROUTE,
)

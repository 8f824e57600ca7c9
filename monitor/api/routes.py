"""All routes of the API below `api/v1/`; `live/stream` and `openapi.json` are the server's own."""

from collections.abc import Sequence

from monitor.api import (
    alerts,
    app,
    baseload,
    compare,
    devices_now,
    energy,
    energy_csv,
    events,
    forecast,
    interval,
    later,
    live,
    meters,
    notes,
    peaks,
    power,
    profile,
    series,
    status,
    tempo,
    weather,
    why,
)
from monitor.api.call import LiveRoute, Route

ROUTES: Sequence[Route | LiveRoute] = (
    meters.ROUTE,
    live.ROUTE,
    later.ROUTE,
    series.ROUTE,
    energy.ROUTE,
    energy_csv.ROUTE,
    interval.ROUTE,
    devices_now.ROUTE,
    events.ROUTE,
    peaks.ROUTE,
    baseload.ROUTE,
    profile.ROUTE,
    forecast.ROUTE,
    compare.ROUTE,
    power.ROUTE,
    why.ROUTE,
    weather.ROUTE,
    notes.ROUTE,
    tempo.ROUTE,
    status.ROUTE,
    app.ROUTE,
    alerts.ROUTE,
)

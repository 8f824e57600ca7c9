"""All routes of the API that read the database."""

from monitor.api import (
    baseload,
    energy,
    energy_csv,
    meters,
    peaks,
    profile,
    series,
)

ROUTES = (
    meters.ROUTE,
    series.ROUTE,
    energy.ROUTE,
    energy_csv.ROUTE,
    peaks.ROUTE,
    baseload.ROUTE,
    profile.ROUTE,
)

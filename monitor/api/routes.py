"""All routes of the API that read the database."""

from monitor.api import baseload, meters, peaks, profile

ROUTES = (
    meters.ROUTE,
    peaks.ROUTE,
    baseload.ROUTE,
    profile.ROUTE,
)

"""All routes of the API that read the database."""

from monitor.api import compare, energy, energy_csv

ROUTES = (
    energy.ROUTE,
    energy_csv.ROUTE,
    compare.ROUTE,
)

"""All routes of the API below `api/v1/`; `live/stream` and `openapi.json` are the server's own."""

from collections.abc import Sequence

from monitor.api import live
from monitor.api.call import LiveRoute, Route

ROUTES: Sequence[Route | LiveRoute] = (live.ROUTE,)

"""All routes of the API; each helper of it adds its own line."""

from collections.abc import Sequence

from monitor.api.call import Route

ROUTES: Sequence[Route] = ()

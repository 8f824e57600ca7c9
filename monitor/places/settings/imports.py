"""What was imported: each file that there is, with the number by which it is taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from common.contract.requests import FETCHED
from monitor.base.answer import answer_type
from monitor.web.route import ApiRequest, Route

# What is fetched is a file a day: the newest stands for all.
_IMPORTS = (
    "SELECT i.id, m.identifier, i.kind, i.file, i.taken_at, one.prm FROM imports AS i"
    " JOIN (SELECT MAX(id) AS id, MAX(prm) AS prm FROM imports GROUP BY meter_id, kind, IF(kind = %s, 0, id)) AS one"
    " ON one.id = i.id JOIN meters AS m ON m.id = i.meter_id ORDER BY i.id DESC"
)


@answer_type
class Import:
    """A file, or all that was fetched from a service for a meter."""

    id: Annotated[int, "what a request of the kind `import-forget` takes"]
    meter: str
    kind: str
    file: Annotated[str, "its name; of what was fetched, that of the newest"]
    taken_at: datetime
    point: Annotated[str | None, "the delivery point under which it stood before its meter came"]


@answer_type
class Imports:
    """The answer of `imports`."""

    imports: Annotated[Sequence[Import], "the newest first"]


def imports(request: ApiRequest) -> Imports:
    """Return what is there."""
    rows = request.home.connection.query(_IMPORTS, (FETCHED,))
    return Imports(
        [
            Import(int(number), meter, kind, file, taken_at.replace(tzinfo=UTC), point)
            for number, meter, kind, file, taken_at, point in rows
        ]
    )


ROUTES: Sequence[Route] = (Route("imports", "What was imported, the newest first.", (), imports),)

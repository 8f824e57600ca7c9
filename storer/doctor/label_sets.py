"""Finds meters whose frames hardly share label sets: a label changes all the time, and such frames take more space."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, sql_time
from storer.database.label_sets import read_contents

_HOUR = timedelta(hours=1)
# On a day of rising load there are many maxima within an hour, but not half a day earlier as well.
_AGO = (timedelta(), timedelta(hours=12))
_FRAMES = 1000  # in each of these hours; of a meter whose frames come once a minute, each may have another maximum
# Not COUNT(DISTINCT …), which sorts all rows: four times slower.
_SHARES = """\
SELECT m.id, m.identifier, COUNT(*) / SUM(s.frames) AS share
FROM (
    SELECT meter_id, label_set_id, COUNT(*) AS frames FROM frames WHERE timestamp > %s AND timestamp <= %s GROUP BY 1, 2
) AS s JOIN meters AS m ON m.id = s.meter_id
GROUP BY m.id, m.identifier HAVING SUM(s.frames) >= %s AND share > 0.1
ORDER BY m.identifier"""
_LAST_TWO = """\
SELECT label_set_id FROM frames WHERE meter_id = %s AND timestamp > %s AND timestamp <= %s
GROUP BY label_set_id ORDER BY MAX(timestamp) DESC LIMIT 2"""
_PARTS = ("frame", "stamps")


@dataclass(frozen=True, slots=True)
class ManyLabelSets:
    """A meter that makes too many label sets."""

    meter: str
    share: float  # label sets by frames, within the last hour
    differing: tuple[str, ...]  # labels in which its last two label sets differ


def find_many_label_sets(connection: Connection, last: datetime) -> tuple[ManyLabelSets, ...]:
    """Return the meters whose label sets are more than a tenth of their frames; `last` is the newest frame's time."""
    recent, earlier = (
        {number: (str(meter), float(share)) for number, meter, share in connection.query(_SHARES, (*hour, _FRAMES))}
        for hour in (_hour_to(last - ago) for ago in _AGO)
    )
    return tuple(
        ManyLabelSets(meter, share, _differing(connection, number, last))
        for number, (meter, share) in recent.items()
        if number in earlier
    )


def _hour_to(end: datetime) -> tuple[str, str]:
    return sql_time(end - _HOUR), sql_time(end)


def _differing(connection: Connection, meter: int, last: datetime) -> tuple[str, ...]:
    ids = [int(number) for (number,) in connection.query(_LAST_TWO, (meter, *_hour_to(last)))]
    contents = list(read_contents(connection, ids).values())
    if len(contents) < 2:
        return ()  # one is missing
    one, other = map(_flat, contents)
    return tuple(sorted({label for _, label in dict(one.items() ^ other.items())}))


def _flat(content: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {(part, label): value for part in _PARTS for label, value in content.get(part, {}).items()}

"""Looks up the numbers of meters and label sets, and gives numbers to those that have none.

Nothing is kept here: a database may go back to an earlier state at any moment, a backup restored, a node that lags, and
numbers that were kept would then give frames another meter's name.
"""

from collections.abc import Iterable

from common.database import Connection
from storer.database.rows import LabelSet

# Not AUTO_INCREMENT: it leaves gaps (on Galera it takes steps), and numbers of meters are few. Where another storer is
# quicker, its number is taken or its meter is there already: nothing happens, and the caller looks again.
_ADD_METER = (
    "INSERT INTO meters (id, identifier)"
    " SELECT next.id, %s FROM (SELECT COALESCE(MAX(id), 0) + 1 AS id FROM meters) AS next"
    " ON DUPLICATE KEY UPDATE identifier = meters.identifier"
)
_ADD_LABEL_SET = (
    "INSERT INTO label_sets (digest, subscription_type, subscribed_current, pricing_period, current_max, schedule,"
    " state_code, registers_at_rest, index_total, content) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE digest = digest"
)


def find_meters(connection: Connection, identifiers: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those meters that have one, by identifier."""
    wanted = sorted(set(identifiers))
    sql = f"SELECT identifier, id FROM meters WHERE identifier IN ({_marks(wanted)})"  # noqa: S608 - only marks
    return {str(identifier): int(number) for identifier, number in connection.query(sql, wanted)}


def find_label_sets(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    """Return the numbers of those label sets that are there, by digest."""
    wanted = sorted(set(digests))
    sql = f"SELECT digest, id FROM label_sets WHERE digest IN ({_marks(wanted)})"  # noqa: S608 - only marks
    return {bytes(digest): int(number) for digest, number in connection.query(sql, wanted)}


def add_meter(connection: Connection, identifier: str) -> int:
    """Give a meter the next number, committed on its own; return 0 if another storer was quicker, else 1."""
    return connection.execute(_ADD_METER, (identifier,))


def add_label_set(connection: Connection, label_set: LabelSet) -> int:
    """Write a label set, committed on its own; return 0 if another storer was quicker, else 1."""
    return connection.execute(
        _ADD_LABEL_SET,
        (
            label_set.digest,
            label_set.subscription_type,
            label_set.subscribed_current,
            label_set.pricing_period,
            label_set.current_max,
            label_set.schedule,
            label_set.state_code,
            label_set.idle_registers_total,
            label_set.index_total,
            label_set.content,
        ),
    )


def _marks(values: list[str] | list[bytes]) -> str:
    return ", ".join(["%s"] * len(values))

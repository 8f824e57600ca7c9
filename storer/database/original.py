"""The table of the original program, which has the name that our view needs.

It has a row a second at most: the time is its whole key. Its rows are made frames by `storer.adoption`.
"""

from common.database.mariadb import Connection
from common.errors import PermanentError
from common.machine.deployment import here

NAME = "teleinfoframes"
#: The table's name once its rows are being made frames.
KEPT = "teleinfoframes_original"
COLUMNS = (
    "timestamp",
    "meter_identifier",
    "subscription_type",
    "subscription_power_in_a",
    "total_base_index_in_wh",
    "current_pricing_period",
    "instantaneous_intensity_in_a",
    "intensity_max_in_a",
    "power_consumption_in_va",
    "peak_off_peak_schedule",
    "meter_state_code",
)


def is_table(connection: Connection, name: str) -> bool:
    """Return whether a table, not a view, has that name."""
    return _kind(connection, name) not in (None, "VIEW")


def view_exists(connection: Connection) -> bool:
    """Return whether our view is there."""
    return _kind(connection, NAME) == "VIEW"


def missing_columns(connection: Connection, name: str) -> list[str]:
    """Return the columns of the original program's table that a table lacks; none: it is one."""
    rows = connection.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s",
        (name,),
    )
    found = {str(column).lower() for (column,) in rows}
    return [column for column in COLUMNS if column not in found]


def refuse_original(connection: Connection, where: str) -> None:
    """Raise an error if a table stands where our view belongs; `where` is database and server, for the message.

    Raises:
        PermanentError: the original program's table must be adopted first, or another one renamed.
    """
    if not is_table(connection, NAME):
        return
    if missing_columns(connection, NAME):
        raise PermanentError(
            f"database {where}: a table has the name of our view, {NAME}, and is not the original program's:"
            " rename it, or choose another database"
        )
    storer = here("teleinfo-storer")
    raise PermanentError(
        f"database {where}: {NAME} is the table of the original program: make its rows frames with"
        f" `{storer.run_alone('teleinfo-storer', 'adopt')}`; `adopt --dry-run` shows what is in it and changes nothing"
    )


def _kind(connection: Connection, name: str) -> str | None:
    rows = connection.query(
        "SELECT table_type FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s", (name,)
    )
    return str(rows[0][0]) if rows else None

"""The table of the original program, which has the name that our view needs: its hours can be imported."""

from common.database.mariadb import Connection
from common.errors import PermanentError
from common.machine.deployment import here

NAME = "teleinfoframes"
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
    rows = connection.query(
        "SELECT table_type FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s", (name,)
    )
    return bool(rows) and rows[0][0] != "VIEW"


def missing_columns(connection: Connection, name: str, database: str | None = None) -> list[str]:
    """Return the columns of the original program's table that a table lacks; none: it is one."""
    rows = connection.query(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
        (database, name),
    )
    found = {str(column).lower() for (column,) in rows}
    return [column for column in COLUMNS if column not in found]


def refuse_original(connection: Connection, where: str) -> None:
    """Raise an error if a table stands where our view belongs; `where` is database and server, for the message.

    Raises:
        PermanentError: the original program's table, or another one, must be renamed first.
    """
    if not is_table(connection, NAME):
        return
    if missing_columns(connection, NAME):
        raise PermanentError(
            f"database {where}: a table has the name of our view, {NAME}, and is not the original program's:"
            " rename it, or choose another database"
        )
    raise PermanentError(f"database {where}: {NAME} is the table of the original program: {rename()}")


def rename() -> str:
    """Say what to do with the original program's table."""
    storer = here("teleinfo-storer")
    return (
        f"as administrator ({storer.sql()}): RENAME TABLE {NAME} TO {NAME}_original; then import its hours with"
        f" `{storer.run_alone('teleinfo-storer', f'import original {NAME}_original')}`"
    )

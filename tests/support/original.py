"""The table of the original program, and rows as it wrote them."""

import contextlib
import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.support.servers import Database as Server
from tests.support.storing import client

METER = "031961123456"
TABLE = """
CREATE TABLE teleinfoframes (
    timestamp TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' PRIMARY KEY,
    meter_identifier CHAR(12) NOT NULL,
    subscription_type CHAR(4) NOT NULL,
    subscription_power_in_a TINYINT UNSIGNED NOT NULL,
    total_base_index_in_wh INT UNSIGNED NOT NULL,
    current_pricing_period CHAR(4) NOT NULL,
    instantaneous_intensity_in_a SMALLINT UNSIGNED NOT NULL,
    intensity_max_in_a SMALLINT UNSIGNED NOT NULL,
    power_consumption_in_va MEDIUMINT UNSIGNED NOT NULL,
    peak_off_peak_schedule CHAR(1) NOT NULL,
    meter_state_code CHAR(6) NULL
)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A row; its time is the one that the table shows in a session in UTC."""

    time: datetime
    index: int
    meter: str = METER
    contract: str = "BASE"
    subscribed: int = 30
    period: str = "TH.."
    current: int = 2
    most: int = 35
    power: int = 390
    schedule: str = "A"
    state: str | None = "000000"


def make_original(server: Server, rows: Iterable[Row], table: str = TABLE) -> None:
    """Create the table and fill it; a second row with the same key is refused, as it was for the original program."""
    with contextlib.closing(client(server).connect()) as connection:
        connection.execute(table)
        connection.execute("SET SESSION sql_mode = ''")
        values = [dataclasses.astuple(row) for row in rows]
        order = (
            "timestamp, total_base_index_in_wh, meter_identifier, subscription_type, subscription_power_in_a,"
            " current_pricing_period, instantaneous_intensity_in_a, intensity_max_in_a, power_consumption_in_va,"
            " peak_off_peak_schedule, meter_state_code"
        )
        marks = ", ".join(["%s"] * 11)
        connection.execute_many(f"INSERT IGNORE INTO teleinfoframes ({order}) VALUES ({marks})", values)


def steady(begin: str, count: int, *, every: timedelta, index: int = 1_000_000) -> list[Row]:
    """Make rows at a steady pace, each with an index that is higher by 1."""
    start = datetime.fromisoformat(begin)
    return [Row(start + number * every, index + number) for number in range(count)]

"""The offers on the first day of a meter, when only what was imported is known of the days before."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.request_errors import RequestError
from monitor.places.contracts import compare
from tests.support.api import ask
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

METER = "031961123456"
MIDNIGHT = datetime(2026, 11, 9, 23, tzinfo=UTC)  # of 10 November, in Paris
NOW = MIDNIGHT + timedelta(hours=10)


@pytest.fixture
def imported(fresh_database: Server) -> Database:
    """Seven days of 700 Wh an hour, up to midnight; the meter itself has not said a word."""
    tables = make_tables(fresh_database)
    hours = (MIDNIGHT - timedelta(hours=number) for number in range(1, 7 * 24 + 1))
    values = ", ".join(f"(95, '{hour:%F %T}', 0, 'csv', 700)" for hour in hours)
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (95, '{METER}')",
        f"INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES {values}",
        "SELECT 1",
    )
    return tables


def heard(tables: Database) -> Database:
    """The meter speaks from nine o'clock on: off-peak hours, 30 A."""
    values: dict[str, int | str] = {"ADCO": METER, "OPTARIF": "HC..", "ISOUSC": 30, "HCHC": 1_000, "HCHP": 2_000}
    values |= {"PTEC": "HP..", "IINST": 4, "PAPP": 1_000}
    moments = (NOW - timedelta(minutes=number) for number in range(60, 0, -1))
    store(tables, [Frame(meter=METER, timestamp=at, mode=Mode.HISTORIC, values=values) for at in moments])
    roll_up(tables, NOW)
    return tables


def test_offers_are_ranked_on_the_first_day_at_the_power_that_the_meter_says(imported: Database) -> None:
    answer = ask(compare.ROUTE, heard(imported), NOW, bundled_prices())
    assert (answer["from"], answer["last_day"], answer["power"]) == ("2026-11-03", "2026-11-09", 6)
    assert (answer["wh"], answer["why"]) == (7 * 24 * 700, None)
    offers = {offer["id"]: offer for offer in answer["offers"]}
    assert offers["trv-base"]["rank"]
    assert [name for name, offer in offers.items() if offer["yours"]] == ["trv-hphc"]


def test_a_contract_that_begins_today_says_the_power(imported: Database) -> None:
    lines = (ContractLine(METER, date(2026, 11, 10), "trv-base", 9), ContractLine(METER, date(2026, 11, 11), "hchp", 3))
    config = MonitorConfig(household=Household(contracts=lines))
    answer = ask(compare.ROUTE, heard(imported), NOW, bundled_prices(), config=config)
    assert answer["power"] == 9
    assert [offer["id"] for offer in answer["offers"] if offer["yours"]] == ["trv-base"]


def test_before_the_meter_speaks_the_power_is_asked_for(imported: Database) -> None:
    with pytest.raises(RequestError) as refused:
        ask(compare.ROUTE, imported, NOW, bundled_prices(), f"meter={METER}")
    assert refused.value.key == "no_power"

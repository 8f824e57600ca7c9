"""A home of which only imported hours are known, under its delivery point: what the monitor says of it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.request_errors import RequestError
from monitor.places.contracts import compare, power
from monitor.places.now import routes as now_routes
from monitor.places.review import energy, forecast
from monitor.web.route import Route
from tests.services.test_requests import House
from tests.support.api import ask
from tests.support.frames import ADDRESS, standard
from tests.support.json_schema import check
from tests.support.prices import bundled_prices
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

PRM = "12345678901234"
WATTS = 600
FIRST, END = datetime(2025, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC)  # midnights in Paris
NOW = END + timedelta(hours=12)
PRICES = bundled_prices()
CONTRACT = ContractLine(meter=PRM, start=date(2026, 10, 1), offer="edf-zen-fixe", power=9, off_peak=None)
Ask = Callable[..., Any]


def load_curve() -> bytes:
    """Return a file of Enedis: the mean power of each hour, with the time of its end."""
    hours = [FIRST + timedelta(hours=number) for number in range(1, (END - FIRST) // timedelta(hours=1) + 1)]
    lines = [
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;"
        "Grandeur physique;Grandeur metier;Etape metier;Unite",
        f"{PRM};Courbe de charge;01/11/2025;20/11/2026;Energie active;Consommation;Comptage Brut;W",
        "Horodate;Valeur",
        *(f"{hour.isoformat()};{WATTS}" for hour in hours),
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture
def house(fresh_database: Server, broker: Broker, tmp_path: Any) -> House:
    """A home without a meter, and the storer."""
    return House(make_tables(fresh_database), fresh_database, broker, tmp_path)


@pytest.fixture
def home(house: House) -> Ask:
    """What is asked of the home, after its year was imported; `lines`: its contracts."""
    house.done("import", load_curve(), name="courbe.csv")

    def asked(route: Route, question: str = "", *lines: ContractLine) -> Any:
        config = MonitorConfig(household=Household(contracts=lines))
        answer = ask(route, house.database, NOW, PRICES, question, config=config)
        check(answer, route.schema)
        return answer

    return asked


def known(database: Database) -> list[str]:
    return [str(name) for (name,) in query(database, "SELECT identifier FROM meters ORDER BY id")]


def test_the_delivery_point_is_taken_from_the_file(house: House) -> None:
    assert house.done("import", load_curve(), name="courbe.csv")["meter"] == PRM
    assert known(house.database) == [PRM]


def test_a_file_that_names_none_asks_for_its_number(house: House) -> None:
    file = b"start,register,wh\n2025-03-01T00:00:00Z,total,7\n"
    assert "14 digits" in house.problem("import", file, name="past.csv")
    assert house.done("import", file, name="past.csv", meter=PRM)["meter"] == PRM


def test_it_is_listed_with_what_is_known_and_the_contract_that_is_stated(home: Ask) -> None:
    (meter,) = home(now_routes.METERS, "", CONTRACT)["meters"]
    assert (meter["id"], meter["serial"], meter["first"], meter["last"]) == (PRM, "1234…1234", None, None)
    assert (meter["known_since"], meter["known_until"]) == ("2025-11-01", "2026-11-20")
    assert (meter["subscribed"], meter["offer"], meter["contract_year"]) == (9000, "edf-zen-fixe", "10-01")
    assert (meter["mode"], meter["phases"], meter["structure"]) == (None, None, None)
    (meter,) = home(now_routes.METERS)["meters"]
    assert (meter["subscribed"], meter["offer"], meter["contract_year"]) == (None, None, None)


def test_its_month_has_a_bill_and_its_year_its_energy(home: Ask) -> None:
    month = home(energy.ROUTE, "by=month&from=2026-10-01&to=2026-11-01", CONTRACT)["whole"]
    hours = 31 * 24 + 1  # the clock goes back
    assert month["total_wh"] == WATTS * hours
    assert month["cost"]["energy"] == round(0.1835 * WATTS * hours / 1000 * 10_000)  # € of October 2026
    assert month["cost"]["subscription"] > 0
    year = home(energy.ROUTE, "by=month&from=2025-11-21&to=2026-11-21")["whole"]
    assert year["total_wh"] == WATTS * 365 * 24
    assert year["cost"] is None  # nobody has said the subscribed power


def test_offers_are_ranked_once_the_power_is_stated(home: Ask) -> None:
    answer = home(compare.ROUTE, "prices=today&shift=0", CONTRACT)
    assert answer["power"] == 9
    assert len([one for one in answer["offers"] if one["rank"]]) > 10
    assert [one["id"] for one in answer["offers"] if one["yours"]] == ["edf-zen-fixe"]
    with pytest.raises(RequestError, match="subscribed power is not known"):
        home(compare.ROUTE, "prices=today&shift=0")


def test_what_needs_a_meter_is_not_known_instead_of_zero(home: Ask) -> None:
    with pytest.raises(RequestError):
        home(power.ROUTE, "", CONTRACT)
    answer = home(forecast.ROUTE, "", CONTRACT)
    assert answer["year"]["wh"]["so_far"] == WATTS * 324 * 24  # of these days one has 23 hours, one 25
    assert answer["month"]["wh"]["so_far"] == WATTS * 20 * 24
    assert answer["month"]["wh"]["expected"] == pytest.approx(WATTS * 30 * 24, rel=0.001)


def test_a_meter_that_comes_is_another_until_it_is_joined(house: House, home: Ask) -> None:
    store(house.database, [standard(EAST=1, EASF01=1)])
    assert known(house.database) == [PRM, ADDRESS]
    ids = [meter["id"] for meter in home(now_routes.METERS)["meters"]]
    assert sorted(ids) == sorted([PRM, ADDRESS])


def test_a_file_that_names_it_is_its_own_beside_a_meter_too(house: House) -> None:
    house.done("import", load_curve(), name="courbe.csv")
    store(house.database, [standard(EAST=1, EASF01=1)])
    more = load_curve().replace(b";600", b";601")
    assert house.done("import", more, name="b.csv", dry_run=True)["meter"] == PRM
    other = more.replace(PRM.encode(), b"12345678905678")
    assert "Which meter" in house.problem("import", other, name="b.csv")


def test_its_number_stands_in_no_request_that_is_kept(house: House) -> None:
    house.done("import", load_curve(), name=f"{PRM}_courbe.csv")
    ((result,),) = query(house.database, "SELECT result FROM requests")
    assert PRM not in json.loads(result)["file"]

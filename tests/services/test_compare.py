"""Offers compared on a range that was hardly measured: in the terminal and by the API."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from common.contract.labels import Mode
from monitor.api import compare
from monitor.prices.table import load_prices
from tests.services.test_energy import House
from tests.services.test_report import Monitor
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

BEGIN = datetime(2026, 3, 9, 23, tzinfo=UTC)  # 10 March 2026, 00:00 in Paris
DAY = timedelta(days=1)
END = BEGIN + 20 * DAY - timedelta(hours=1)  # 30 March; the clock goes forward on the 29th


def test_a_winner_is_named_only_where_the_range_was_measured(fresh_database: Server, tmp_path: Path) -> None:
    house = House(5, BEGIN, Mode.HISTORIC)
    house.calendar = "HC.."
    house.live(BEGIN + DAY, every=600, outages=0)
    house.now += 17 * DAY  # nothing comes; off-peak energy is counted meanwhile
    house.supplier[0] += 150_000
    house.total += 150_000
    house.live(END, every=35, outages=0)
    tables = make_tables(fresh_database)
    store(tables, house.frames)
    roll_up(tables, END + DAY)
    prices = load_prices(None, tmp_path)

    answer = ask(compare.ROUTE, tables, END, prices, "from=2026-03-10&to=2026-03-30")
    check(answer, compare.ROUTE.schema)
    assert (answer["rankable"], answer["why"], answer["hours"]) == (False, "hours", 479)
    assert 70 <= answer["hours_read"] <= 73
    assert answer["recovered_wh"] >= 150_000
    assert {(offer["rankable"], offer["rank"]) for offer in answer["offers"]} == {(False, None)}
    assert "heures seulement sur 479 ont des relevés" in answer["refused"]
    assert answer["verdict"] is None
    measured = ask(compare.ROUTE, tables, END, prices, "from=2026-03-28&to=2026-03-30")
    assert (measured["rankable"], measured["why"]) == (True, None)
    assert {"trv-base", "trv-hphc", "trv-tempo"} <= {offer["id"] for offer in measured["offers"] if offer["rank"]}
    assert measured["verdict"] is not None

    monitor = Monitor(fresh_database, tmp_path)
    monitor.configure("")
    text = " ".join(monitor.run("compare", "--from", "2026-03-10", "--to", "2026-03-30").split())
    assert "heures seulement sur 479 ont des relevés" in text
    assert "moins" not in text
    assert "Rang" not in text


def test_who_has_no_tempo_may_ask_what_it_would_have_cost(fresh_database: Server, tmp_path: Path) -> None:
    begin, end = datetime(2026, 8, 27, 22, tzinfo=UTC), datetime(2026, 9, 3, 12, tzinfo=UTC)
    tables = make_past(fresh_database, begin, end, "standard-single-phase-base")
    prices = load_prices(None, tmp_path)

    def tempo(question: str, colours: dict[date, str] | None = None) -> dict[str, Any]:
        answer = ask(compare.ROUTE, tables, end, prices, question, colours=colours)
        check(answer, compare.ROUTE.schema)
        (found,) = [offer for offer in answer["offers"] if offer["id"] == "trv-tempo"]
        return {**found, "until": answer["colours_until"]}

    known = tempo("from=2026-08-28&to=2026-09-01")
    assert (known["rankable"], known["until"]) == (True, "2026-08-31")
    assert {register[-1] for register, wh in known["wh"].items() if wh} == {"B"}
    # The user's file goes before what is bundled.
    lies = {date(2026, 8, 27) + timedelta(number): "red" for number in range(5)}
    assert {register[-1] for register in tempo("from=2026-08-28&to=2026-09-01", lies)["wh"]} == {"R"}
    # The days after it are not guessed.
    unknown = tempo("from=2026-08-28&to=2026-09-03")
    assert (unknown["rankable"], unknown["why"]) == (False, "colours")
    september = {date(2026, 9, 1) + timedelta(number): "blue" for number in range(3)}
    assert tempo("from=2026-08-28&to=2026-09-03", september)["rankable"]

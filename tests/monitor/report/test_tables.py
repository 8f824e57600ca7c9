"""Reports on a terminal: what fits is shown whole, whatever its width."""

import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.answers import Answer, Period, join
from monitor.comparison.compare import Comparison, OfferCost
from monitor.cost.bill import Cost, add_up
from monitor.history.hours import Meter
from monitor.model import Energy
from monitor.report.formats import Formats
from monitor.report.tables import Tables

START = datetime(2026, 11, 9, 23, tzinfo=UTC)
DAY = timedelta(days=1)
METER = Meter(1, "031961000001", None, None)
FRENCH = Formats("fr", ZoneInfo("Europe/Paris"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def day(number: int, wh: Mapping[str, int], cost: str) -> Period:
    start = START + number * DAY
    seconds = 86_400 if wh else 0
    return Period(Energy(start, start + DAY, wh, None, {}, 0, 0, seconds, 86_400), Cost(energy=Decimal(cost)))


def report(*periods: Period, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    whole = Period(join([one.energy for one in periods]), add_up(one.cost for one in periods))
    answer = Answer(METER, periods, whole, {}, [], [])
    output = Terminal()
    Tables(output, FRENCH).energy(answer, "day", date(2026, 8, 1), None, None, START - DAY)
    return plain(output)


def plain(output: Terminal) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", output.getvalue())


@pytest.mark.parametrize("columns", [40, 50, 60, 80, 100])
def test_no_figure_is_cut_in_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = report(
        day(0, {"BASE": 17_800}, "11.94"), day(1, {"BASE": 9000}, "9"), columns=columns, monkeypatch=monkeypatch
    )
    assert "…" not in text
    for words in ("mar. 10/11", "17,8", "11,94\u202f€", "100\u202f%", "mer. 11/11"):
        assert words in text
    assert max(map(len, text.splitlines())) <= columns
    assert "█" * 24 in text or columns < 80


def test_registers_have_the_order_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = {"OTHER": 1, "EASF03": 1, "BBRHPJR": 1, "BBRHCJW": 1, "BBRHPJB": 1, "BBRHCJB": 1}
    text = report(day(0, mixed, "1"), columns=80, monkeypatch=monkeypatch)
    names = ["Bleu, heures creuses", "Bleu, heures pleines", "Blanc, heures creuses", "Rouge, heures pleines"]
    places = [text.index(name) for name in [*names, "Registre EASF03", "Hors contrat"]]
    assert places == sorted(places)


def test_a_time_without_data_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    text = report(*(day(number, {}, "0") for number in range(9)), columns=80, monkeypatch=monkeypatch)
    assert text == "Aucune donnée du 10/11/2026 au 18/11/2026. La première lecture date du\n09/11/2026.\n"


def test_a_comparison_names_each_offer_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    output = Terminal()
    offers = tuple(OfferCost(name, name == "tempo", Decimal(1250), Decimal(150)) for name in ("base", "tempo"))
    Tables(output, FRENCH).comparison(METER, Comparison(9, START, START + DAY, 1, 24, Decimal(24), offers))
    for words in ("Base", "Tempo", "1\u202f400,00\u202f€"):
        assert words in plain(output)
    assert "…" not in plain(output)


def test_days_across_new_year_show_their_year(monkeypatch: pytest.MonkeyPatch) -> None:
    across = report(
        *(day(number, {"BASE": 1000}, "1") for number in range(50, 54)), columns=80, monkeypatch=monkeypatch
    )
    assert "mer. 30/12/2026" in across
    assert "sam. 02/01/2027" in across
    inside = report(*(day(number, {"BASE": 1000}, "1") for number in range(4)), columns=80, monkeypatch=monkeypatch)
    assert "mar. 10/11 " in inside


def test_no_line_ends_or_begins_with_a_sign_that_belongs_to_the_words_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for columns in range(40, 100):
        monkeypatch.setenv("COLUMNS", str(columns))
        output = Terminal()
        tables = Tables(output, FRENCH)
        tables.line(FRENCH.text("no_contract", day="10/11/2026"))
        tables.line(FRENCH.text("unnamed_change", day="10/11/2026", before="HC..", after="BBR("))
        for line in plain(output).splitlines():
            assert not line.rstrip().endswith("«"), columns
            assert not re.match(r"\s*[»:;?!]", line), columns
            assert len(line) <= columns

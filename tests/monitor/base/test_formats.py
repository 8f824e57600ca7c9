import string
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from monitor.base.formats import Formats, round_money
from tests.support.texts import EN, FR

PARIS = ZoneInfo("Europe/Paris")
FRENCH, ENGLISH = Formats("fr", PARIS), Formats("en", PARIS)
SPACE = "\u202f"


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert FR.keys() == EN.keys()
    for key in FR:
        fields = [{name for _, name, _, _ in string.Formatter().parse(table[key]) if name} for table in (FR, EN)]
        assert fields[0] == fields[1], key


def test_french_numbers_have_a_comma_and_narrow_spaces() -> None:
    assert FRENCH.number(Decimal("1840.5"), 1) == f"1{SPACE}840,5"
    assert FRENCH.money(Decimal("1234.565")) == f"1{SPACE}234,57{SPACE}€"
    assert ENGLISH.number(Decimal("1840.5"), 1) == "1,840.5"


def test_amounts_and_their_signs_are_written_as_each_language_has_them() -> None:
    cost, debt = Decimal("1234.565"), Decimal("-5.7")
    assert [ENGLISH.money(cost), ENGLISH.euros(cost), ENGLISH.money(debt)] == ["€1,234.57", "€1,235", "−€5.70"]
    assert FRENCH.money(debt) == f"−5,70{SPACE}€"


def test_times_are_written_as_each_language_has_them() -> None:
    morning = datetime(2026, 11, 29, 5, 2, tzinfo=UTC)  # in Paris an hour later
    assert [FRENCH.clock(morning), ENGLISH.clock(morning)] == [f"6{SPACE}h{SPACE}02", "06:02"]


def test_energy_has_the_digits_that_matter() -> None:
    assert [FRENCH.kwh(wh) for wh in (0, 6412, 23410, 312_020, 4_321_987)] == [
        "0,00",
        "6,41",
        "23,4",
        "312,0",
        f"4{SPACE}322",
    ]


def test_money_is_rounded_half_up() -> None:
    assert [round_money(Decimal(text)) for text in ("0.005", "0.0049", "2.675")] == [
        Decimal("0.01"),
        Decimal("0.00"),
        Decimal("2.68"),
    ]


def test_a_share_is_rounded() -> None:
    assert [ENGLISH.percent(share) for share in (1.0, 0.9999, 0.8986, 0.1014)] == ["100%", "100%", "90%", "10%"]
    assert FRENCH.percent(0.9) == f"90{SPACE}%"


def test_what_was_measured_is_100_percent_only_if_it_is_whole() -> None:
    assert [ENGLISH.coverage(share) for share in (1.0, 0.9999, 0.29, 0.0)] == ["100%", "99%", "29%", "0%"]


def test_periods_are_named_in_local_time() -> None:
    midnight = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert [FRENCH.period(by, midnight) for by in ("hour", "day", "week", "month", "year")] == [
        "23/11 00:00",
        "lun. 23/11",
        "sem. 48, 23/11",
        "nov. 2026",
        "2026",
    ]
    assert [ENGLISH.period(by, midnight) for by in ("hour", "day", "week")] == [
        "23 Nov 00:00",
        "Mon 23 Nov",
        "week 48, 23 Nov",
    ]


def test_the_last_day_of_a_range_is_the_one_before_its_end() -> None:
    end = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert [one.last_day(end) for one in (FRENCH, ENGLISH)] == ["22 novembre 2026", "22 November 2026"]


def test_a_register_has_the_name_of_the_contract_or_of_the_meter() -> None:
    assert FRENCH.register("BBRHPJR", {}) == "Rouge, heures pleines"
    assert FRENCH.register("EASF03", {"EASF03": "HEURE WEEK-END"}) == "HEURE WEEK-END"
    assert FRENCH.register("EASF03", {}) == "Registre EASF03"


def test_names_from_a_meter_cannot_control_the_terminal() -> None:
    formats = Formats("fr", ZoneInfo("Europe/Paris"))
    evil = "\x1b[31m[bold]x"
    assert formats.register("EASF01", {"EASF01": evil}) == "\\x1b[31m[bold]x"
    assert formats.register(evil, {}) == "Registre \\x1b[31m[bold]x"
    assert formats.offer(evil) == "\\x1b[31m[bold]x"
    assert "\x1b" not in formats.text("unnamed_change", day="1", before=evil, after="b")
    assert formats.meter(evil, "1") == "\\x1b[31m[bold]x"


def test_periods_of_more_than_one_year_have_their_year() -> None:
    start = datetime(2025, 12, 7, 23, tzinfo=UTC)  # Monday 8 December, 00:00 in Paris
    assert [FRENCH.period(by, start, dated=True) for by in ("hour", "day", "week")] == [
        "08/12/2025 00:00",
        "lun. 08/12/2025",
        "sem. 50, 08/12/2025",
    ]
    assert [FRENCH.period(by, start) for by in ("hour", "day", "week")] == [
        "08/12 00:00",
        "lun. 08/12",
        "sem. 50, 08/12",
    ]
    assert ENGLISH.period("week", start, dated=True) == "week 50, 8 Dec 2025"

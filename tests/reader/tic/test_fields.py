"""The values of standard mode that have a structure of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.tic.fields import ProfileBlock, StatusRegister, parse_day_profile, parse_relays, parse_stamp, parse_status


# The first two are the examples of 54E, 6.2.1.1.
@pytest.mark.parametrize(
    ("text", "instant", "degraded"),
    [
        ("H081225223518", "2008-12-25T21:35:18", False),
        ("E090714074553", "2009-07-14T05:45:53", False),
        ("h081225223518", "2008-12-25T21:35:18", True),
        ("e090714074553", "2009-07-14T05:45:53", True),
        ("H240229120000", "2024-02-29T11:00:00", False),
        ("H000101000000", "1999-12-31T23:00:00", False),
        ("H991231235959", "2099-12-31T22:59:59", False),
        # The hour that comes twice, on 25 October 2026: only the letter tells which one it is.
        ("E261025023000", "2026-10-25T00:30:00", False),
        ("H261025023000", "2026-10-25T01:30:00", False),
        # The letter is believed, not the calendar: the meter may be late to change.
        ("E261224120000", "2026-12-24T10:00:00", False),
        # No letter, with the mobile peaks: the calendar of Paris.
        (" 240108060000", "2024-01-08T05:00:00", False),
        (" 240708060000", "2024-07-08T04:00:00", False),
        (" 260329015959", "2026-03-29T00:59:59", False),
        (" 260329030000", "2026-03-29T01:00:00", False),
        (" 261025015959", "2026-10-24T23:59:59", False),
        (" 261025030000", "2026-10-25T02:00:00", False),
        (" 240331030000", "2024-03-31T01:00:00", False),  # the last day of March
        (" 241027030000", "2024-10-27T02:00:00", False),
    ],
)
def test_parses_a_stamp_to_an_instant(text: str, instant: str, degraded: bool) -> None:
    assert parse_stamp(text) == (datetime.fromisoformat(instant).replace(tzinfo=UTC), degraded)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H",
        "230301091834",
        "H23030109183",
        "H2303010918340",
        "X230301091834",
        "0230301091834",
        "\t230301091834",
        "H23030109183 ",
        "H 30301091834",
        "H+30301091834",
        "H23_301091834",
        "H230229091834",  # no leap year
        "H230001091834",
        "H231301091834",
        "H230300091834",
        "H230431091834",
        "H230301241834",
        "H230301096034",
        "H230301091860",
        "H٢٣٠٣٠١٠٩١٨٣٤",  # digits to Python, not to a meter
        "             ",
    ],
)
def test_refuses_what_is_not_a_stamp(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_stamp(text)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)), st.sampled_from("HhEe"))  # noqa: DTZ001
def test_parses_any_second(local: datetime, season: str) -> None:
    local = local.replace(microsecond=0)
    instant, degraded = parse_stamp(f"{season}{local:%y%m%d%H%M%S}")
    assert instant.utcoffset() == timedelta(0)
    assert instant.replace(tzinfo=None) + timedelta(hours=1 if season in "Hh" else 2) == local
    assert degraded is (season in "he")


@given(st.text(max_size=14))
def test_any_other_text_raises_only_value_error(text: str) -> None:
    try:
        instant, _ = parse_stamp(text)
    except ValueError:
        return
    assert instant.tzinfo is UTC


QUIET = StatusRegister(
    contact_open=False,
    cutoff="closed",
    cover_open=False,
    overvoltage=False,
    overload=False,
    producer=False,
    exporting=False,
    clock_degraded=False,
    plc="new_unlock",
    plc_synchronised=False,
    tempo_today="unknown",
    tempo_tomorrow="unknown",
    peak_notice=0,
    peak=0,
)


def quiet(**but: Any) -> StatusRegister:
    return QUIET._replace(**but)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        # captures and examples, as TIC.md 4.1 reads them
        ("003A0001", quiet(contact_open=True, plc="new_lock")),
        ("013AC401", quiet(contact_open=True, tempo_today="blue", plc="new_lock")),
        ("013A0000", quiet(tempo_today="blue", plc="new_lock")),
        ("423A4C01", quiet(contact_open=True, tempo_today="white", peak=1, plc="new_lock")),
        ("9B3A9000", quiet(tempo_today="red", tempo_tomorrow="white",
                           peak_notice=1, peak=2, plc="new_lock")),
        ("003A4501", quiet(contact_open=True, producer=True, plc="new_lock")),
        # each field alone
        ("00000000", QUIET),
        ("00000001", quiet(contact_open=True)),
        ("00000002", quiet(cutoff="open_overload")),
        ("00000004", quiet(cutoff="open_overvoltage")),
        ("00000006", quiet(cutoff="open_load_shedding")),
        ("00000008", quiet(cutoff="open_remote_command")),
        ("0000000A", quiet(cutoff="open_overheating_overcurrent")),
        ("0000000c", quiet(cutoff="open_overheating")),
        ("0000000E", quiet(cutoff=None)),
        ("00000010", quiet(cover_open=True)),
        ("00000040", quiet(overvoltage=True)),
        ("00000080", quiet(overload=True)),
        ("00000100", quiet(producer=True)),
        ("00000200", quiet(exporting=True)),
        ("00010000", quiet(clock_degraded=True)),
        ("00200000", quiet(plc="new_lock")),
        ("00400000", quiet(plc="registered")),
        ("00600000", quiet(plc=None)),
        ("00800000", quiet(plc_synchronised=True)),
        ("03000000", quiet(tempo_today="red")),
        ("08000000", quiet(tempo_tomorrow="white")),
        ("30000000", quiet(peak_notice=3)),
        ("C0000000", quiet(peak=3)),
    ],
)  # fmt: skip
def test_parses_each_field_of_a_status_register(word: str, status: StatusRegister) -> None:
    assert parse_status(word) == status


@pytest.mark.parametrize("word", [None, 3, "", "3A0001", "0x3A0001", "003A00011", "-03A0001", "003G0001"])
def test_returns_none_for_what_is_not_a_status_register(word: Any) -> None:
    assert parse_status(word) is None


@pytest.mark.parametrize(
    ("number", "closed"),
    [(0, []), (1, [1]), (140, [3, 4, 8]), (255, [1, 2, 3, 4, 5, 6, 7, 8])],
)
def test_parses_which_relays_are_closed(number: int, closed: list[int]) -> None:
    relays = parse_relays(number)
    assert relays is not None
    assert len(relays) == 8
    assert [n for n, is_closed in enumerate(relays, 1) if is_closed] == closed


@pytest.mark.parametrize("number", [None, "140", "", 256, 999, -1])
def test_returns_none_for_what_is_not_a_byte_of_relays(number: Any) -> None:
    assert parse_relays(number) is None


HOURS = ("00008002", "0256C001", "07568002", "1156C001", "14568002")


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        # captures, TIC.md 4.3
        (
            " ".join((*HOURS, *["NONUTILE"] * 6)),
            [
                ("00:00", 2, "open", ()),
                ("02:56", 1, "closed", ()),
                ("07:56", 2, "open", ()),
                ("11:56", 1, "closed", ()),
                ("14:56", 2, "open", ()),
            ],
        ),
        (
            "00004001 06004002 22004001" + " NONUTILE" * 8,
            [("00:00", 1, "tempo", ()), ("06:00", 2, "tempo", ()), ("22:00", 1, "tempo", ())],
        ),
        (
            "00004005 06004006 22004005",
            [("00:00", 5, "tempo", ()), ("06:00", 6, "tempo", ()), ("22:00", 5, "tempo", ())],
        ),
        ("00000000", [("00:00", None, None, ())]),
        ("2359000B", [("23:59", None, None, ())]),
        ("0000000a", [("00:00", 10, None, ())]),
        ("000007F1", [("00:00", 1, None, (1, 2, 3, 4, 5, 6, 7))]),
        ("00000411", [("00:00", 1, None, (1, 7))]),
        ("00003801", [("00:00", 1, None, ())]),  # bits 13 to 11 mean nothing
        ("NONUTILE NONUTILE", []),
    ],
)
def test_parses_a_day_profile(text: str, blocks: list[tuple[Any, ...]]) -> None:
    assert parse_day_profile(text) == [ProfileBlock(*block) for block in blocks]


@pytest.mark.parametrize(
    "text", [None, 5, "", "   ", "24004001", "00604001", "0000400", "0000400G", "00004001 nonsense"]
)
def test_returns_none_for_what_is_not_a_profile(text: Any) -> None:
    assert parse_day_profile(text) is None

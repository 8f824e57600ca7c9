from typing import Any

import pytest

from reader.tic.status_register import StatusRegister, parse_relays, parse_status

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

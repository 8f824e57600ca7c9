"""The frames of a simulated meter, compared with the specification."""

import random
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from reader.simulator.french_calendar import BLUE, RED, WHITE, day_number, stamp, tempo_colour, utc_offset
from reader.simulator.meter import KINDS, SimulatedMeter

PARIS = ZoneInfo("Europe/Paris")
STANDARD = [kind for kind in KINDS if kind.startswith("standard")]


def groups(frame: bytes) -> list[tuple[str, str, str]]:
    """Parse a frame into label, stamp and value; every byte of it has to be right."""
    assert frame[:1] == b"\x02"
    assert frame[-1:] == b"\x03"
    assert all(byte < 0x80 for byte in frame)
    found = []
    for line in frame[1:-1].split(b"\r")[:-1]:
        assert line[:1] == b"\n"
        body, checksum = line[1:-1], line[-1]
        if body.endswith(b"\t"):
            assert checksum == (sum(body) & 0x3F) + 0x20
            label, *stamped, value = body[:-1].decode().split("\t")
        else:
            assert body.endswith(b" ")
            assert checksum == (sum(body[:-1]) & 0x3F) + 0x20
            label, value = body[:-1].decode().split(" ")
            stamped = []
        found.append((label, "".join(stamped), value))
    assert frame.endswith(b"\r\x03")
    return found


@lru_cache
def meter_of(kind: str, seed: int = 0) -> SimulatedMeter:
    """A meter shared by all tests that do not count its short frames, as its first frame takes time."""
    return SimulatedMeter(kind, seed=seed)


def values_of(meter: SimulatedMeter, now: datetime) -> dict[str, str]:
    return {label: value for label, _, value in groups(meter.frame(now))}


def stamps(meter: SimulatedMeter, now: datetime) -> dict[str, str]:
    return {label: stamped for label, stamped, _ in groups(meter.frame(now)) if stamped}


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def bits(word: str, high: int, low: int) -> int:
    return int(word, 16) >> low & (1 << high - low + 1) - 1


def day_of_colour(colour: int, *, weekday: int | None = None) -> date:
    days = (date(2025, 12, 1) + timedelta(days=i) for i in range(100))
    return next(d for d in days if tempo_colour(day_number(d)) == colour and weekday in (None, d.weekday()))


def overload_of(meter: SimulatedMeter, day: datetime) -> tuple[datetime, datetime]:
    return next(found for i in range(30) if (found := meter.overload(day + timedelta(days=i))))


# Labels, in the order and with the widths of the documents.

INDEXES = {
    "base": ["BASE"],
    "hchp": ["HCHC", "HCHP"],
    "tempo": ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
    "ejp": ["EJPHN", "EJPHPM"],
}


def historic_labels(phases: str, contract: str) -> list[tuple[str, int]]:
    measured = [("IINST", 3), ("IMAX", 3)]
    if phases == "three":
        measured = [(f"{name}{i}", 3) for name in ("IINST", "IMAX") for i in (1, 2, 3)] + [("PMAX", 5)]
    return [
        *[("ADCO", 12), ("OPTARIF", 4), ("ISOUSC", 2)],
        *[(label, 9) for label in INDEXES[contract]],
        ("PTEC", 4),
        *([("DEMAIN", 4)] if contract == "tempo" else []),
        *measured,
        *[("PAPP", 5), ("HHPHC", 1), ("MOTDETAT", 6)],
        *([("PPOT", 2)] if phases == "three" else []),
    ]


def standard_labels(phases: str, contract: str) -> list[tuple[str, int]]:
    three, producer = phases == "three", contract == "producer"
    numbers = (1, 2, 3) if three else (1,)
    return [
        *[("ADSC", 12), ("VTIC", 2), ("DATE", 0), ("NGTF", 16), ("LTARF", 16), ("EAST", 9)],
        *[(f"EASF{i:02}", 9) for i in range(1, 11)],
        *[(f"EASD{i:02}", 9) for i in range(1, 5)],
        *([(label, 9) for label in ("EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4")] if producer else []),
        *[(f"{name}{i}", 3) for name in ("IRMS", "URMS") for i in numbers],
        *[("PREF", 2), ("PCOUP", 2), ("SINSTS", 5)],
        *([(f"SINSTS{i}", 5) for i in numbers] if three else []),
        ("SMAXSN", 5),
        *([(f"SMAXSN{i}", 5) for i in numbers] if three else []),
        ("SMAXSN-1", 5),
        *([(f"SMAXSN{i}-1", 5) for i in numbers] if three else []),
        *([("SINSTI", 5), ("SMAXIN", 5), ("SMAXIN-1", 5)] if producer else []),
        *[("CCASN", 5), ("CCASN-1", 5)],
        *([("CCAIN", 5), ("CCAIN-1", 5)] if producer else []),
        *[(f"UMOY{i}", 3) for i in numbers],
        *[("STGE", 8), ("MSG1", 32), ("PRM", 14), ("RELAIS", 3), ("NTARF", 2)],
        *[("NJOURF", 2), ("NJOURF+1", 2), ("PJOURF+1", 98)],
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_sends_the_labels_of_the_document_in_order_and_width(kind: str) -> None:
    mode, phases, _, contract = kind.split("-")
    expected = (historic_labels if mode == "historic" else standard_labels)(phases, contract)
    summer_noon = paris("2026-07-14 12:05")  # no overload, no mobile peak
    meter = meter_of(kind)
    found = groups(meter.frame(summer_noon))
    assert [(label, len(value)) for label, _, value in found] == expected
    assert found[0] == ("ADCO" if mode == "historic" else "ADSC", "", meter.address)
    stamped = {"DATE", *(label for label, _ in expected if label.startswith(("SMAX", "CCA", "UMOY")))}
    assert {label for label, text, _ in found if text} == (stamped if mode == "standard" else set())
    assert meter.mode == mode


def test_every_kind_and_seed_has_an_address_of_its_own() -> None:
    addresses = [SimulatedMeter(kind, seed=seed).address for kind in KINDS for seed in range(50)]
    assert len(set(addresses)) == len(addresses)
    assert all(len(address) == 12 and address.isdigit() and address[4:6] in ("61", "76") for address in addresses)


def test_the_eight_kinds_cover_modes_phases_and_contracts_and_are_named_to_who_asks_for_another() -> None:
    parts = [kind.split("-") for kind in KINDS]
    assert len(parts) == 8
    assert len({(mode, phases) for mode, phases, _, _ in parts}) == 4
    assert {contract for *_, contract in parts} == {"base", "hchp", "tempo", "ejp", "weekend", "producer"}
    with pytest.raises(ValueError, match=f"^no simulated meter 'x'; there are: {', '.join(KINDS)}$"):
        SimulatedMeter("x")


def test_refuses_an_instant_without_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        SimulatedMeter(KINDS[0]).frame(datetime(2026, 7, 14, 12))  # noqa: DTZ001


# Frames depend only on the instant.


@pytest.mark.parametrize("kind", STANDARD)
def test_sends_the_same_frame_at_the_same_instant(kind: str) -> None:
    chance = random.Random(7)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    instants = [first + timedelta(seconds=chance.randrange(2 * 365 * 86_400)) for _ in range(20)]
    wanderer = SimulatedMeter(kind, seed=5)
    values = [wanderer.frame(instant) for instant in instants]
    newcomer = SimulatedMeter(kind, seed=5)
    assert [newcomer.frame(instant) for instant in reversed(instants)] == values[::-1]


@pytest.mark.parametrize("kind", STANDARD)
def test_consecutive_frames_differ(kind: str) -> None:
    meter = meter_of(kind)
    seconds = [paris("2026-02-03 21:30") + timedelta(seconds=i) for i in range(60)]
    assert len({values_of(meter, now)["SINSTS"] for now in seconds}) > 20


# Energy.


@pytest.mark.parametrize("kind", STANDARD)
def test_indexes_never_fall_and_add_up(kind: str) -> None:
    meter = meter_of(kind)
    # An odd step visits all hours of the day, over four years and both changes of the clocks.
    instants = [datetime(2023, 12, 30, tzinfo=UTC) + timedelta(hours=223 * i, seconds=41 * i) for i in range(150)]
    values = [values_of(meter, now) for now in instants]
    indexes = [label for label in values[0] if label.startswith(("EAS", "EAIT", "ERQ"))]
    for earlier, later in pairwise(values):
        assert all(int(earlier[label]) <= int(later[label]) for label in indexes)
        assert int(earlier["EAST"]) < int(later["EAST"])
    for each in values:
        assert sum(int(each[f"EASF{i:02}"]) for i in range(1, 11)) == int(each["EAST"])
        assert sum(int(each[f"EASD{i:02}"]) for i in range(1, 5)) == int(each["EAST"])
    a_year = int(values[-1]["EAST"]) - int(values[0]["EAST"])
    years = (instants[-1] - instants[0]) / timedelta(days=365)
    assert 4_000_000 < a_year / years < 14_000_000


@pytest.mark.parametrize(
    ("kind", "hour"),
    list(zip(STANDARD, ["2026-01-15 08:00", "2026-01-15 19:00", "2026-10-25 02:00", "2026-06-12 13:00"], strict=True)),
)
def test_power_and_index_agree_over_an_hour(kind: str, hour: str) -> None:
    meter = meter_of(kind)
    start = paris(hour).astimezone(UTC)
    values = [values_of(meter, start + timedelta(seconds=i)) for i in range(0, 3601, 5)]
    grown = int(values[-1]["EAST"]) - int(values[0]["EAST"])
    drawn = sum(int(each["SINSTS"]) for each in values[:-1]) / 720 * 0.95
    assert grown == pytest.approx(drawn, rel=0.01, abs=15)


@pytest.mark.parametrize(
    ("historic", "standard"),
    [
        ("historic-single-phase-base", "standard-single-phase-base"),
        ("historic-three-phase-tempo", "standard-single-phase-tempo"),
    ],
)
def test_both_modes_show_the_same_registers(historic: str, standard: str) -> None:
    now = paris("2026-03-12 09:00")
    values, expected = values_of(meter_of(historic, 4), now), values_of(meter_of(standard, 4), now)
    for i, label in enumerate(INDEXES[historic.rsplit("-", 1)[1]], 1):
        assert values[label] == expected[f"EASF{i:02}"]


def test_load_curve_is_the_energy_of_the_half_hour() -> None:
    meter = meter_of("standard-single-phase-weekend")
    start, end = paris("2026-02-03 18:30"), paris("2026-02-03 19:00")
    energy = int(values_of(meter, end)["EAST"]) - int(values_of(meter, start)["EAST"])
    assert int(values_of(meter, end)["CCASN"]) == pytest.approx(2 * energy, abs=3)
    assert stamps(meter, end + timedelta(minutes=7))["CCASN"] == "H260203190000"
    assert values_of(meter, end)["CCASN"] == values_of(meter, end + timedelta(minutes=31))["CCASN-1"]


def test_the_maximum_of_a_day_becomes_that_of_yesterday() -> None:
    meter = meter_of("standard-three-phase-producer")
    last, first = paris("2026-02-03 23:59:59"), paris("2026-02-04 00:00")
    for name in ("SMAXSN", "SMAXSN1", "SMAXSN2", "SMAXSN3"):
        assert values_of(meter, last)[name] == values_of(meter, first)[name + "-1"]
        assert stamps(meter, last)[name] == stamps(meter, first)[name + "-1"]


def test_the_maximum_of_yesterday_in_historic_mode_holds_all_day_and_is_no_less_than_any_power() -> None:
    meter = meter_of("historic-three-phase-tempo")
    last, first = paris("2026-02-03 23:59:59"), paris("2026-02-04 00:00")
    day = [values_of(meter, first - timedelta(minutes=minutes)) for minutes in range(10, 1440, 10)]
    assert {values["PMAX"] for values in day} == {values_of(meter, last)["PMAX"]}
    assert int(values_of(meter, first)["PMAX"]) >= max(int(values.get("PAPP", "0")) for values in day) * 0.97


def test_the_maximum_of_a_day_never_falls_and_keeps_its_stamp_until_it_rises() -> None:
    meter = meter_of("standard-single-phase-base")
    seen = [
        (int(values_of(meter, now)["SMAXSN"]), stamps(meter, now)["SMAXSN"])
        for now in (paris("2026-02-03 00:00") + timedelta(seconds=197 * i) for i in range(438))
    ]
    for (power, when), (next_power, next_when) in pairwise(seen):
        assert next_power > power or (next_power, next_when) == (power, when)


# Tariffs.


@pytest.mark.parametrize(
    ("contract", "switch", "before", "after"),
    [
        ("hchp", "2026-07-14 01:56", "HP..", "HC.."),
        ("hchp", "2026-03-29 06:56", "HC..", "HP.."),  # a day of 23 hours
        ("hchp", "2026-10-25 06:56", "HC..", "HP.."),  # a day of 25 hours
        ("weekend", "2026-07-14 06:56", "01", "02"),
        ("weekend", "2026-01-14 14:26", "02", "01"),
        ("weekend", "2026-07-18 00:00", "02", "03"),
        ("weekend", "2026-07-20 00:00", "03", "02"),
        ("tempo", "2026-07-14 06:00", "01", "02"),
        ("tempo", "2026-07-14 22:00", "02", "01"),
    ],
)
def test_tariffs_switch_to_the_second(contract: str, switch: str, before: str, after: str) -> None:
    meter = meter_of(f"{'historic' if contract == 'hchp' else 'standard'}-single-phase-{contract}")
    instant = paris(switch).astimezone(UTC)
    for now, expected in ((instant - timedelta(seconds=1), before), (instant, after)):
        values = values_of(meter, now)
        assert values.get("NTARF", values.get("PTEC")) == expected
        if "STGE" in values:
            assert bits(values["STGE"], 13, 10) + 1 == int(expected)
            assert bits(values["STGE"], 0, 0) == 1 - int(values["RELAIS"])


@pytest.mark.parametrize("year", range(2023, 2040))
def test_a_tempo_season_keeps_the_rules(year: int) -> None:
    first, end = date(year, 9, 1), date(year + 1, 9, 1)
    days = [first + timedelta(days=i) for i in range((end - first).days)]
    red, white = ([day for day in days if tempo_colour(day_number(day)) == colour] for colour in (RED, WHITE))
    assert (len(red), len(white)) == (22, 43)
    assert all(date(year, 11, 1) <= day <= date(year + 1, 3, 31) and day.weekday() < 5 for day in red)
    assert not {(12, 25), (1, 1), (11, 1), (11, 11)} & {(day.month, day.day) for day in red}
    assert all(day.weekday() != 6 for day in white)


def test_tempo_announces_a_red_day_the_evening_before() -> None:
    red = day_of_colour(RED, weekday=0)  # after a Sunday, which is blue
    eve, day = (f"{d:%Y-%m-%d}" for d in (red - timedelta(days=1), red))
    meter = meter_of("standard-single-phase-tempo")
    # instant: colour today, tomorrow, peak announced, peak running, groups of the peak, PPOINTE
    for instant, expected in (
        (f"{eve} 19:59:59", (BLUE, 0, 0, 0, False, False)),
        (f"{eve} 20:00:00", (BLUE, RED, 2, 0, True, True)),
        (f"{day} 05:59:59", (BLUE, RED, 2, 0, True, True)),
        (f"{day} 06:00:00", (RED, 0, 0, 2, True, False)),
    ):
        values = values_of(meter, paris(instant))
        word = values["STGE"]
        fields = [bits(word, *edges) for edges in ((25, 24), (27, 26), (29, 28), (31, 30))]
        assert (*fields, "DPM2" in values, "PPOINTE" in values) == expected, instant
    announced = paris(f"{eve} 21:00")
    assert stamps(meter, announced)["DPM2"] == f" {red:%y%m%d}060000"
    assert stamps(meter, announced)["FPM2"] == f" {red + timedelta(days=1):%y%m%d}060000"
    assert values_of(meter, announced)["PPOINTE"].startswith("00004005 06004006 22004005 NONUTILE")
    order = [label for label, _, _ in groups(meter.frame(announced))]
    assert order[order.index("STGE") :][:4] == ["STGE", "DPM2", "FPM2", "MSG1"]
    assert order[-1] == "PPOINTE"
    historic = meter_of("historic-three-phase-tempo")
    assert [values_of(historic, paris(f"{eve} {clock}"))["DEMAIN"] for clock in ("19:59:59", "20:00:00")] == [
        "----",
        "ROUG",
    ]
    assert values_of(historic, paris(f"{day} 12:00"))["PTEC"] == "HPJR"


def test_ejp_peaks_from_seven_to_one_after_half_an_hour_of_notice() -> None:
    red = day_of_colour(RED, weekday=0)
    meter = meter_of("historic-single-phase-ejp")
    day, after = (f"{d:%Y-%m-%d}" for d in (red, red + timedelta(days=1)))
    for instant, period, notice in (
        (f"{day} 06:29:59", "HN..", False),
        (f"{day} 06:30:00", "HN..", True),
        (f"{day} 06:59:59", "HN..", True),
        (f"{day} 07:00:00", "PM..", False),
        (f"{after} 00:59:59", "PM..", False),
    ):
        values = values_of(meter, paris(instant))
        assert (values["PTEC"], "PEJP" in values) == (period, notice), instant
    assert values_of(meter, paris(f"{after} 01:00:00"))["PTEC"] == "HN.."


def test_sends_the_day_profile_of_tomorrow() -> None:
    meter = meter_of("standard-single-phase-weekend")
    friday, sunday = values_of(meter, paris("2026-07-17 12:00")), values_of(meter, paris("2026-07-19 12:00"))
    assert (friday["NJOURF"], friday["NJOURF+1"]) == ("00", "01")
    assert friday["PJOURF+1"].startswith("0000C003 NONUTILE")
    assert (sunday["NJOURF"], sunday["NJOURF+1"]) == ("01", "00")
    assert sunday["PJOURF+1"].startswith("00008002 0156C001 06568002 1426C001 17268002 NONUTILE")
    assert friday["NGTF"] == "HC et Week-End  "


# Overloads and producers.


def test_one_day_of_eight_has_an_overload_of_two_or_three_minutes_in_the_evening() -> None:
    meter = meter_of("standard-single-phase-base")
    found = [meter.overload(paris("2026-01-01 12:00") + timedelta(days=i)) for i in range(365)]
    overloads = [overload for overload in found if overload]
    assert 30 < len(overloads) < 62
    assert all(timedelta(minutes=2) <= end - start <= timedelta(minutes=3, seconds=5) for start, end in overloads)
    assert {start.hour for start, _ in overloads} <= {18, 19, 20}


@pytest.mark.parametrize("season", ["2026-01-05 12:00", "2026-07-06 12:00"])
def test_an_overload_shows_in_adps_and_bit_7_and_only_then(season: str) -> None:
    historic, standard = meter_of("historic-single-phase-base"), meter_of("standard-single-phase-base")
    start, end = overload_of(historic, paris(season))
    for seconds in range(-120, 400):
        now = start + timedelta(seconds=seconds)
        values, word = values_of(historic, now), values_of(standard, now)["STGE"]
        expected = start <= now < end
        assert ("ADPS" in values) == bool(bits(word, 7, 7)) == expected
        assert (int(values["IINST"]) > int(values["ISOUSC"])) == expected
        assert values.get("ADPS", values["IINST"]) == values["IINST"]


def test_three_phases_send_twenty_short_frames_then_a_long_one_until_a_minute_after() -> None:
    meter = SimulatedMeter("historic-three-phase-tempo")
    start, end = overload_of(meter, paris("2026-07-06 12:00"))
    now, seen = start, []
    while now < end + timedelta(seconds=60):
        seen.append(values_of(meter, now))
        assert any(label.startswith("ADIR") for label in seen[-1]) == (now < end and "PAPP" not in seen[-1])
        now += timedelta(seconds=1)
    assert ["PAPP" in values for values in seen] == [i % 21 == 20 for i in range(len(seen))]
    assert "PAPP" in values_of(meter, now)
    short = groups(SimulatedMeter("historic-three-phase-tempo").frame(start))
    warned = [label for label, _, _ in short if label.startswith("ADIR")]
    assert [label for label, _, _ in short] == [*warned, "ADCO", "IINST1", "IINST2", "IINST3"]
    values = {label: value for label, _, value in short}
    assert warned == [f"ADIR{i}" for i in (1, 2, 3) if int(values[f"IINST{i}"]) > 20]
    assert all(values[label] == values["IINST" + label[-1]] for label in warned)


def test_a_producer_exports_at_noon_and_draws_at_night() -> None:
    meter = meter_of("standard-three-phase-producer")
    noons = [paris("2026-06-01 13:45") + timedelta(days=i) for i in range(20)]
    sunny = next(noon for noon in noons if int(values_of(meter, noon)["SINSTI"]) > 1000)
    noon, hour_later, night = (values_of(meter, sunny + timedelta(hours=hours)) for hours in (0, 1, 10))
    assert (noon["SINSTS"], night["SINSTI"]) == ("00000", "00000")
    assert int(night["SINSTS"]) > 0
    assert [bits(values["STGE"], 9, 8) for values in (noon, night)] == [0b11, 0b01]
    for label in ("EAIT", "ERQ2", "ERQ3"):
        assert int(hour_later[label]) > int(noon[label])
    assert int(noon["SMAXIN"]) > 1000
    assert int(noon["IRMS1"]) > 0


# Status register and legal time.


def test_the_constant_fields_of_the_status_register() -> None:
    word = values_of(meter_of("standard-single-phase-base"), paris("2026-07-14 12:05"))["STGE"]
    # open contact, standard mode, Euridis with security, registered on the power line and in step
    assert word == f"{1 | 1 << 17 | 3 << 19 | 2 << 21 | 1 << 23:08X}"


def test_legal_time_equals_the_tz_database() -> None:
    for year in range(1996, 2100, 7):
        for hour in range(0, 366 * 24, 5):
            instant = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            assert timedelta(seconds=utc_offset(int(instant.timestamp()))) == instant.astimezone(PARIS).utcoffset()


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2026-03-29T00:59:59Z", "H260329015959"),
        ("2026-03-29T01:00:00Z", "E260329030000"),
        ("2026-10-25T00:30:00Z", "E261025023000"),
        ("2026-10-25T01:30:00Z", "H261025023000"),
    ],
)
def test_stamps_have_the_season(instant: str, text: str) -> None:
    now = datetime.fromisoformat(instant)
    assert stamp(int(now.timestamp())) == text
    assert stamps(meter_of("standard-single-phase-base"), now)["DATE"] == text

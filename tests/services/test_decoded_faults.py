"""Faults of adapters that owners met, from their messages to what the monitor counts: none costs more than 10 Wh.

A house draws 1200 W, 20 Wh a minute. Its adapter sends each minute from 10:00 on, and what it sends from 12:50 to 13:10
is wrong: at the end of an hour, where readings count. From 11:00 to 15:00 the house draws 4800 Wh.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.money.home import Home
from tests.support.decoded import Published, frames_of
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.rollups import stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

BEGIN, HOUR, MINUTE = datetime(2026, 11, 24, 10, tzinfo=UTC), timedelta(hours=1), timedelta(minutes=1)
END = BEGIN + 5 * HOUR
WRONG = range(170, 190)  # minutes
WATTS, WH_A_MINUTE, DRAWN = 1200, 20, 4800
COST = 10  # Wh

Content = dict[str, Any]
Change = Callable[[int, Content], Content | None]  # of the message of a minute; None: there is none


def tempo(minute: int) -> Content:
    """A ZLinky in standard mode, by zigbee2mqtt: peak hours of a blue day."""
    drawn = minute * WH_A_MINUTE / 1000
    return {
        "active_power": 1200, "active_power_ph_b": 2374, "apparent_power": WATTS, "available_power": 9,
        "current_date": "H261124110000", "current_index_tarif": 2, "current_price": "HP BLEU",
        "current_summ_delivered": round(16_494.46 + drawn, 2), "current_tarif": "TEMPO",
        "current_tier1_summ_delivered": 9340.71, "current_tier2_summ_delivered": round(5508.81 + drawn, 2),
        "current_tier3_summ_delivered": 334.42, "current_tier4_summ_delivered": 794.73,
        "current_tier5_summ_delivered": 159.34, "current_tier6_summ_delivered": 356.45, "linkquality": 60,
        "rms_current": 5, "rms_voltage": 234, "status_register": "013A4401",
    }  # fmt: skip


def historic(minute: int) -> Content:
    """The same house, with a meter in historic mode."""
    keys = {key: value for key, value in tempo(minute).items() if "tier" in key}
    return keys | {
        "active_register_tier_delivered": "HPJB", "apparent_power": WATTS, "available_power": 45, "rms_current": 5,
        "current_tarif": "BBR(", "current_summ_delivered": 0, "warn_d_p_s": 0,
    }  # fmt: skip


def red(minute: int) -> Content:
    """The same house on a red day."""
    counted = round(356.45 + minute * WH_A_MINUTE / 1000, 2)
    tiers = {"current_tier2_summ_delivered": 5508.81, "current_tier6_summ_delivered": counted}
    return (
        tempo(minute) | tiers | {"current_index_tarif": 6, "current_price": "HP ROUGE", "status_register": "033A5401"}
    )


@dataclass
class Case:
    """An adapter with a fault; `messages` are by the number of its meter."""

    name: str
    port: str
    messages: Callable[[str], list[Published]]
    register: str = "BBRHPJB"  # that counts
    meter: str = ""


def zigbee2mqtt(name: str, change: Change, house: Callable[[int], Content] = tempo, register: str = "BBRHPJB") -> Case:
    """The whole cache with each message."""

    def messages(meter: str) -> list[Published]:
        found = []
        for minute in range(300):
            content: Content | None = house(minute) | {"meter_serial_number": meter}
            content = change(minute, content or {}) if minute in WRONG else content
            if content is not None:
                found.append(Published(BEGIN + minute * MINUTE, "zigbee2mqtt/Linky", content))
        return found

    return Case(name, "mqtt:zigbee2mqtt/Linky", messages, register)


def always(**changes: Any) -> Change:
    return lambda _, content: content | changes


def scaled(factor: float) -> Change:
    key = "current_tier2_summ_delivered"
    return lambda _, content: content | {key: round(content[key] * factor, 2)}


def restarted(minute: int, content: Content) -> Content | None:
    """Stopped for a quarter of an hour; what was known before is sent for some minutes, with the power of now."""
    if minute < 185:
        return None
    return content | {key: value for key, value in tempo(169).items() if "summ" in key}


def each_label(meter: str, of_minute: Callable[[int], Mapping[str, Any]], topic: str) -> list[Published]:
    """A topic a label."""
    return [
        Published(BEGIN + minute * MINUTE, topic.replace("+", label), str(value))
        for minute in range(300)
        for label, value in of_minute(minute).items()
    ]


def ticmeter(meter: str) -> list[Published]:
    """The last digit of a register is lost: a tenth of it (TICMeter #24)."""

    def of_minute(minute: int) -> Mapping[str, Any]:
        peak = 5_508_810 + minute * WH_A_MINUTE
        peak = peak // 10 if minute in WRONG else peak
        return {"ADCO": meter, "OPTARIF": "HC..", "ISOUSC": 45, "HCHC": 9_340_710, "HCHP": peak, "PTEC": "HP..",
                "PAPP": WATTS}  # fmt: skip

    return each_label(meter, of_minute, "TICMeter/AB12CD/+")


def esphome(_: str) -> list[Published]:
    """Floats of 32 bits: above 16,777,216 Wh a register moves by 2 Wh; what cannot be parsed is 0."""

    def of_minute(minute: int) -> Mapping[str, Any]:
        total = (16_777_217 + minute * WH_A_MINUTE) // 2 * 2
        return {"east": 0 if minute in WRONG else total, "papp": WATTS}

    return each_label("", of_minute, "linky/sensor/+/state")


def tasmota(meter: str) -> list[Published]:
    """An overload is the number of its phase."""
    found = []
    for minute in range(300):
        at = BEGIN + minute * MINUTE
        tic = {"ADCO": meter, "OPTARIF": "HC..", "ISOUSC": 45, "HCHC": 9_340_710, "PTEC": "HP..", "PAPP": WATTS,
               "HCHP": 5_508_810 + minute * WH_A_MINUTE, "IINST": 5, "IMAX": 90, "MOTDETAT": 0}  # fmt: skip
        found.append(Published(at, "tele/linky/SENSOR", {"Time": f"{at:%FT%T}", "TIC": tic}))
        if minute in WRONG:
            found.append(Published(at + MINUTE / 2, "tele/linky/SENSOR", {"TIC": {"ADPS": 1}}))
    return found


def teleinfo2mqtt(meter: str) -> list[Published]:
    """Without a checksum, a misread digit: 600 kWh too much, and after that the register is refused (#103)."""
    found = []
    for minute in range(300):
        labels = {"ADSC": meter, "NGTF": "     TEMPO      ", "EASF01": "009340710", "EASF05": "001056439",
                  "EAST": f"{15_905_959 + minute * WH_A_MINUTE:09}", "EASF02": f"{5_508_810 + minute * WH_A_MINUTE:09}",
                  "NTARF": "02", "PREF": "09", "SINSTS": f"{WATTS:05}"}  # fmt: skip
        if minute >= WRONG.start:
            labels["EASF05"] = "001656439"
        if minute > WRONG.start:
            del labels["EASF05"]
        content = {label: {"raw": text, "value": 1} for label, text in labels.items()}
        found.append(Published(BEGIN + minute * MINUTE, f"teleinfo/{meter}", content))
    return found


NOTHING_READ = {key: 0 for key in tempo(0) if "summ" in key} | {"current_tarif": "BASE", "current_date": ""}
CASES = [
    zigbee2mqtt("a register is 0", always(current_tier2_summ_delivered=0)),
    zigbee2mqtt("the total is 0", always(current_summ_delivered=0)),
    zigbee2mqtt("the total is another register", always(current_summ_delivered=9340.71)),
    zigbee2mqtt("a register is another one", lambda _, now: now | {
        "current_tier2_summ_delivered": now["current_tier1_summ_delivered"]}),
    zigbee2mqtt("values of before a restart", restarted),
    zigbee2mqtt("a tenth", scaled(0.1)),
    zigbee2mqtt("Wh called kWh", scaled(1000)),
    zigbee2mqtt("codes for no value", always(
        apparent_power=65_535, active_power=-32_768, rms_voltage=65_535, current_tier2_summ_delivered=65_535)),
    zigbee2mqtt("null", always(current_tier2_summ_delivered=None, apparent_power=None, current_price=None)),
    zigbee2mqtt("keys of the other mode", always(active_register_tier_delivered="HCJB", warn_d_p_s=46)),
    zigbee2mqtt("the mode is misread", always(current_tarif="BBR(", current_index_tarif=0, status_register="",
                                              active_register_tier_delivered="HCJB")),
    zigbee2mqtt("the period is frozen", always(current_price="HP BLEU"), red, "BBRHPJR"),
    zigbee2mqtt("the total leaves Tempo out", always(current_summ_delivered=14_849.52), historic),
    zigbee2mqtt("nothing is read", lambda _, now: now | NOTHING_READ),
    zigbee2mqtt("a point of the load curve called a phase", always(active_power_ph_b=9000)),
    Case("a lost digit", "mqtt:TICMeter/AB12CD", ticmeter, "HCHP"),
    Case("floats of 32 bits", "mqtt:linky/sensor/+/state?unit=Wh&east=EAST&papp=SINSTS", esphome, "BASE",
         "esphome-linky"),
    Case("an overload that is a phase", "mqtt:tele/linky/SENSOR", tasmota, "HCHP"),
    Case("a misread digit", "mqtt:teleinfo2mqtt", teleinfo2mqtt),
]  # fmt: skip
for _number, _case in enumerate(CASES):
    _case.meter = _case.meter or f"0219610001{_number:02}"


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """All these meters in one database."""
    database.create_database()
    tables = make_tables(database, END)
    for case in CASES:
        messages = case.messages(case.meter)
        port = f"mqtt:{messages[0].topic}" if case.port == "mqtt:teleinfo2mqtt" else case.port
        store(tables, frames_of(port, messages))
    roll_up(tables, END + HOUR)
    return tables


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_fault_costs_10_wh_at_most_and_makes_no_peak(tables: Database, case: Case) -> None:
    with contextlib.closing(tables.connect()) as connection:
        home = Home(connection, MonitorConfig(), bundled_prices())
        energy = home.costs.energy(home.meter(case.meter), "year", BEGIN + HOUR, END, END).whole.energy
    assert abs(energy.wh[case.register] - DRAWN) <= COST
    assert abs(energy.total_wh - DRAWN) <= COST
    assert sum(wh != 0 for wh in energy.wh.values()) == 1
    rows = [row for (meter, _), row in stored(tables).hours.items() if meter == case.meter]
    assert {row["power_max"] for row in rows} == {WATTS}
    assert {row["overload"] for row in rows} == {None}
    assert {row["power_2_max"] for row in rows} == {None}

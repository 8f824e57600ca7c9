"""Derives what people ask for from the last values of a meter: one set of names for both modes. Pure.

A key is absent where the meter does not say what it takes; none is ever null. What they mean stands in
docs/home-assistant.md.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from common import tariff
from common.frame import Value
from common.labels import Mode
from reader.meter.last_values import strip_padding
from reader.tic.day_profile import read_profile
from reader.tic.status_register import COLOURS, StatusRegister, parse_relays, parse_status

State = dict[str, Any]

_CONTRACTS = {"BASE": "base", "HC": "hchp", "EJP": "ejp", "BBR?": "tempo"}  # as OPTARIF names them
_REGISTERS = {
    "base": ("BASE",),
    "hchp": ("HCHC", "HCHP"),
    "ejp": ("EJPHN", "EJPHPM"),
    "tempo": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}
_COLOUR_OF_PERIOD = {"B": "blue", "W": "white", "R": "red"}  # the last letter of PTEC
_COLOUR_TOMORROW = {"----": "unknown", "BLEU": "blue", "BLAN": "white", "ROUG": "red"}  # DEMAIN

_VOLTS = 200  # what ISOUSC is the subscribed power divided by (54E, 6.1)
_GRID_VOLTS = 230  # what short frames leave to guess
_PHASES = (1, 2, 3)


def derive(mode: Mode, values: Mapping[str, Value], *, peaks: bool = False, short: bool = False) -> State:
    """Derive from the last values of a meter; `peaks`: a mobile peak was seen; `short`: its last frame was short."""
    status = parse_status(values.get("STGE"))
    state: State = {"mode": mode.value}
    state |= tariffs(mode, values, status, peaks=peaks)
    state |= _supply(mode, values, status)
    state |= _power(mode, values, short=short)
    state |= _energy(mode, values, state.get("contract"))
    if status is not None:
        state["exporting"] = status.exporting or (_integer(values, "SINSTI") or 0) > 0
    blocks = read_profile(values.get("PJOURF+1"))
    if blocks is not None:
        state["next_day"] = [
            {"from": block.start, "index": block.index, "contact": block.contact, "relays": list(block.relays)}
            for block in blocks
        ]
    return state


def has_peak(values: Mapping[str, Value]) -> bool:
    """Tell whether a mobile peak is announced or runs."""
    status = parse_status(values.get("STGE"))
    told = status is not None and (status.peak_notice or status.peak)
    return bool(told) or any(f"DPM{n}" in values for n in _PHASES) or "PEJP" in values or values.get("PTEC") == "PM.."


# Tariffs.


def tariffs(mode: Mode, values: Mapping[str, Value], status: StatusRegister | None, *, peaks: bool) -> State:
    """Derive contract, tariff period, colours and mobile peaks."""
    if mode is Mode.HISTORIC:
        return _without_none(_historic_tariffs(values, peaks=peaks))
    return _without_none(_standard_tariffs(values, status, peaks=peaks))


def _historic_tariffs(values: Mapping[str, Value], *, peaks: bool) -> State:
    option, code = _text(values, "OPTARIF"), _text(values, "PTEC")
    option = option and option.rstrip(".")
    contract = option and _CONTRACTS.get("BBR?" if option.startswith("BBR") else option, option)
    state: State = {"contract": contract, "period": code and code.rstrip(".")}
    if contract == "tempo":
        state["tempo_today"] = code and _COLOUR_OF_PERIOD.get(code[-1])
        state["tempo_tomorrow"] = _COLOUR_TOMORROW.get(_text(values, "DEMAIN") or "")
    if contract == "ejp" or peaks:
        state["peak"] = code and code.startswith("PM")
        state["peak_notice"] = "PEJP" in values and not state["peak"]  # meters before Linky send it until the peak ends
    return state


def _standard_tariffs(values: Mapping[str, Value], status: StatusRegister | None, *, peaks: bool) -> State:
    option, code = tariff.contract(values), tariff.period(values)
    contract = _CONTRACTS[option.rstrip(".")] if option else _text(values, "NGTF")
    state: State = {"contract": contract, "period": code.rstrip(".") if code else _text(values, "LTARF")}
    if option is None:  # the names of the others are known
        state["contract_name"] = contract and tariff.capitalise(tariff.sentence_case(contract))
        state["period_name"] = state["period"] and tariff.capitalise(tariff.expand_abbreviations(state["period"]))
    if status is None:
        return state
    if contract == "tempo":
        state["tempo_today"], state["tempo_tomorrow"] = status.tempo_today, status.tempo_tomorrow
        if status.tempo_today == COLOURS[0] and code:  # a Tempo day has a colour: its period tells it, too
            state["tempo_today"] = _COLOUR_OF_PERIOD[code[-1]]
    if contract in ("ejp", "tempo") or peaks:
        state["peak_notice"], state["peak"] = status.peak_notice > 0, status.peak > 0
    return state


# What the status register and the relays say.


def _supply(mode: Mode, values: Mapping[str, Value], status: StatusRegister | None) -> State:
    if mode is Mode.HISTORIC:
        return {"overload": any(label in values for label in ("ADPS", "ADIR1", "ADIR2", "ADIR3"))}
    state: State = {}
    if status is not None:
        state |= {
            "overload": status.overload,
            "contact": "open" if status.contact_open else "closed",
            "cutoff": status.cutoff,
            "cover_open": status.cover_open,
            "overvoltage": status.overvoltage,
            "producer": status.producer,
            "clock_degraded": status.clock_degraded,
            "plc": status.plc,
            "plc_synchronised": status.plc_synchronised,
        }
    state["supplier_index"] = tariff.supplier_register(values)
    state["distributor_index"] = tariff.distributor_register(values)
    state |= {f"relay_{n}": closed for n, closed in enumerate(parse_relays(values.get("RELAIS")) or (), 1)}
    return _without_none(state)


# Power before the breaker; TIC.md 7, EEBUS white paper.


def _power(mode: Mode, values: Mapping[str, Value], *, short: bool) -> State:
    state = _historic_power(values, short=short) if mode is Mode.HISTORIC else _standard_power(values)
    return _without_none(state)


def _historic_power(values: Mapping[str, Value], *, short: bool) -> State:
    subscribed = _integer(values, "ISOUSC")
    if not subscribed:  # no contract is for 0
        return {}
    drawn = [amperes for n in _PHASES if (amperes := _integer(values, f"IINST{n}")) is not None]
    phases = 3 if drawn else 1
    if not drawn and (amperes := _integer(values, "IINST")) is not None:
        drawn = [amperes]
    power = subscribed * _VOLTS * phases
    apparent = _integer(values, "PAPP")
    if drawn and (short or apparent is None):  # short frames say the currents alone, old meters never say the power
        apparent = sum(drawn) * _GRID_VOLTS
    return {
        "subscribed_power": power,
        "headroom_current": subscribed - max(drawn) if drawn else None,
        "headroom_power": None if apparent is None else power - apparent,
    }


def _standard_power(values: Mapping[str, Value]) -> State:
    reference, cutoff = _integer(values, "PREF"), _integer(values, "PCOUP")
    state: State = {"subscribed_power": reference * 1000 if reference else None}
    limit = (cutoff or reference or 0) * 1000
    if limit:
        apparent = _apparent(values)
        state["headroom_power"] = None if apparent is None else limit - apparent
        state["headroom_current"] = min(_headroom_currents(values, limit), default=None)
    return state


def _headroom_currents(values: Mapping[str, Value], limit: int) -> Iterator[int]:
    """Yield what each phase has left, in whole amperes."""
    three = any(label in values for label in ("IRMS2", "SINSTS1", "URMS2"))
    for n in _PHASES if three else (1,):
        volts, amperes = _integer(values, f"URMS{n}"), _integer(values, f"IRMS{n}")
        apparent = _integer(values, f"SINSTS{n}") if three else _apparent(values)
        if not volts or apparent is None:
            continue
        # The first three-phase meters send nonsense for a single phase, such as 48370 VA; IRMS is rounded to 1 A.
        if three and amperes is not None and apparent > 1.1 * volts * (amperes + 2):
            apparent = volts * amperes
        yield math.floor((limit / (3 if three else 1) - apparent) / volts)


def _apparent(values: Mapping[str, Value]) -> int | None:
    """Return what is drawn in standard mode, in VA; the first Linkys, of the pilot, call it SINST1."""
    apparent = _integer(values, "SINSTS")
    return _integer(values, "SINST1") if apparent is None else apparent


# Energy.


def _energy(mode: Mode, values: Mapping[str, Value], contract: str | None) -> State:
    labels = import_registers(mode, contract)
    return _without_none(
        {"import_total": total(values, labels) if labels else None, "export_total": _integer(values, "EAIT")}
    )


def import_registers(mode: Mode, contract: str | None) -> tuple[str, ...]:
    """Return the registers whose sum is all that was imported."""
    return ("EAST",) if mode is Mode.STANDARD else _REGISTERS.get(contract or "", ())


def total(values: Mapping[str, Value], labels: tuple[str, ...]) -> int | None:
    """Return the sum of registers, when all of them are known."""
    indexes = [index for label in labels if (index := _integer(values, label)) is not None]
    return sum(indexes) if len(indexes) == len(labels) else None


def _integer(values: Mapping[str, Value], label: str) -> int | None:
    value = values.get(label)
    return value if isinstance(value, int) else None


def _text(values: Mapping[str, Value], label: str) -> str | None:
    value = values.get(label)
    return str(strip_padding(value)) or None if isinstance(value, str) else None


def _without_none(state: State) -> State:
    return {key: value for key, value in state.items() if value is not None}

"""Derives the keys of the state that are not labels from the last values of a meter, alike for both modes. Pure.

A key is absent where the meter does not send what it is derived from; none is ever null. The keys are documented in
docs/home-assistant.md.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from common.contract import tariff
from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.offers import COLOUR_OF_LETTER, registers_of, with_option
from common.contract.power import (
    PHASES,
    VA_PER_AMPERE,
    apparent_power,
    historic_currents,
    is_three_phase,
    phase_power,
)
from reader.meter.last_values import strip_padding
from reader.tic.fields import COLOURS, StatusRegister, parse_day_profile, parse_relays, parse_status

Derived = dict[str, Any]

_COLOUR_TOMORROW = {"----": "unknown", "BLEU": "blue", "BLAN": "white", "ROUG": "red"}  # DEMAIN


class Inputs(NamedTuple):
    """What keys are derived from."""

    mode: Mode
    values: Mapping[str, Value]
    peak_seen: bool
    overload_frame: bool
    decoded: bool
    three_phase: bool

    @property
    def status(self) -> StatusRegister | None:
        """The status register, if the meter sends one."""
        return parse_status(self.values.get("STGE"))


def derive(
    mode: Mode,
    values: Mapping[str, Value],
    *,
    peak_seen: bool = False,
    overload_frame: bool = False,
    decoded: bool = False,
) -> Derived:
    """Derive from the last values of a meter.

    `peak_seen`: this contract has mobile peaks, as one was seen; `overload_frame`: the last frame was a short one;
    `decoded`: another device sends a power of now and then, so that nobody can tell what is left of the subscribed one.
    """
    inputs = Inputs(mode, values, peak_seen, overload_frame, decoded, is_three_phase(values))
    derived: Derived = {}
    for keys in (_tariff, _supply, _power, _energy, _exporting, _next_day):
        derived |= keys(inputs)
    return derived


#: Labels of keys that automations act on at once; `exporting` follows from SINSTI, too.
AT_ONCE_LABELS = frozenset(["OPTARIF", "PTEC", "DEMAIN", "NGTF", "NTARF", "LTARF", "STGE", "RELAIS"])
#: The labels by whose values a mobile peak is known; some others count by their presence.
PEAK_LABELS = frozenset(["STGE", "PTEC"])


def has_peak(values: Mapping[str, Value]) -> bool:
    """Return whether a mobile peak is announced or running."""
    status = parse_status(values.get("STGE"))
    if status is not None and (status.peak_notice or status.peak):
        return True
    return any(f"DPM{n}" in values for n in (1, 2, 3)) or "PEJP" in values or values.get("PTEC") == "PM.."


# Tariff.


def _tariff(inputs: Inputs) -> Derived:
    mode, values, peak_seen = inputs.mode, inputs.values, inputs.peak_seen
    derived: Derived = {"mode": mode.value}
    if mode is Mode.HISTORIC:
        derived |= _historic_tariff(values, peak_seen=peak_seen)
    else:
        derived |= _standard_tariff(values, inputs.status, peak_seen=peak_seen)
    if derived["period"]:
        derived["off_peak"] = _is_off_peak(derived["period"])
    return _without_none(derived)


def _is_off_peak(period: str) -> bool:
    """Return whether a tariff period is off-peak, by its code or by its text in LTARF.

    >>> [period for period in ("HC", "HCJR", "WE HC", "HEURE SUPER CREU", "HP", "HCE") if _is_off_peak(period)]
    ['HC', 'HCJR', 'WE HC', 'HEURE SUPER CREU']
    """
    words = period.upper().replace("HCJ", "HC ").split()
    return "HC" in words or "CREU" in period.upper()  # LTARF has 16 characters, so CREUSE may be cut


def _historic_tariff(values: Mapping[str, Value], *, peak_seen: bool) -> Derived:
    contract, code = _historic_contract(values), _text(values, "PTEC")
    derived: Derived = {"contract": contract, "period": code and code.rstrip(".")}
    if contract == "tempo":
        derived["tempo_today"] = code and COLOUR_OF_LETTER.get(code[-1])
        derived["tempo_tomorrow"] = _COLOUR_TOMORROW.get(_text(values, "DEMAIN") or "")
    if contract == "ejp" or peak_seen:
        derived["peak"] = code and code.startswith("PM")
        # Meters older than Linky send PEJP until the peak ends.
        derived["peak_notice"] = "PEJP" in values and not derived["peak"]
    return derived


def _historic_contract(values: Mapping[str, Value]) -> str | None:
    option = _text(values, "OPTARIF")
    offer = with_option(option) if option else None
    return option and option.rstrip(".") if offer is None else offer.id


def _standard_tariff(values: Mapping[str, Value], status: StatusRegister | None, *, peak_seen: bool) -> Derived:
    option, code = tariff.contract(values), tariff.period(values)
    offer = with_option(option) if option else None
    contract = _text(values, "NGTF") if offer is None else offer.id
    derived: Derived = {"contract": contract, "period": code.rstrip(".") if code else _text(values, "LTARF")}
    if offer is None:  # the names of the others are known
        derived["contract_name"] = contract and tariff.capitalise(tariff.sentence_case(contract))
        derived["period_name"] = derived["period"] and tariff.capitalise(tariff.expand_abbreviations(derived["period"]))
    if status is None:
        return derived
    if contract == "tempo":
        derived["tempo_today"], derived["tempo_tomorrow"] = status.tempo_today, status.tempo_tomorrow
        if status.tempo_today == COLOURS[0] and code:  # a Tempo day has a colour: its period has it, too
            derived["tempo_today"] = COLOUR_OF_LETTER[code[-1]]
    if contract in ("ejp", "tempo") or peak_seen:
        derived["peak_notice"], derived["peak"] = status.peak_notice > 0, status.peak > 0
    return derived


# Status register and relays.


def _supply(inputs: Inputs) -> Derived:
    values, status = inputs.values, inputs.status
    if inputs.mode is Mode.HISTORIC:
        return {"overload": any(label in values for label in ("ADPS", "ADIR1", "ADIR2", "ADIR3"))}
    derived: Derived = {}
    if status is not None:
        derived |= {
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
    derived["supplier_index"] = tariff.supplier_register(values)
    derived["distributor_index"] = tariff.distributor_register(values)
    derived |= {f"relay_{n}": closed for n, closed in enumerate(parse_relays(values.get("RELAIS")) or (), 1)}
    return _without_none(derived)


# Power, and what is left of it before the breaker opens.


def _power(inputs: Inputs) -> Derived:
    power = _historic_power(inputs) if inputs.mode is Mode.HISTORIC else _standard_power(inputs)
    if inputs.decoded:
        power = {"subscribed_power": power.get("subscribed_power")}
    return _without_none(power)


def _historic_power(inputs: Inputs) -> Derived:
    values, three_phase = inputs.values, inputs.three_phase
    subscribed = _integer(values, "ISOUSC")
    if not subscribed:  # no contract is for 0
        return {}
    currents = historic_currents(values)
    power = subscribed * VA_PER_AMPERE * (3 if three_phase else 1)
    apparent = apparent_power(values, by_current=inputs.overload_frame)
    return {
        "subscribed_power": power,
        "headroom_current": subscribed - max(currents) if currents else None,
        "headroom_power": None if apparent is None else power - apparent,
    }


def _standard_power(inputs: Inputs) -> Derived:
    values = inputs.values
    reference, cutoff = _integer(values, "PREF"), _integer(values, "PCOUP")
    derived: Derived = {"subscribed_power": reference * 1000 if reference else None}
    limit = (cutoff or reference or 0) * 1000
    if limit:
        apparent = apparent_power(values)
        derived["headroom_power"] = None if apparent is None else limit - apparent
        currents = _headroom_currents(values, limit, apparent, three_phase=inputs.three_phase)
        derived["headroom_current"] = min(currents, default=None)
    return derived


def _headroom_currents(
    values: Mapping[str, Value], limit: int, total_power: int | None, *, three_phase: bool
) -> Iterator[int]:
    """Yield what is left on each phase, in whole amperes."""
    for n in PHASES if three_phase else (1,):
        volts, amperes = _integer(values, f"URMS{n}"), _integer(values, f"IRMS{n}")
        if not volts:
            continue
        apparent = phase_power(values, n) if three_phase else total_power
        if apparent is None and amperes is not None and f"SINSTS{n}" in values:
            apparent = volts * amperes
        if apparent is not None:
            yield math.floor((limit / (3 if three_phase else 1) - apparent) / volts)


# Energy.


def _energy(inputs: Inputs) -> Derived:
    values = inputs.values
    labels = import_registers(inputs.mode, _historic_contract(values) if inputs.mode is Mode.HISTORIC else None)
    return _without_none(
        {"import_total": total(values, labels) if labels else None, "export_total": _integer(values, "EAIT")}
    )


def _exporting(inputs: Inputs) -> Derived:
    status = inputs.status
    if status is None:
        return {}
    return {"exporting": status.exporting or (_integer(inputs.values, "SINSTI") or 0) > 0}


def import_registers(mode: Mode, contract: str | None) -> tuple[str, ...]:
    """Return the registers whose sum is all the energy imported; empty if the contract is unknown."""
    return ("EAST",) if mode is Mode.STANDARD else registers_of(contract)


def total(values: Mapping[str, Value], labels: tuple[str, ...]) -> int | None:
    """Return the sum of registers in Wh; None unless all of them are known."""
    energy = 0
    for label in labels:
        index = values.get(label)
        if not isinstance(index, int):
            return None
        energy += index
    return energy


# The day after.


def _next_day(inputs: Inputs) -> Derived:
    blocks = parse_day_profile(inputs.values.get("PJOURF+1"))
    if blocks is None:
        return {}
    return {
        "next_day": [
            {"from": block.start, "index": block.index, "contact": block.contact, "relays": list(block.relays)}
            for block in blocks
        ]
    }


def _integer(values: Mapping[str, Value], label: str) -> int | None:
    value = values.get(label)
    return value if isinstance(value, int) else None


def _text(values: Mapping[str, Value], label: str) -> str | None:
    value = values.get(label)
    return str(strip_padding(value)) or None if isinstance(value, str) else None


def _without_none(derived: Derived) -> Derived:
    return {key: value for key, value in derived.items() if value is not None}

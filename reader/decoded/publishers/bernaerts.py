"""Tasmota with Bernaerts' teleinfo: the objects `METER` and `CONTRACT`. Pure.

A register has the name that the meter gives its period: the code of PTEC in historic mode, LTARF in standard mode. Of a
name that is not known, the number of the register is not known either, and the periods of a former contract stay: then
only the total is read, which historic mode does not have. `period` and `name` are translated: hour and colour tell the
period, the registers the contract.

Not read: currents and active powers, which it computes; voltages in historic mode, always 230 V; `TDAY` and the like;
the injected power of a meter that counts no injection, an estimate.
"""

from collections.abc import Iterator, Mapping

from common.contract.labels import ADDRESS, Mode
from common.contract.offers import BY_REGISTER, OFFERS, TEMPO, with_calendar
from reader.decoded.conversion import number
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal, parent

_METER, _CONTRACT = "METER", "CONTRACT"
#: Register by the name of its period.
_HISTORIC = {register.period: register.name for offer in OFFERS for register in offer.registers if register.period}
_STANDARD = {
    "BASE": "EASF01",
    "HEURE CREUSE": "EASF01", "HEURE PLEINE": "EASF02",
    "HEURES CREUSES": "EASF01", "HEURES PLEINES": "EASF02",
    "HC BLEU": "EASF01", "HP BLEU": "EASF02",
    "HC BLANC": "EASF03", "HP BLANC": "EASF04",
    "HC ROUGE": "EASF05", "HP ROUGE": "EASF06",
}  # fmt: skip
#: Keys that are no register of a period.
_OTHERS = frozenset(["serial", "name", "period", "color", "hour", "tday", "tmrw", "CONSO", "PROD"])
_HOURS = {"Creuse": "HC", "Pleine": "HP"}
_COLOURS = {"Bleu": "B", "Blanc": "W", "Rouge": "R"}
_PHASES = (1, 2, 3)
_VA = 1000  # a kVA


def _recognises(message: Message) -> bool:
    contract, meter = message.inside(_CONTRACT), message.inside(_METER)
    return "serial" in contract or {"PH", "PSUB"} <= meter.keys()


def _find(message: Message, memory: Memory) -> Found | Refusal:
    contract, meter = message.inside(_CONTRACT), message.inside(_METER)
    periods = {key: value for key, value in contract.items() if key not in _OTHERS}
    memory.mode = _mode(periods) or memory.mode
    if memory.mode is None:
        return Refusal.NO_MODE
    sent: dict[str, object] = {ADDRESS[memory.mode]: contract.get("serial")}
    if memory.mode is Mode.HISTORIC:
        sent |= _historic(contract, periods) | {"ISOUSC": meter.get("ISUB"), "PAPP": meter.get("P")}
    else:
        sent |= _standard(contract, periods) | dict(_powers(meter, injects="PROD" in contract))
    return Found({label: value for label, value in sent.items() if value is not None}, memory.mode)


def _mode(periods: Mapping[str, object]) -> Mode | None:
    if not periods:
        return None
    return Mode.HISTORIC if periods.keys() <= _HISTORIC.keys() else Mode.STANDARD


def _historic(contract: Mapping[str, object], periods: Mapping[str, object]) -> dict[str, object]:
    registers = {_HISTORIC[period]: value for period, value in periods.items()}
    offers = {BY_REGISTER[name][0].id: BY_REGISTER[name][0] for name in registers}
    if len(offers) != 1:
        return {}
    (offer,) = offers.values()
    sent: dict[str, object] = {"OPTARIF": offer.option, **registers}
    hour, colour = _HOURS.get(str(contract.get("hour"))), _COLOURS.get(str(contract.get("color")))
    if offer is TEMPO:
        sent["DEMAIN"] = contract.get("tmrw")
        sent["PTEC"] = f"{hour}J{colour}" if hour and colour else None
    else:
        sent["PTEC"] = next((period for period in periods if len(periods) == 1 or period == f"{hour}.."), None)
    return sent


def _standard(contract: Mapping[str, object], periods: Mapping[str, object]) -> dict[str, object]:
    total = number(contract.get("CONSO"))
    if not total:  # it has not received a register yet
        return {}
    sent: dict[str, object] = {"EAST": contract["CONSO"], "EAIT": contract.get("PROD")}
    if with_calendar(str(contract.get("name"))) is not None:
        sent["NGTF"] = str(contract["name"]).upper()
    registers = {_STANDARD.get(period): value for period, value in periods.items()}
    if None in registers or len(registers) < len(periods):
        return sent
    return sent | {label: value for label, value in registers.items() if label}


def _powers(meter: Mapping[str, object], *, injects: bool) -> Iterator[tuple[str, object]]:
    phases, subscribed = number(meter.get("PH")), number(meter.get("PSUB"))
    yield "SINSTS", meter.get("P")
    if subscribed and phases in (1, len(_PHASES)):
        yield "PREF", round(subscribed * phases / _VA)
    for phase in _PHASES:
        yield f"URMS{phase}", meter.get(f"U{phase}")
        if phases == len(_PHASES):
            yield f"SINSTS{phase}", meter.get(f"P{phase}")
    if injects:
        yield "SINSTI", meter.get("PP")


PUBLISHER = Publisher(name="bernaerts", recognises=_recognises, find=_find, device=parent)

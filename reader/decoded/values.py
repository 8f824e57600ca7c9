"""Which values of a reading can be true by themselves, or beside the others. Pure.

The registers are judged by their past: see `registers`. The other values are dropped where they cannot be right:

- of the other mode, wider than the label, or what adapters send for no value;
- a register that the contract does not have, such as a total of two of the six registers of Tempo under the name BASE;
- a period that contradicts NTARF or STGE: LTARF may be frozen for days;
- an overload below the subscribed current: Tasmota gives the number of the phase instead;
- a phase that draws more than is subscribed: the first three-phase Linkys send such values.
"""

from collections.abc import Mapping

from common.contract.frame import Value
from common.contract.labels import LABELS, Label, LabelKind, Mode
from common.contract.offers import COLOURS, Register, registers_of, with_calendar, with_option
from common.contract.power import PHASES
from common.contract.rise import MAX_POWER, REGISTERS
from common.contract.tariff import supplier_register

#: What adapters send for no value: of 16 bits, signed and unsigned.
_NO_NUMBER = frozenset([-32_768, 32_767, 65_535])
_OVERLOADS = ("ADPS", "ADIR1", "ADIR2", "ADIR3")
_LEAST_OVERLOAD = 10  # A; no contract is for less
#: The values that labels can have, where these are fewer than their width allows.
_RANGES = {
    "ISOUSC": range(10, 91),
    "PREF": range(1, MAX_POWER // 1000 + 1),
    "NTARF": range(1, 11),
    "RELAIS": range(256),
}
_OFF_PEAK, _PEAK = ("HC", "CREUSE", "CREUSES"), ("HP", "PLEINE", "PLEINES")  # in LTARF
_COLOURS = {colour.names["fr"].upper(): key for key, colour in COLOURS.items()}


def possible(mode: Mode, labels: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """Return what can be true of the labels of a reading.

    Args:
        mode: that of the meter.
        labels: of the reading.
        before: the last believed values of the meter, for what the reading does not have.
    """
    values = {
        label: value
        for label, value in labels.items()
        if (known := LABELS[mode].get(label)) is not None and _is_possible(known, value)
    }
    context = {**before, **values}
    for label in _contradictions(mode, values, context):
        del values[label]
    return values


def _is_possible(label: Label, value: Value) -> bool:
    """Return whether a label can have such a value."""
    if label.kind is LabelKind.INTEGER:
        if type(value) is not int or value in _NO_NUMBER:
            return False
        return value in _RANGES.get(label.name, range(10**label.width))
    return type(value) is str and len(value) <= label.width


def _contradictions(mode: Mode, values: Mapping[str, Value], context: Mapping[str, Value]) -> set[str]:
    """Return the labels that contradict others."""
    wrong = {label for label in _OVERLOADS if label in values and not _is_overload(values[label], context)}
    if mode is Mode.HISTORIC:
        return wrong | _foreign_registers(values, context)
    if "LTARF" in values and _contradicts(str(values["LTARF"]), _running(context)):
        wrong.add("LTARF")
    subscribed = context.get("PREF")
    largest = subscribed * 1000 if isinstance(subscribed, int) else MAX_POWER
    phases = (f"SINSTS{phase}" for phase in PHASES)
    return wrong | {label for label in phases if isinstance(power := values.get(label), int) and power > largest}


def _is_overload(amperes: Value, context: Mapping[str, Value]) -> bool:
    subscribed = context.get("ISOUSC", _LEAST_OVERLOAD)
    return isinstance(amperes, int) and isinstance(subscribed, int) and amperes >= subscribed


def _foreign_registers(values: Mapping[str, Value], context: Mapping[str, Value]) -> set[str]:
    """Return the registers of historic mode that the contract does not have."""
    option = context.get("OPTARIF")
    offer = with_option(option) if isinstance(option, str) else None
    registers = REGISTERS[Mode.HISTORIC].keys() & values.keys()
    if offer is not None:
        return registers - set(registers_of(offer.id))
    return {"BASE"} & registers if any(values[label] for label in registers - {"BASE"}) else set()


def _running(context: Mapping[str, Value]) -> Register | None:
    """Return the supplier's register that runs, if the offer is known."""
    calendar, number = context.get("NGTF"), supplier_register(context)
    offer = with_calendar(calendar) if isinstance(calendar, str) else None
    if offer is None or number is None or number > len(offer.registers):
        return None
    return offer.registers[number - 1]


def _contradicts(period: str, register: Register | None) -> bool:
    """Return whether a period (LTARF) names other hours or another colour than those of a register.

    >>> from common.contract.offers import TEMPO
    >>> [_contradicts(period, TEMPO.named("BBRHPJR")) for period in ("HP  ROUGE", "HP  BLEU", "HEURE CREUSE", "POINTE")]
    [False, True, True, False]
    """
    if register is None:
        return False
    words = period.upper().split()
    off_peak = [word in _OFF_PEAK for word in words if word in _OFF_PEAK + _PEAK]
    colours = [_COLOURS[word] for word in words if word in _COLOURS]
    if register.off_peak is not None and off_peak and off_peak[0] is not register.off_peak:
        return True
    return register.colour is not None and bool(colours) and colours[0] != register.colour

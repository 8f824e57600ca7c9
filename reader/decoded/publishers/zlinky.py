"""LiXee's ZLinky_TIC: a label for each attribute of Zigbee, by the names that zigbee2mqtt has for them. Pure.

Its attributes have other meanings in other modes: `rms_current` is IINST, IINST1 or IRMS1. What the meter is, the
attributes tell as well: a cache may hold those of a mode that the meter left, so the one that both modes share decides
first, the contract. The tiers of historic mode are the registers of the contract.

Not read: attributes that lost their date or were cut (`start_mobile_point…`, `days_profile_…`), the reactive energies 2
to 4, which begin anew at 32,767, `current_date`, which is up to ten minutes old, and codes of unknown meaning
(`schedule_h_p_h_c`, `presence_potential`).
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from common.contract.labels import LABELS, Mode
from common.contract.offers import OFFERS, registers_of, with_option
from common.contract.registers import SUPPLIER_LABELS
from reader.decoded.conversion import PERIODS, number, split_stamp, text_of, value_of
from reader.decoded.publisher import Found, Memory, Refusal

_TABLE = """
key                                      historic  three-phase  standard   three-phase
meter_serial_number                      ADCO      ADCO         ADSC       ADSC
site_id                                  -         -            PRM        PRM
software_revision                        -         -            VTIC       VTIC
current_tarif                            OPTARIF   OPTARIF      NGTF       NGTF
active_register_tier_delivered           PTEC      PTEC         -          -
current_price                            -         -            LTARF      LTARF
current_index_tarif                      -         -            NTARF      NTARF
status_register                          -         -            STGE       STGE
relais                                   -         -            RELAIS     RELAIS
tomorrow_color                           DEMAIN    DEMAIN       -          -
start_notice_e_j_p                       PEJP      PEJP         -          -
mot_d_etat                               MOTDETAT  MOTDETAT     -          -
message1                                 -         -            MSG1       MSG1
message2                                 -         -            MSG2       MSG2
days_number_current_calendar             -         -            NJOURF     NJOURF
days_number_next_calendar                -         -            NJOURF+1   NJOURF+1
available_power                          ISOUSC    ISOUSC       PREF       PREF
power_threshold                          -         -            PCOUP      PCOUP
apparent_power                           PAPP      PAPP         SINSTS     SINSTS1
apparent_power_ph_b                      -         -            -          SINSTS2
apparent_power_ph_c                      -         -            -          SINSTS3
total_apparent_power                     -         -            -          SINSTS
rms_current                              IINST     IINST1       IRMS1      IRMS1
rms_current_ph_b                         -         IINST2       -          IRMS2
rms_current_ph_c                         -         IINST3       -          IRMS3
rms_current_max                          IMAX      IMAX1        -          -
rms_current_max_ph_b                     -         IMAX2        -          -
rms_current_max_ph_c                     -         IMAX3        -          -
rms_voltage                              -         -            URMS1      URMS1
rms_voltage_ph_b                         -         -            -          URMS2
rms_voltage_ph_c                         -         -            -          URMS3
average_rms_voltage_meas_period          -         -            UMOY1      UMOY1
average_rms_voltage_measure_period_ph_b  -         -            -          UMOY2
average_rms_voltage_meas_period_ph_c     -         -            -          UMOY3
active_power_max                         -         PMAX         SMAXSN     SMAXSN1
active_power_max_ph_b                    -         -            -          SMAXSN2
active_power_max_ph_c                    -         -            -          SMAXSN3
drawn_v_a_max_n1                         -         -            SMAXSN-1   SMAXSN1-1
drawn_v_a_max_n1_p2                      -         -            -          SMAXSN2-1
drawn_v_a_max_n1_p3                      -         -            -          SMAXSN3-1
active_power                             -         -            CCASN      CCASN
active_power_ph_b                        -         -            CCASN-1    CCASN-1
injected_v_a                             -         -            SINSTI     SINSTI
injected_v_a_max_n                       -         -            SMAXIN     SMAXIN
injected_v_a_max_n1                      -         -            SMAXIN-1   SMAXIN-1
injected_active_load_n                   -         -            CCAIN      CCAIN
injected_active_load_n1                  -         -            CCAIN-1    CCAIN-1
warn_d_p_s                               ADPS      -            -          -
warn_d_i_r1                              -         ADIR1        -          -
warn_d_i_r2                              -         ADIR2        -          -
warn_d_i_r3                              -         ADIR3        -          -
total_reactive_power                     -         -            ERQ1       ERQ1
current_summ_delivered                   -         -            EAST       EAST
current_summ_received                    -         -            EAIT       EAIT
active_enerfy_out_d01                    -         -            EASD01     EASD01
active_enerfy_out_d02                    -         -            EASD02     EASD02
active_enerfy_out_d03                    -         -            EASD03     EASD03
active_enerfy_out_d04                    -         -            EASD04     EASD04
active_energy_out_d01                    -         -            EASD01     EASD01
active_energy_out_d02                    -         -            EASD02     EASD02
active_energy_out_d03                    -         -            EASD03     EASD03
active_energy_out_d04                    -         -            EASD04     EASD04
"""
# Where a cache has both spellings, the later row counts: the right one is the newer one.
_COLUMNS = ((Mode.HISTORIC, False), (Mode.HISTORIC, True), (Mode.STANDARD, False), (Mode.STANDARD, True))
_ROWS = [row.split() for row in _TABLE.strip().splitlines()[1:]]
#: Label by key, for each mode and for meters of one and of three phases.
_LABELS = {
    column: {key: labels[place] for key, *labels in _ROWS if labels[place] != "-"}
    for place, column in enumerate(_COLUMNS)
}
_TIERS = tuple(f"current_tier{tier}_summ_delivered" for tier in range(1, 11))
_TOTAL, _PERIOD = "current_summ_delivered", "active_register_tier_delivered"
#: Only meters of three phases have values for these.
_PHASES = tuple(
    f"{name}_ph_{phase}"
    for name in ("rms_voltage", "rms_current", "rms_current_max", "apparent_power")
    for phase in "bc"
)
_HISTORIC_OPTION = re.compile(r"HC\.\.|EJP\.|BBR.")
_BASE = "BASE"  # what both modes call it
#: By a tariff period of historic mode.
_OFFERS: Mapping[str | None, str] = {
    register.period: offer.id for offer in OFFERS for register in offer.registers if register.period
}
_NO_VALUE = 32_767  # or more, of 16 bits
_DECIMALS = 3  # kWh of three decimals are Wh


def find(content: Mapping[str, object], memory: Memory, *, kwh: bool, mode: Mode | None = None) -> Found | Refusal:
    """Find the labels.

    Args:
        content: attributes, by their names in zigbee2mqtt.
        memory: what earlier messages told.
        kwh: registers are in kWh, not in Wh.
        mode: that of the meter, if the publisher tells.
    """
    mode = mode or _mode(content) or memory.mode
    if mode is None:
        return Refusal.NO_MODE
    memory.mode = mode
    memory.three_phase = memory.three_phase or any(_has_value(content.get(key)) for key in _PHASES)
    memory.offer = _offer(content) or memory.offer
    labels = _LABELS[mode, memory.three_phase] | _registers(mode, memory.offer)
    sent = {label: content[key] for key, label in labels.items() if content.get(key) is not None}
    energies = {
        label: energy
        for label, value in sent.items()
        if LABELS[mode][label].unit == "Wh" and (energy := number(value)) is not None and energy >= 0
    }
    if energies and not any(energies.values()):
        return Refusal.NOTHING  # the device receives nothing from the meter
    return _in_wh(sent, energies, mode, memory) if kwh else Found(sent, mode)


def _in_wh(sent: Mapping[str, object], energies: Mapping[str, Decimal], mode: Mode, memory: Memory) -> Found:
    memory.decimals = max(memory.decimals, *map(_decimals, energies.values()), 0)
    step = 10 ** (_DECIMALS - memory.decimals)
    others = {label: value for label, value in sent.items() if LABELS[mode][label].unit != "Wh"}
    registers = {label: round(1000 * energy) for label, energy in energies.items()}
    return Found(others | registers, mode, dict.fromkeys(registers, step) if step > 1 else {})


def _decimals(energy: Decimal) -> int:
    exponent = energy.normalize().as_tuple().exponent
    return min(max(-exponent, 0), _DECIMALS) if isinstance(exponent, int) else 0


def _mode(content: Mapping[str, object]) -> Mode | None:
    option = text_of(content.get("current_tarif"))
    if option is not None and option != _BASE:
        return Mode.HISTORIC if _HISTORIC_OPTION.fullmatch(option) else Mode.STANDARD
    # Some versions of zigbee2mqtt fill both keys from one attribute.
    periods = {text_of(content.get(key)) for key in ("current_price", _PERIOD)} - {None}
    if periods - PERIODS or _sends_standard(content):
        return Mode.STANDARD
    return Mode.HISTORIC if periods else None


def _sends_standard(content: Mapping[str, object]) -> bool:
    labels = {"NTARF": "current_index_tarif", "STGE": "status_register", "PRM": "site_id"}
    values = [value_of(label, content.get(key)) for label, key in labels.items()]
    _, date = split_stamp(content.get("current_date"))
    return date is not None or any(value is not None and str(value).strip("0") for value in values)


def _offer(content: Mapping[str, object]) -> str | None:
    option, period = value_of("OPTARIF", content.get("current_tarif")), text_of(content.get(_PERIOD))
    offer = with_option(str(option))
    return _OFFERS.get(period) if offer is None else offer.id


def _registers(mode: Mode, offer: str | None) -> dict[str, str]:
    if mode is Mode.STANDARD:
        return dict(zip(_TIERS, SUPPLIER_LABELS, strict=True))
    if offer == _OFFERS["TH.."]:
        return {_TOTAL: _BASE}
    # The total of other contracts is no register of theirs, and is 0, or the sum of some of them.
    return dict(zip(_TIERS, registers_of(offer), strict=False))


def _has_value(sent: object) -> bool:
    value = number(sent)
    return value is not None and 0 < value < _NO_VALUE

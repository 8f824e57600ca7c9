"""zigbee2mqtt with a TICMeter: its attributes are those of a ZLinky, or have other names; registers are in Wh. Pure.

`max_contract_power` is no label of historic mode: it is rounded to kVA there, ISOUSC is in A. The reactive energies and
the dates are not read, as of a ZLinky.
"""

from common.contract.labels import Mode
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal
from reader.decoded.publishers import zlinky
from reader.decoded.publishers.zigbee2mqtt import TICMETER_KEYS

_MODES = {"HISTORIQUE": Mode.HISTORIC, "STANDARD": Mode.STANDARD}
_THREE_PHASES = "TRIPHASE"
_CURRENT_PERIOD = "current_tarif"  # a ZLinky calls the contract so
#: What a ZLinky calls the same, in both modes.
_NAMES = {
    "contract_type": "current_tarif",
    "tomorow_color": "tomorrow_color",
    "start_e_j_p": "start_notice_e_j_p",
    "power_overrun": "warn_d_p_s",
    "power_overrun_a": "warn_d_i_r1",
    "power_overrun_b": "warn_d_i_r2",
    "power_overrun_c": "warn_d_i_r3",
    "index1_dist": "active_energy_out_d01",
    "index2_dist": "active_energy_out_d02",
    "index3_dist": "active_energy_out_d03",
    "index4_dist": "active_energy_out_d04",
    "power_injected": "injected_v_a",
    "power_max_injected": "injected_v_a_max_n",
    "power_max_injected_yesterday": "injected_v_a_max_n1",
    "injected_load_n": "injected_active_load_n",
    "injected_load_n_1": "injected_active_load_n1",
    "power_max_yesterday": "drawn_v_a_max_n1",
    "power_max_yesterday1": "drawn_v_a_max_n1",
    "power_max_yesterday2": "drawn_v_a_max_n1_p2",
    "power_max_yesterday3": "drawn_v_a_max_n1_p3",
    "current_index": "current_index_tarif",
    "calendar_supplier_day": "days_number_current_calendar",
    "next_supplier_calendar_day": "days_number_next_calendar",
    "relays": "relais",
    "short_msg": "message1",
    "ultra_short_msg": "message2",
    "tic_version": "software_revision",
}
#: And what is another attribute of a ZLinky in each mode.
_NAMES_OF = {
    Mode.HISTORIC: {_CURRENT_PERIOD: "active_register_tier_delivered", "motdetat": "mot_d_etat"},
    Mode.STANDARD: {
        _CURRENT_PERIOD: "current_price",
        "motdetat": "status_register",
        "max_contract_power": "available_power",
    },
}


def _recognises(message: Message) -> bool:
    return bool(TICMETER_KEYS & message.keys.keys())


def _find(message: Message, memory: Memory) -> Found | Refusal:
    mode = _MODES.get(str(message.keys.get("tic_mode"))) or memory.mode
    if mode is None:
        return Refusal.NO_MODE
    memory.three_phase = memory.three_phase or message.keys.get("elec_mode") == _THREE_PHASES
    names = _NAMES | _NAMES_OF[mode]
    content = {names.get(key, key): value for key, value in message.keys.items() if value is not None}
    return zlinky.find(content, memory, kwh=False, mode=mode)


PUBLISHER = Publisher(name="zigbee2mqtt_ticmeter", recognises=_recognises, find=_find)

"""LiXee-Box, a gateway for a ZLinky_TIC: a topic and an object of one key for each attribute, registers in Wh. Pure.

The key is `value_<cluster>_<attribute>`, and the topic `<header><address>_<cluster>_<attribute>/state`, the numbers
in decimal. What the gateway sends for a negative number is a huge one, which no label has room for.
"""

import re

from common.contract.labels import Mode
from reader.decoded.conversion import number
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal
from reader.decoded.publishers import zlinky

_TOPIC = re.compile(r"(?P<device>.*[0-9A-Fa-f]{16})_(?P<attribute>\d{1,5}_\d{1,5})/state")
_MODE = "65382_768"
_STANDARD, _THREE_PHASE, _MODES = 1, 2, 8  # bits of the mode, and how many there are

_METERING, _IDENTIFICATION, _ELECTRICAL, _OWN = 1794, 2817, 2820, 65382  # clusters
#: What zigbee2mqtt calls an attribute, by cluster and number.
_NAMES = {
    _METERING: {
        0: "current_summ_delivered", 1: "current_summ_received", 32: "active_register_tier_delivered",
        **{254 + 2 * tier: f"current_tier{tier}_summ_delivered" for tier in range(1, 11)},
        775: "site_id", 776: "meter_serial_number",
    },
    _IDENTIFICATION: {10: "software_revision", 13: "available_power", 14: "power_threshold"},
    _ELECTRICAL: {
        773: "total_reactive_power", 774: "total_apparent_power", 1285: "rms_voltage", 1288: "rms_current",
        1290: "rms_current_max", 1291: "active_power", 1293: "active_power_max", 1295: "apparent_power",
        1297: "average_rms_voltage_meas_period", 2309: "rms_voltage_ph_b", 2312: "rms_current_ph_b",
        2314: "rms_current_max_ph_b", 2315: "active_power_ph_b", 2317: "active_power_max_ph_b",
        2319: "apparent_power_ph_b", 2321: "average_rms_voltage_measure_period_ph_b", 2565: "rms_voltage_ph_c",
        2568: "rms_current_ph_c", 2570: "rms_current_max_ph_c", 2573: "active_power_max_ph_c",
        2575: "apparent_power_ph_c", 2577: "average_rms_voltage_meas_period_ph_c",
    },
    _OWN: {
        0: "current_tarif", 1: "tomorrow_color", 4: "start_notice_e_j_p", 5: "warn_d_p_s", 6: "warn_d_i_r1",
        7: "warn_d_i_r2", 8: "warn_d_i_r3", 9: "mot_d_etat", 512: "current_price", 513: "current_index_tarif",
        514: "current_date", 515: "active_energy_out_d01", 516: "active_energy_out_d02",
        517: "active_energy_out_d03", 518: "active_energy_out_d04", 519: "injected_v_a", 520: "injected_v_a_max_n",
        521: "injected_v_a_max_n1", 528: "injected_active_load_n", 529: "injected_active_load_n1",
        530: "drawn_v_a_max_n1", 531: "drawn_v_a_max_n1_p2", 532: "drawn_v_a_max_n1_p3", 533: "message1",
        534: "message2", 535: "status_register", 548: "relais", 549: "days_number_current_calendar",
        550: "days_number_next_calendar",
    },
}  # fmt: skip
_NAME = {f"{cluster}_{number}": name for cluster, names in _NAMES.items() for number, name in names.items()}


def _recognises(message: Message) -> bool:
    topic = _TOPIC.fullmatch(message.topic)
    return topic is not None and topic["attribute"] in {*_NAME, _MODE} and f"value_{topic['attribute']}" in message.keys


def _find(message: Message, memory: Memory) -> Found | Refusal:
    topic = _TOPIC.fullmatch(message.topic)
    if topic is None:
        return Refusal.NO_METER
    attribute = topic["attribute"]
    sent = message.keys.get(f"value_{attribute}")
    if attribute == _MODE:
        _remember(sent, memory)
        return Refusal.NOTHING
    name = _NAME.get(attribute)
    return Refusal.NOTHING if name is None else zlinky.find({name: sent}, memory, kwh=False)


def _remember(sent: object, memory: Memory) -> None:
    bits = number(sent)
    if bits is not None and 0 <= bits < _MODES:
        memory.mode = Mode.STANDARD if int(bits) & _STANDARD else Mode.HISTORIC
        memory.three_phase = bool(int(bits) & _THREE_PHASE)


def _device(topic: str) -> str:
    found = _TOPIC.fullmatch(topic)
    return found["device"] if found else topic


PUBLISHER = Publisher(
    name="lixee_box",
    recognises=_recognises,
    find=_find,
    device=_device,
    filters={r"(?P<header>.*/)?[0-9A-Fa-f]{16}": r"\g<header>+/state"},
)

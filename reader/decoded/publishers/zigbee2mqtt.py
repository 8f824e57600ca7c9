"""zigbee2mqtt with a ZLinky_TIC: one object with all attributes that it knows, registers in kWh. Pure.

By default it repeats all that it knows with each message, and how many decimals it keeps is an option: the step of the
registers is that of the finest one that was seen. Its first version, of 2021, had other keys, in Wh; caches may still
hold them.
"""

from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal
from reader.decoded.publishers import zlinky

#: Keys that no other device has, a TICMeter neither: most of its keys are the same, but registers are in Wh there.
_KEYS = frozenset(
    [
        "active_register_tier_delivered", "current_index_tarif", "current_price", "available_power", "power_threshold",
        "warn_d_p_s", "status_register", "status_register_breakout", "mot_d_etat", "injected_v_a",
        "active_energy_out_d01", "active_enerfy_out_d01",
    ]
)  # fmt: skip
_OLD_KEYS = frozenset(["currentSummDelivered", "activeRegisterTierDelivered", "currentTarif", "meterSerialNumber"])
#: Keys that a TICMeter has, and a ZLinky does not.
TICMETER_KEYS = frozenset(["tic_mode", "elec_mode", "contract_type"])


def _recognises(message: Message) -> bool:
    keys = message.keys.keys()
    return not TICMETER_KEYS & keys and bool((_KEYS | _OLD_KEYS) & keys)


def _find(message: Message, memory: Memory) -> Found | Refusal:
    keys = message.keys.keys()
    if _OLD_KEYS & keys and not _KEYS & keys:
        return Refusal.TOO_OLD
    return zlinky.find(message.keys, memory, kwh=True)


PUBLISHER = Publisher(name="zigbee2mqtt", recognises=_recognises, find=_find)

"""What thirty devices of five makers announce on a broker, one of them hostile; and what is to be found of them.

`MESSAGES` are retained messages, made up after the payloads of real ones. `FOUND` and `METERS` are written by hand.
"""

import json
from typing import Any


def _zigbee(address: str, name: str, vendor: str, model: str, **exposes: str) -> dict[str, Any]:
    """Return a device of zigbee2mqtt's list; `exposes` are units by property."""
    switch = {"type": "switch", "features": [{"name": "state", "property": "state", "type": "binary", "access": 7}]}
    numbers = [
        {"name": key, "label": key.capitalize(), "property": key, "type": "numeric", "unit": unit, "access": 5}
        for key, unit in exposes.items()
    ]
    return {
        "ieee_address": address,
        "friendly_name": name,
        "type": "Router",
        "supported": True,
        "disabled": False,
        "definition": {"vendor": vendor, "model": model, "description": "", "exposes": [switch, *numbers]},
    }


def _sensor(kind: str, unit: str, topic: str, template: str | None = None, **others: Any) -> dict[str, Any]:
    """Return the part of an announcement to Home Assistant that says what is measured."""
    state_class = "total_increasing" if kind == "energy" else "measurement"
    config = {"dev_cla": kind, "unit_of_meas": unit, "stat_cla": state_class, "stat_t": topic, "val_tpl": template}
    return {key: value for key, value in config.items() if value is not None} | others


def _shelly(serial: str, name: str, model: str) -> dict[str, Any]:
    return {"device": {"identifiers": [serial], "name": name, "model": model, "manufacturer": "Allterco Robotics"}}


def _esphome(node: str) -> dict[str, Any]:
    return {"dev": {"ids": f"esp-{node}", "name": node, "mdl": "esp32dev", "mf": "espressif", "sw": "2026.3.0"}}


def _inverter(number: int, name: str) -> dict[str, Any]:
    return {"dev": {"ids": f"11618000000{number}", "name": name, "mdl": "HM-400", "mf": "OpenDTU"}}


_ZIGBEE2MQTT = [
    {"ieee_address": "0x00124b0000000001", "friendly_name": "Coordinator", "type": "Coordinator", "definition": None},
    _zigbee("0x0c4314fffe000001", "Lave-linge", "TuYa", "TS011F_plug_1", power="W", energy="kWh", current="A"),
    _zigbee("0x0c4314fffe000002", "cuisine/Lave-vaisselle", "TuYa", "TS011F_plug_1", power="W", energy="kWh"),
    _zigbee("0x0c4314fffe000003", "Sèche-linge", "NOUS", "A1Z", power="W", energy="kWh"),
    _zigbee("0x0c4314fffe000004", "Chauffe-eau", "Legrand", "412171", power="W"),
    _zigbee("0x0c4314fffe000005", "Prise double", "TuYa", "TS011F_2", power_l1="W", power_l2="W", energy="Wh"),
    _zigbee("0x0c4314fffe000006", "Panneaux balcon", "LIDL", "HG08673", power="W", energy="kWh"),
    _zigbee("0x0c4314fffe000007", "Bureau", "SONOFF", "S60ZBTPF", power="kW", energy="MWh"),
    _zigbee("0x0c4314fffe000008", "Congélateur", "IKEA", "E2206", power="W", energy="kWh"),
    _zigbee("0x0c4314fffe000009", "Salon", "Aqara", "WSDCGQ11LM", temperature="°C"),
    _zigbee("0x00158d0000000010", "Linky", "LiXee", "ZLinky_TIC", current_summ_delivered="kWh", active_power="W"),
]

_TO_HOME_ASSISTANT: dict[str, dict[str, Any]] = {
    # Two of zigbee2mqtt, once more.
    "sensor/0x0c4314fffe000001/energy": _sensor(
        "energy", "kWh", "zigbee2mqtt/Lave-linge", '{{ value_json["energy"] }}',
        dev={"ids": ["zigbee2mqtt_0x0c4314fffe000001"], "name": "Lave-linge", "mf": "TuYa"},
    ),
    "sensor/0x00158d0000000010/current_summ_delivered": _sensor(
        "energy", "kWh", "zigbee2mqtt/Linky", '{{ value_json["current_summ_delivered"] }}',
        dev={"ids": ["zigbee2mqtt_0x00158d0000000010"], "name": "Linky", "mdl": "Lixee ZLinky", "mdl_id": "ZLinky_TIC"},
    ),
    # Shelly: by a script that announces them.
    "sensor/shelly1pm-000001-relay-0/power": _sensor(
        "power", "W", "~relay/0/power", **{"~": "shellies/shelly1pm-000001/"}, **_shelly("s1", "Four", "Shelly 1PM")
    ),
    "sensor/shelly1pm-000001-relay-0/energy": _sensor(
        "energy", "Wh", "~relay/0/energy", "{{value|float/60}}", **{"~": "shellies/shelly1pm-000001/"},
        **_shelly("s1", "Four", "Shelly 1PM"),
    ),
    "sensor/shellyem-000002-emeter-0/total": _sensor(
        "energy", "kWh", "shellies/shellyem-000002/emeter/0/total", "{{value|float/1000}}",
        **_shelly("s2", "Pompe à chaleur", "Shelly EM"),
    ),
    "sensor/shellyplus1pm-000003-0/power": _sensor(
        "power", "W", "shellyplus1pm-000003/status/switch:0", "{{ value_json.apower }}",
        **_shelly("s3", "Garage", "Shelly Plus 1PM"),
    ),
    "sensor/shellyplus1pm-000003-0/energy": _sensor(
        "energy", "Wh", "shellyplus1pm-000003/status/switch:0", "{{ value_json.aenergy.total }}",
        **_shelly("s3", "Garage", "Shelly Plus 1PM"),
    ),
    "sensor/shellyplugs-000004/energy": _sensor(
        "energy", "kWh", "shellyplugs-000004/status/switch:0", "{{ value_json.aenergy.total | float / 1000 }}",
        **_shelly("s4", "Télévision", "Shelly Plus Plug S"),
    ),
    "sensor/shellypro3em-000005/power": _sensor(
        "power", "W", "shellypro3em-000005/status/em:0", "{{ value_json.total_act_power | round(1) }}",
        **_shelly("s5", "Borne de recharge", "Shelly Pro 3EM"),
    ),
    "sensor/shellypro3em-000005/apparent": _sensor(
        "apparent_power", "VA", "shellypro3em-000005/status/em:0", "{{ value_json.total_aprt_power }}",
        **_shelly("s5", "Borne de recharge", "Shelly Pro 3EM"),
    ),
    "sensor/shelly1pm-000006/energy": _sensor(  # computed of two values: not one that can be followed
        "energy", "Wh", "shellies/shelly1pm-000006/relay/0", "{{ value_json.a + value_json.b }}",
        **_shelly("s6", "Radiateur", "Shelly 1PM"),
    ),
    # ESPHome.
    "sensor/cave/power": _sensor("power", "W", "cave/sensor/power/state", name="Puissance", **_esphome("cave")),
    "sensor/cave/energy": _sensor("energy", "kWh", "cave/sensor/energy/state", name="Énergie", **_esphome("cave")),
    "sensor/forage/power": _sensor("power", "kW", "forage/sensor/power/state", name="Puissance", **_esphome("forage")),
    "sensor/atelier/energy": _sensor(
        "energy", "Wh", "atelier/sensor/energy/state", name="Énergie", **_esphome("atelier"), stat_cla="measurement"
    ),
    "sensor/serre/energy": _sensor("energy", "GJ", "serre/sensor/energy/state", name="Énergie", **_esphome("serre")),
    "sensor/spa/power": _sensor("power", "W", "maison/spa/sensor/power/state", name="Puissance", **_esphome("spa")),
    "sensor/spa/wifi": _sensor("signal_strength", "dBm", "maison/spa/sensor/wifi/state", **_esphome("spa")),
    "sensor/compteur/linky_east": {
        "unit_of_meas": "Wh", "stat_t": "compteur/sensor/linky_east/state", "name": "EAST", **_esphome("compteur"),
    },
    "sensor/compteur/linky_easf01": {
        "unit_of_meas": "Wh", "stat_t": "compteur/sensor/linky_easf01/state", **_esphome("compteur"),
    },
    "sensor/compteur/puissance": _sensor("power", "W", "compteur/sensor/puissance/state", **_esphome("compteur")),
    # OpenDTU.
    "sensor/116180000001/0_power": _sensor("power", "W", "solar/116180000001/0/power", **_inverter(1, "Toit sud")),
    "sensor/116180000001/0_yieldtotal": _sensor(
        "energy", "kWh", "solar/116180000001/0/yieldtotal", **_inverter(1, "Toit sud")
    ),
    "sensor/116180000002/0_power": _sensor("power", "W", "solar/116180000002/0/power", **_inverter(2, "Toit est")),
    "sensor/116180000003/0_yieldtotal": _sensor(
        "energy", "kWh", "solar/116180000003/0/yieldtotal", **_inverter(3, "Toit ouest")
    ),
    # The same by a message for the whole device.
    "device/116180000004": {
        **_inverter(4, "Abri"),
        "o": {"name": "OpenDTU"},
        "cmps": {
            "power": {"p": "sensor", **_sensor("power", "W", "solar/116180000004/0/power")},
            "energy": {"p": "sensor", **_sensor("energy", "kWh", "solar/116180000004/0/yieldtotal")},
            "reboot": {"p": "button", "cmd_t": "solar/116180000004/cmd/restart"},
        },
    },
    # Our own, and one that was deleted.
    "device/teleinfo_031961000001": {
        "dev": {"ids": ["teleinfo_031961000001"], "name": "Linky 001"},
        "o": {"name": "TeleInfo Monitor"},
        "stat_t": "teleinfo/031961000001/state",
        "cmps": {"total": {"p": "sensor", "dev_cla": "energy", "unit_of_meas": "Wh", "stat_cla": "total_increasing"}},
    },
}  # fmt: skip


def _tasmota(mac: str, topic: str, name: str, sample: dict[str, Any]) -> dict[str, dict[str, Any]]:
    config = {
        "dn": name, "fn": [name, None], "hn": f"{topic}-1839", "mac": mac, "md": "Nous A1T", "t": topic,
        "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"], "sw": "15.0.1", "ver": 1,
    }  # fmt: skip
    sensors = {"sn": {"Time": "2026-11-24T22:20:20", **sample, "TempUnit": "C"}, "ver": 1}
    return {f"tasmota/discovery/{mac}/config": config, f"tasmota/discovery/{mac}/sensors": sensors}


def _energy(**values: Any) -> dict[str, Any]:
    return {"ENERGY": {"TotalStartTime": "2025-01-01T00:00:00", "Yesterday": 1.2, "Today": 0.3, **values}}


_TASMOTA = {
    **_tasmota("DC4F22000001", "nous_1", "Réfrigérateur", _energy(Total=318.5, Power=42, Voltage=231)),
    **_tasmota("DC4F22000002", "nous_2", "Micro-ondes", _energy(Total=12.125, Power=0)),
    **_tasmota("DC4F22000003", "nous_3", "Imprimante", _energy(Total=3, Power=4)),
    **_tasmota("DC4F22000004", "dual", "Volets", _energy(Total=7.5, Power=[0, 12])),
    **_tasmota("DC4F22000005", "box", "Box internet", _energy(Power=11)),
    **_tasmota("DC4F22000006", "aquarium", "Aquarium", _energy(Total=88.125)),
    **_tasmota("DC4F22000007", "grenier", "Grenier", {"AM2301": {"Temperature": 12.5, "Humidity": 60}}),
}

_EVIL: dict[str, Any] = {
    "dev": {"ids": ["evil\u0000"], "name": "<img src=x onerror=alert(1)>\u202e\u0007" + "A" * 5000}
}
_HOSTILE: dict[str, Any] = {
    "sensor/evil/fair": _sensor("power", "W", "evil/power", name="<b>P</b>\r\n", **_EVIL),
    "sensor/evil/code": _sensor("power", "W", "evil/code", "{{ ''.__class__.__mro__[1].__subclasses__() }}", **_EVIL),
    "sensor/evil/wild": _sensor("power", "W", "#", **_EVIL),
    "sensor/evil/plus": _sensor("power", "W", "+/+/frame", **_EVIL),
    "sensor/evil/system": _sensor("power", "W", "$SYS/broker/uptime", **_EVIL),
    "sensor/evil/ours": _sensor("energy", "Wh", "teleinfo/031961000001/frame", "{{ value_json.EAST }}", **_EVIL),
    "sensor/evil/types": {"dev_cla": ["energy"], "unit_of_meas": {}, "stat_t": 7, "val_tpl": [], "dev": 0},
    "sensor/__proto__/constructor": {"__proto__": {"polluted": True}, "stat_t": None, "dev": {"ids": {"__proto__": 1}}},
    "device/evil": {"dev": [], "cmps": {"__proto__": None, "a": 1, "b": {"p": "sensor", "stat_t": "~", "~": 1}}},
}  # fmt: skip
_HOSTILE_BYTES = {
    "homeassistant/sensor/evil/deep/config": b'{"dev":' + b"[" * 100_000,
    "homeassistant/sensor/evil/large/config": b'{"stat_t": "' + b"x" * 1_000_000 + b'"}',
    "homeassistant/sensor/evil/bytes/config": b"\xff\xfe{}",
    "homeassistant/sensor/evil/half/config": b'{"dev_cla": "power", "stat_t": "\\ud800"}',
    "homeassistant/sensor/evil/number/config": b'{"dev_cla": "power", "name": ' + b"9" * 10_000 + b"}",
    "homeassistant/device/evil/nan/config": b'{"cmps": NaN, "dev": Infinity}',
    "evil/bridge/devices": b'[{"friendly_name": "#", "definition": {"exposes": ' + b"[" * 900 + b"]" * 900 + b"}}]",
    "tasmota/discovery/EVIL/config": b'{"ft": "%prefix%", "tp": ["", "", "%prefix%%topic%"], "t": "%prefix%"}',
    "tasmota/discovery/EVIL/sensors": b'{"sn": {"ENERGY": {"Power": NaN, "Total": [[], {}, "x"]}, "TIC": "x"}}',
}  # fmt: skip

MESSAGES: dict[str, bytes] = {
    topic: json.dumps(message).encode()
    for topic, message in {
        "zigbee2mqtt/bridge/devices": _ZIGBEE2MQTT,
        **{f"homeassistant/{topic}/config": message for topic, message in (_TO_HOME_ASSISTANT | _HOSTILE).items()},
        **_TASMOTA,
    }.items()
} | _HOSTILE_BYTES

_Row = tuple[str, str, str | None, str]  # quantity, topic, path with dots, unit; or no path, and the reason
_SWITCH = "status/switch:0"

#: Name, publisher of the announcement, values; by name.
FOUND: list[tuple[str, str, list[_Row]]] = [
    ("<img src=x onerror=alert(1)>" + 52 * "A", "home_assistant", [
        ("power", "evil/code", None, "template"),
        ("power", "evil/power", "", "W"),
        ("energy", "teleinfo/031961000001/frame", None, "topic"),
        ("power", "+/+/frame", None, "topic"),
        ("power", "$SYS/broker/uptime", None, "topic"),
        ("power", "#", None, "topic"),
    ]),
    ("Abri", "home_assistant", [
        ("power", "solar/116180000004/0/power", "", "W"), ("energy", "solar/116180000004/0/yieldtotal", "", "kWh"),
    ]),
    ("Aquarium", "tasmota", [("energy", "tele/aquarium/SENSOR", "ENERGY.Total", "kWh")]),
    ("atelier", "home_assistant", [("energy", "atelier/sensor/energy/state", None, "counter")]),
    ("Borne de recharge", "home_assistant", [("power", "shellypro3em-000005/status/em:0", "total_act_power", "W")]),
    ("Box internet", "tasmota", [("power", "tele/box/SENSOR", "ENERGY.Power", "W")]),
    ("Bureau", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Bureau", "power", "kW"), ("energy", "zigbee2mqtt/Bureau", "energy", "MWh"),
    ]),
    ("cave", "home_assistant", [
        ("energy", "cave/sensor/energy/state", "", "kWh"), ("power", "cave/sensor/power/state", "", "W"),
    ]),
    ("Chauffe-eau", "zigbee2mqtt", [("power", "zigbee2mqtt/Chauffe-eau", "power", "W")]),
    ("Congélateur", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Congélateur", "power", "W"), ("energy", "zigbee2mqtt/Congélateur", "energy", "kWh"),
    ]),
    ("cuisine/Lave-vaisselle", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/cuisine/Lave-vaisselle", "power", "W"),
        ("energy", "zigbee2mqtt/cuisine/Lave-vaisselle", "energy", "kWh"),
    ]),
    ("forage", "home_assistant", [("power", "forage/sensor/power/state", "", "kW")]),
    ("Four", "home_assistant", [
        ("energy", "shellies/shelly1pm-000001/relay/0/energy", "", "Wmin"),
        ("power", "shellies/shelly1pm-000001/relay/0/power", "", "W"),
    ]),
    ("Garage", "home_assistant", [
        ("energy", f"shellyplus1pm-000003/{_SWITCH}", "aenergy.total", "Wh"),
        ("power", f"shellyplus1pm-000003/{_SWITCH}", "apower", "W"),
    ]),
    ("Imprimante", "tasmota", [
        ("power", "tele/nous_3/SENSOR", "ENERGY.Power", "W"), ("energy", "tele/nous_3/SENSOR", "ENERGY.Total", "kWh"),
    ]),
    ("Lave-linge", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Lave-linge", "power", "W"), ("energy", "zigbee2mqtt/Lave-linge", "energy", "kWh"),
    ]),
    ("Micro-ondes", "tasmota", [
        ("power", "tele/nous_2/SENSOR", "ENERGY.Power", "W"), ("energy", "tele/nous_2/SENSOR", "ENERGY.Total", "kWh"),
    ]),
    ("Panneaux balcon", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Panneaux balcon", "power", "W"),
        ("energy", "zigbee2mqtt/Panneaux balcon", "energy", "kWh"),
    ]),
    ("Pompe à chaleur", "home_assistant", [("energy", "shellies/shellyem-000002/emeter/0/total", "", "Wh")]),
    ("Prise double", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Prise double", "power_l1", "W"),
        ("power", "zigbee2mqtt/Prise double", "power_l2", "W"),
        ("energy", "zigbee2mqtt/Prise double", "energy", "Wh"),
    ]),
    ("Radiateur", "home_assistant", [("energy", "shellies/shelly1pm-000006/relay/0", None, "template")]),
    ("Réfrigérateur", "tasmota", [
        ("power", "tele/nous_1/SENSOR", "ENERGY.Power", "W"), ("energy", "tele/nous_1/SENSOR", "ENERGY.Total", "kWh"),
    ]),
    ("serre", "home_assistant", [("energy", "serre/sensor/energy/state", None, "unit")]),
    ("spa", "home_assistant", [("power", "maison/spa/sensor/power/state", "", "W")]),
    ("Sèche-linge", "zigbee2mqtt", [
        ("power", "zigbee2mqtt/Sèche-linge", "power", "W"), ("energy", "zigbee2mqtt/Sèche-linge", "energy", "kWh"),
    ]),
    ("Toit est", "home_assistant", [("power", "solar/116180000002/0/power", "", "W")]),
    ("Toit ouest", "home_assistant", [("energy", "solar/116180000003/0/yieldtotal", "", "kWh")]),
    ("Toit sud", "home_assistant", [
        ("power", "solar/116180000001/0/power", "", "W"), ("energy", "solar/116180000001/0/yieldtotal", "", "kWh"),
    ]),
    ("Télévision", "home_assistant", [("energy", f"shellyplugs-000004/{_SWITCH}", "aenergy.total", "Wh")]),
    ("Volets", "tasmota", [
        ("power", "tele/dual/SENSOR", "ENERGY.Power.0", "W"),
        ("power", "tele/dual/SENSOR", "ENERGY.Power.1", "W"),
        ("energy", "tele/dual/SENSOR", "ENERGY.Total", "kWh"),
    ]),
]  # fmt: skip

#: Port, label, publisher, and what its owner named.
METERS: list[tuple[str, str, str, list[tuple[str, str | None]]]] = [
    ("mqtt:compteur/sensor/+/state", "compteur (ESPHome)", "esphome", [
        ("linky_easf01", "EASF01"), ("linky_east", "EAST"), ("puissance", None),
    ]),
    ("mqtt:zigbee2mqtt/Linky", "Linky (Zigbee2MQTT)", "zigbee2mqtt", []),
]  # fmt: skip

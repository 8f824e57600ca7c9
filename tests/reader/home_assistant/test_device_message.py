"""Whether Home Assistant accepts the device message."""

import re
from collections.abc import Mapping

import pytest

from reader.home_assistant.device_message import EXPIRE_AFTER, MAX_SIZE
from reader.home_assistant.profile import COMPLETE_FRAMES
from reader.simulator.meter import KINDS, SimulatedMeter
from tests.reader.home_assistant.meters import METER, OLD_METER, Message, Meter, discovery_of, message_of

# The keys that Home Assistant accepts, abbreviated as in its abbreviations.py.
ROOT = {"dev", "o", "avty", "avty_mode", "stat_t", "cmps"}
DEVICE = {"ids", "name", "mf", "mdl", "hw", "sn"}
COMPONENT = {
    *("p", "uniq_id", "name", "obj_id", "def_ent_id", "val_tpl", "stat_t", "avty", "ent_cat", "en", "ic"),
    *("dev_cla", "json_attr_t", "json_attr_tpl", "exp_aft"),
}
SENSOR = COMPONENT | {"unit_of_meas", "stat_cla", "sug_dsp_prc", "ops"}
UNITS: dict[str, set[str | None]] = {
    "energy": {"Wh"},
    "apparent_power": {"VA"},
    "power": {"W"},
    "current": {"A"},
    "voltage": {"V"},
    "enum": {None},
    "timestamp": {None},
}
BINARY_CLASSES = {None, "problem", "opening", "connectivity"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_home_assistant_accepts_the_message(language: str) -> None:
    for kind in KINDS:
        check_message(kind, language)


def check_message(kind: str, language: str) -> None:
    message, state, size = message_of(kind, language)
    meter = SimulatedMeter(kind).address
    assert set(message) == ROOT
    assert message["dev"].keys() <= DEVICE
    assert message["dev"]["ids"] == [f"teleinfo_{meter}"]
    assert message["o"].keys() == {"name", "sw"}
    assert size < 24_000
    for key, component in message["cmps"].items():
        assert re.fullmatch(r"[a-z0-9_]+", key)
        check_component(component, meter)
        check_templates(component, state)
    for unique in ("uniq_id", "name", "def_ent_id"):
        values = [component[unique] for component in message["cmps"].values()]
        assert len(set(values)) == len(values)


def check_component(component: Message, meter: str) -> None:
    sensor = component["p"] == "sensor"
    assert component.keys() <= (SENSOR if sensor else COMPONENT), component
    assert component["p"] in ("sensor", "binary_sensor")
    assert component["uniq_id"].startswith(f"teleinfo_{meter}_")
    assert component["def_ent_id"] == f"{component['p']}.linky_{meter[-4:]}_{component['uniq_id'].split('_', 2)[2]}"
    assert component["obj_id"] == component["def_ent_id"].partition(".")[2]  # of an automation that was shared, too
    assert component["name"]
    assert component.get("ent_cat", "diagnostic") == "diagnostic"
    device_class, unit = component.get("dev_cla"), component.get("unit_of_meas")
    if not sensor:
        assert device_class in BINARY_CLASSES
        return
    assert device_class is None or unit in UNITS[device_class], component
    if "ops" in component:
        assert component["ops"]
        assert device_class == "enum"
        assert not component.keys() & {"stat_cla", "unit_of_meas"}
    assert (device_class == "enum") == ("ops" in component)
    assert component.get("stat_cla", "total") in ("total", "total_increasing", "measurement")


def check_templates(component: Message, state: Mapping[str, object]) -> None:
    """Nothing is asked of the state that is not in it, and nothing in a way that fails when it is missing."""
    templates = [component["val_tpl"], component.get("json_attr_tpl", "")]
    for template in templates:
        assert "value_json." not in template.replace("value_json.get(", "")
        assert "value_json[" not in template
        assert "float" not in template
        assert "default(0)" not in template
        if "stat_t" not in component:
            asked = set(re.findall(r"value_json\.get\('([^']+)'", template))
            assert asked <= state.keys() | {"estimated_power", "tempo_announced"}, component
    assert not any("''" in template for template in templates)


def test_registers_are_for_the_energy_dashboard() -> None:
    for kind in KINDS:
        for key, component in message_of(kind)[0]["cmps"].items():
            if component.get("unit_of_meas") == "Wh":
                assert (component["dev_cla"], component["stat_cla"]) == ("energy", "total"), key
                assert "exp_aft" not in component


def test_reactive_energy_has_no_class_that_older_releases_reject() -> None:
    component = message_of("standard-three-phase-producer")[0]["cmps"]["erq1"]
    assert component["unit_of_meas"] == "varh"
    assert "dev_cla" not in component


def test_only_live_values_expire() -> None:
    components = message_of("standard-three-phase-producer")[0]["cmps"]
    live = {key for key, component in components.items() if "exp_aft" in component}
    assert live == {
        *("sinsts", "sinsts1", "sinsts2", "sinsts3", "sinsti", "irms1", "irms2", "irms3", "urms1", "urms2", "urms3"),
        *("headroom_power", "headroom_current", "estimated_power"),
    }
    assert EXPIRE_AFTER >= 3 * 300  # refreshes of the state


def test_values_of_yesterday_have_no_statistics() -> None:
    components = message_of("standard-three-phase-producer")[0]["cmps"]
    assert all("stat_cla" not in components[key] for key in ("smaxsn_1", "smaxin_1", "subscribed_power"))
    assert components["smaxsn_1"]["json_attr_tpl"] == "{{ {'at':value_json.get('SMAXSN-1_at')}|tojson}}"


def test_entities_are_available_with_reader_and_link() -> None:
    message, _, _ = message_of("standard-single-phase-base")
    meter = message["dev"]["sn"]
    assert message["avty"] == [{"t": "teleinfo/reader/pi/status"}, {"t": f"teleinfo/{meter}/link"}]
    assert message["avty_mode"] == "all"
    assert message["stat_t"] == f"teleinfo/{meter}/state"


def test_entities_of_the_line_are_available_without_the_link() -> None:
    message, _, _ = message_of("standard-single-phase-base")
    alone = {key for key, component in message["cmps"].items() if "avty" in component}
    assert alone == {"link", "link_quality", "parity_errors", "spool", "reader_version"}
    assert all(message["cmps"][key]["avty"] == [{"t": "teleinfo/reader/pi/status"}] for key in alone)
    assert message["cmps"]["link"]["stat_t"] == f"teleinfo/{message['dev']['sn']}/link"
    assert message["cmps"]["spool"]["stat_t"] == "teleinfo/reader/pi/health"
    assert message["dev"]["sn"] in message["cmps"]["link_quality"]["val_tpl"]


def test_the_device_is_described_by_its_address() -> None:
    assert message_of("standard-three-phase-producer")[0]["dev"] == {
        "ids": ["teleinfo_042176122830"], "name": "Linky 2830", "sn": "042176122830",
        "mf": "Landis+Gyr", "mdl": "Linky triphasé 60 A G3",
    }  # fmt: skip
    (message,) = Meter(OLD_METER).see({"EAST": 5}, COMPLETE_FRAMES)
    assert message["dev"]["name"] == "Compteur 3456"
    (message,) = Meter("a.b", language="en").see({"EAST": 5}, COMPLETE_FRAMES)
    assert message["dev"] == {"ids": ["teleinfo_a_b"], "name": "Meter ab", "sn": "a.b"}


def test_the_topic_has_no_dot() -> None:
    assert discovery_of().topic == f"homeassistant/device/teleinfo_{METER}/config"
    assert discovery_of("a.b").topic == "homeassistant/device/teleinfo_a_b/config"


def test_the_largest_message_is_small_enough() -> None:
    """A producer with three phases and Tempo that was 25.8 kB."""
    state = dict(message_of("standard-three-phase-producer")[1]) | message_of("standard-single-phase-tempo")[1]
    state |= {f"relay_{n}": n < 4 for n in range(1, 9)} | {"MSG2": "x", "exporting": True, "producer": True}
    state |= {f"{label}{n}_at": "x" for label in ("DPM", "FPM") for n in (1, 2)}
    state |= {f"EASF{n:02}": 5 * (n < 7) for n in range(1, 11)} | {f"EASD{n:02}": 5 for n in range(1, 5)}
    meter = Meter()
    (message,) = meter.see(state, 50)
    assert len(message["cmps"]) >= 80
    assert len(meter.discovery.message() or b"") < MAX_SIZE
    assert all("def_ent_id" in component for component in message["cmps"].values())
    assert not any("obj_id" in component for component in message["cmps"].values())


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b"{", b"\xff", b'{"cmps": []}', b'{"cmps": {"a": 1}}'),
        b'{"cmps": {"easfxx": {"p": "sensor", "name": "Energy x"}}}',
    ],
)
def test_a_malformed_message_is_not_restored(payload: bytes) -> None:
    meter = Meter()
    meter.discovery.restore(payload)
    (message,) = meter.see({"EAST": 5}, 100)
    assert "east" in message["cmps"]

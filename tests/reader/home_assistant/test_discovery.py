"""What Home Assistant is told of a meter, and when."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from common.frame import Frame
from common.labels import Mode
from common.topics import Topics
from reader.home_assistant.component import EXPIRE_AFTER
from reader.home_assistant.device_message import MAX_SIZE
from reader.home_assistant.discovery import MIN_INTERVAL, Discovery
from reader.home_assistant.profile import COMPLETE_FRAMES, NAME_FRAMES
from reader.meter.last_values import DAMAGED_TOGETHER
from reader.meter.state import MeterState
from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import Decoder

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # of a red Tempo day: a peak runs, for EJP, too
METER = "031961123456"
OLD_METER = "039928123456"  # before Linky

# Home Assistant's rules: shared/spec/HOME_ASSISTANT.md 1 and 3, abbreviations as in its abbreviations.py.
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

Message = dict[str, Any]


def discovery_of(meter: str = METER, *, language: str = "fr") -> Discovery:
    return Discovery(
        meter, topics=Topics("teleinfo"), prefix="homeassistant", reader="pi", language=language, version="1.0"
    )


def watch(kind: str, count: int, *, start: datetime = NOON) -> Iterator[tuple[Frame, dict[str, object], float]]:
    """Yield frames of a simulated meter, the complete state after each, and the time."""
    meter, decoder, state = SimulatedMeter(kind), Decoder(), MeterState()
    for number in range(count):
        instant = start + timedelta(seconds=2 * number)
        (reading,) = decoder.feed(meter.frame(instant))
        assert reading.address is not None
        frame = reading.to_frame(reading.address, instant)
        state.update(frame, 2.0 * number)
        if state.complete:
            yield frame, state.snapshot(), 2.0 * number


@cache
def message_of(kind: str, language: str = "fr") -> tuple[Message, dict[str, object], int]:
    """Return the first message of a simulated meter, its state, and the bytes of the message."""
    discovery = discovery_of(SimulatedMeter(kind).address, language=language)
    for frame, state, now in watch(kind, 6):
        discovery.update(frame, state, now)
        payload = discovery.due(now)
        if payload:
            return json.loads(payload), state, len(payload)
    raise AssertionError("nothing is due")


class Meter:
    """A meter whose state a test makes up."""

    def __init__(self, meter: str = METER, *, mode: Mode = Mode.STANDARD, language: str = "fr") -> None:
        self.discovery = discovery_of(meter, language=language)
        self.now = 0.0
        self._mode = mode
        self._meter = meter

    def see(self, state: Mapping[str, object], count: int = 1, *, dropped: int | None = None) -> list[Message]:
        """Take frames, one a second; return what was published."""
        published = []
        for _ in range(count):
            frame = Frame(
                meter=self._meter,
                timestamp=NOON,
                mode=self._mode,
                values={"ADSC": self._meter, "EAST": 1},
                dropped=dropped,
            )
            self.discovery.update(frame, {"mode": self._mode.value, **state}, self.now)
            payload = self.discovery.due(self.now)
            if payload:
                published.append(json.loads(payload))
            self.now += 1.0
        return published


def names(message: Message) -> dict[str, str]:
    return {key: component.get("name", "") for key, component in message["cmps"].items()}


# Which entities there are: 54E 6.1 and 6.2, the contract, and what is derived.

EVERY = (
    "mode contract period overload subscribed_power headroom_power headroom_current estimated_power"
    " link link_quality parity_errors spool reader_version"
)
HISTORIC = f"{EVERY} adco isousc papp"
STANDARD = (
    f"{EVERY} adsc prm vtic stge msg1 east easd01 irms1 urms1 umoy1 pcoup sinsts smaxsn smaxsn_1 ccasn"
    " contact cutoff cover_open overvoltage producer clock_degraded plc plc_synchronised relay_1"
    " supplier_index njourf njourf_p1 pjourf_p1"
)
PHASES = {
    "historic-single": "iinst",
    "historic-three": "iinst1 iinst2 iinst3 pmax ppot",
    "standard-single": "",
    "standard-three": "irms2 irms3 urms2 urms3 umoy2 umoy3 sinsts1 sinsts2 sinsts3 smaxsn1 smaxsn2 smaxsn3",
}
HISTORIC_CONTRACTS = {
    "base": "base",
    "hchp": "hchc hchp import_total_hchp off_peak",
    "tempo": "bbrhcjb bbrhpjb bbrhcjw bbrhpjw bbrhcjr bbrhpjr import_total_tempo off_peak tempo_today tempo_tomorrow",
    "ejp": "ejphn ejphpm import_total_ejp peak_notice peak",
    "weekend": "base",  # historic mode knows of no such contract
    "producer": "base",
}
# Where there are hours of two kinds, the distributor has four registers: by season and kind.
BY_SEASON = "easd02 easd03 easd04"
STANDARD_CONTRACTS = {
    "base": "easf01",
    "hchp": f"{BY_SEASON} easf01 easf02 off_peak",
    "tempo": f"{BY_SEASON} easf01 easf02 easf03 easf04 easf05 easf06 off_peak tempo_today tempo_tomorrow dpm2 fpm2",
    "ejp": f"{BY_SEASON} easf01 easf02 peak_notice peak dpm1 fpm1",
    "weekend": f"{BY_SEASON} easf01 easf02 easf03",  # that there are off-peak hours is known when they come
    "producer": "easf01 eait erq1 erq2 erq3 erq4 sinsti smaxin smaxin_1 ccain exporting",
}


def expected(kind: str) -> set[str]:
    mode, phases, _, contract = kind.split("-")
    common, contracts = (HISTORIC, HISTORIC_CONTRACTS) if mode == "historic" else (STANDARD, STANDARD_CONTRACTS)
    return set(f"{common} {PHASES[f'{mode}-{phases}']} {contracts[contract]}".split())


@pytest.mark.parametrize("kind", KINDS)
def test_entities_are_those_that_the_meter_and_its_contract_need(kind: str) -> None:
    message, _, _ = message_of(kind)
    assert set(message["cmps"]) == expected(kind)


# What Home Assistant accepts.


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_home_assistant_accepts_the_message(kind: str, language: str) -> None:
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
            assert asked <= state.keys() | {"estimated_power"}, component
    assert not any("''" in template for template in templates)


@pytest.mark.parametrize("kind", ["standard-single-phase-tempo", "standard-three-phase-producer"])
def test_names_are_french_or_english_and_never_the_device(kind: str) -> None:
    french, english = message_of(kind, "fr")[0], message_of(kind, "en")[0]
    assert french["cmps"].keys() == english["cmps"].keys()
    alike = {key for key, name in names(french).items() if name == names(english)[key]}
    assert not alike
    for message in (french, english):
        for name in names(message).values():
            assert "linky" not in name.lower()
            assert not re.search(r"\d{5}", name)
    for component in french["cmps"].values():
        assert component["val_tpl"]  # ids are the same in both languages
        same = english["cmps"][component["uniq_id"].split("_", 2)[2]]
        assert component["def_ent_id"] == same["def_ent_id"]


def test_what_is_chosen_from_is_in_the_language_of_people() -> None:
    french, english = (message_of("historic-single-phase-tempo", language)[0]["cmps"] for language in ("fr", "en"))
    assert french["tempo_today"]["ops"] == ["Bleu", "Blanc", "Rouge", "Non annoncé"]
    assert english["tempo_today"]["ops"] == ["Blue", "White", "Red", "Not announced"]
    assert french["period"]["ops"][1] == "Heures pleines jour bleu"
    assert "'HPJB':'Peak blue'" in english["period"]["val_tpl"]
    # What the meter calls its periods is no closed set.
    assert "ops" not in message_of("standard-single-phase-weekend")[0]["cmps"]["period"]


def test_registers_are_for_the_energy_dashboard() -> None:
    for kind in KINDS:
        for key, component in message_of(kind)[0]["cmps"].items():
            if component.get("unit_of_meas") == "Wh":
                assert (component["dev_cla"], component["stat_cla"]) == ("energy", "total"), key
                assert "exp_aft" not in component


def test_reactive_energy_has_no_class_that_older_releases_reject() -> None:
    component = message_of("standard-single-phase-producer")[0]["cmps"]["erq1"]
    assert component["unit_of_meas"] == "varh"
    assert "dev_cla" not in component


def test_live_values_expire_and_others_do_not() -> None:
    components = message_of("standard-three-phase-producer")[0]["cmps"]
    live = {key for key, component in components.items() if "exp_aft" in component}
    assert live == {
        *("sinsts", "sinsts1", "sinsts2", "sinsts3", "sinsti", "irms1", "irms2", "irms3", "urms1", "urms2", "urms3"),
        *("headroom_power", "headroom_current", "estimated_power"),
    }
    assert EXPIRE_AFTER >= 3 * 300  # refreshes of the state


def test_figures_of_yesterday_make_no_statistics() -> None:
    components = message_of("standard-three-phase-producer")[0]["cmps"]
    assert all("stat_cla" not in components[key] for key in ("smaxsn_1", "smaxin_1", "subscribed_power"))
    assert components["smaxsn_1"]["json_attr_tpl"] == "{{ {'at':value_json.get('SMAXSN-1_at')}|tojson}}"


def test_personal_data_is_off() -> None:
    for kind in KINDS:
        components = message_of(kind)[0]["cmps"]
        for key in components.keys() & {"prm", "adsc", "adco", "msg1", "vtic", "stge"}:
            assert components[key]["en"] is False
            assert components[key]["ent_cat"] == "diagnostic"


def test_availability_is_that_of_the_reader_and_of_the_link() -> None:
    message, _, _ = message_of("standard-single-phase-base")
    meter = message["dev"]["sn"]
    assert message["avty"] == [{"t": "teleinfo/reader/pi/status"}, {"t": f"teleinfo/{meter}/link"}]
    assert message["avty_mode"] == "all"
    assert message["stat_t"] == f"teleinfo/{meter}/state"


def test_what_is_about_the_line_is_there_when_the_meter_is_silent() -> None:
    message, _, _ = message_of("standard-single-phase-base")
    alone = {key for key, component in message["cmps"].items() if "avty" in component}
    assert alone == {"link", "link_quality", "parity_errors", "spool", "reader_version"}
    assert all(message["cmps"][key]["avty"] == [{"t": "teleinfo/reader/pi/status"}] for key in alone)
    assert message["cmps"]["link"]["stat_t"] == f"teleinfo/{message['dev']['sn']}/link"
    assert message["cmps"]["spool"]["stat_t"] == "teleinfo/reader/pi/health"
    assert message["dev"]["sn"] in message["cmps"]["link_quality"]["val_tpl"]


def test_the_device_is_what_its_address_tells() -> None:
    assert message_of("standard-three-phase-base")[0]["dev"] == {
        "ids": ["teleinfo_041976118895"], "name": "Linky 8895", "sn": "041976118895",
        "mf": "Landis+Gyr", "mdl": "Linky triphasé 60 A G3",
    }  # fmt: skip
    (message,) = Meter(OLD_METER).see({"EAST": 5}, COMPLETE_FRAMES)
    assert message["dev"]["name"] == "Compteur 3456"
    (message,) = Meter("a.b", language="en").see({"EAST": 5}, COMPLETE_FRAMES)
    assert message["dev"] == {"ids": ["teleinfo_a_b"], "name": "Meter ab", "sn": "a.b"}


def test_the_topic_is_one_that_home_assistant_reads() -> None:
    assert discovery_of().topic == f"homeassistant/device/teleinfo_{METER}/config"
    assert discovery_of("a.b").topic == "homeassistant/device/teleinfo_a_b/config"


def test_constants_of_a_linky_are_no_entities() -> None:
    state = {"IMAX": 90, "HHPHC": "A", "MOTDETAT": "000000", "PMAX": 5000, "PAPP": 100}
    (linky,) = Meter(mode=Mode.HISTORIC).see(state, COMPLETE_FRAMES)
    assert not linky["cmps"].keys() & {"imax", "hhphc", "motdetat"}
    assert (linky["cmps"]["pmax"]["name"], linky["cmps"]["pmax"]["unit_of_meas"]) == (
        "Puissance maximale de la veille",
        "VA",
    )
    (old,) = Meter(OLD_METER, mode=Mode.HISTORIC).see(state, COMPLETE_FRAMES)
    assert old["cmps"].keys() >= {"imax", "hhphc", "motdetat"}
    assert old["cmps"]["pmax"]["unit_of_meas"] == "W"


# When.


def test_nothing_before_three_whole_frames() -> None:
    meter = Meter()
    assert meter.see({"EAST": 5}, DAMAGED_TOGETHER - 1, dropped=1) == []
    assert meter.discovery.message() is None
    assert meter.see({"EAST": 5}, COMPLETE_FRAMES - 1) == []
    assert len(meter.see({"EAST": 5})) == 1


def test_a_line_that_never_brings_a_whole_frame_is_announced_all_the_same() -> None:
    meter = Meter()
    assert meter.see({"EAST": 5}, COMPLETE_FRAMES * DAMAGED_TOGETHER - 1, dropped=1) == []
    assert len(meter.see({"EAST": 5}, dropped=1)) == 1


def test_short_frames_do_not_count() -> None:
    discovery = discovery_of()
    short = Frame(meter=METER, timestamp=NOON, mode=Mode.HISTORIC, values={"ADCO": METER, "IINST1": 5})
    for number in range(20):
        discovery.update(short, {"mode": "historic", "IINST1": 5}, float(number))
        assert discovery.due(float(number)) is None


def test_published_once_while_nothing_new_is_needed() -> None:
    discovery = discovery_of()
    payloads = []
    for frame, state, now in watch("standard-three-phase-tempo", 200):
        discovery.update(frame, state, now)
        payloads += [payload for payload in [discovery.due(now)] if payload]
    assert len(payloads) == 1
    assert discovery.message() == payloads[0]


def test_an_extension_waits_until_it_was_wanted_for_a_while() -> None:
    meter = Meter()
    meter.see({"EAST": 5}, 100)
    began = meter.now
    (message,) = meter.see({"EAST": 5, "MSG2": "x"}, 100)
    assert "msg2" in message["cmps"]
    assert meter.now - began > MIN_INTERVAL
    # It comes and goes, its entity stays.
    assert meter.see({"EAST": 5}, 100) == []
    assert json.loads(meter.discovery.message() or b"")["cmps"].keys() >= {"msg2"}


def test_no_two_messages_within_the_rest() -> None:
    meter = Meter()
    times = []
    for number in range(8):
        state = {"EAST": 5, **{f"relay_{n}": n <= number for n in range(1, 9)}}
        for _ in range(10):
            times += [meter.now] * len(meter.see(state))
    assert times
    assert all(after - before >= MIN_INTERVAL for before, after in pairwise(times))


def test_a_register_gets_its_entity_when_it_moves() -> None:
    meter = Meter()
    state = {"EAST": 5, "NGTF": "TEMPO", "contract": "tempo", "EASF01": 5, "EASF05": 0, "EASF07": 900}
    (message,) = meter.see(state, 100)
    assert "easf01" in message["cmps"]
    assert not message["cmps"].keys() & {
        "easf05",
        "easf07",
    }  # a red day is to come; the other is of an earlier contract
    (message,) = meter.see(state | {"EASF05": 1}, 100)
    assert message["cmps"]["easf05"]["name"] == "Énergie HC jours rouges"
    (message,) = meter.see(state | {"EASF05": 1, "EASF07": 901}, 100)
    assert message["cmps"]["easf07"]["name"] == "Énergie index 7"


def test_relays_get_their_entities_when_they_close() -> None:
    meter = Meter()
    state: dict[str, object] = {"EAST": 5, **{f"relay_{n}": False for n in range(1, 9)}}
    (message,) = meter.see(state, 100)
    assert {key for key in message["cmps"] if key.startswith("relay")} == {"relay_1"}
    (message,) = meter.see(state | {"relay_3": True}, 100)
    assert meter.see(state, 100) == []
    assert {key for key in message["cmps"] if key.startswith("relay")} == {"relay_1", "relay_3"}


def test_exporting_is_for_those_who_export() -> None:
    meter = Meter()
    (message,) = meter.see({"EAST": 5, "exporting": False, "producer": False}, 100)
    assert "exporting" not in message["cmps"]
    (message,) = meter.see({"EAST": 5, "exporting": True, "producer": False}, 100)  # a panel on a balcony
    assert "exporting" in message["cmps"]


# Names of registers.

WEEK_END: dict[str, object] = {
    "EAST": 9,
    "contract": "HC et Week-End",
    "NGTF": "HC et Week-End",
    "EASF01": 5,
    "EASF03": 4,
}


def test_registers_of_modern_offers_are_called_what_the_meter_calls_them() -> None:
    meter = Meter()
    peak = {"supplier_index": 1, "LTARF": "HEURE CREUSE", "period": "HEURE CREUSE", "off_peak": True}
    (message,) = meter.see(WEEK_END | peak, 100)
    assert names(message)["easf01"] == "Énergie heure creuse"
    assert names(message)["easf03"] == "Énergie index 3"
    assert "off_peak" in message["cmps"]
    assert message["cmps"]["period"]["val_tpl"] == "{{value_json.get('period_name',value_json.get('period'))}}"
    week_end = {"supplier_index": 3, "LTARF": "HEURE WEEK-END", "period": "HEURE WEEK-END"}
    messages = meter.see(WEEK_END | week_end, NAME_FRAMES + 100)
    assert names(messages[-1])["easf03"] == "Énergie heure week-end"
    assert len(messages) == 1
    assert messages[-1]["cmps"]["easf03"]["uniq_id"] == message["cmps"]["easf03"]["uniq_id"]
    assert meter.see(WEEK_END | peak, 100) == []


@pytest.mark.parametrize(
    ("language", "name"),
    [("fr", "Énergie soutirée hors consommation"), ("en", "Energy imported, not for consumption")],
)
def test_the_register_of_who_only_sells_says_so_and_goes_on_saying_so(language: str, name: str) -> None:
    state: dict[str, object] = {"EAST": 9, "EASF01": 9, "contract": "PRODUCTEUR"}
    before, after = Meter(language=language), Meter(language=language)
    (message,) = before.see(state | {"supplier_index": 1, "LTARF": "INDEX NON CONSO"}, 100)
    assert names(message)["easf01"] == name
    after.discovery.restore(before.discovery.message() or b"")
    message = after.see(state, 100)[-1]
    assert names(message)["easf01"] == name


def test_offers_with_off_peak_hours_get_an_entity_when_they_come() -> None:
    (message,) = Meter().see(WEEK_END | {"off_peak": False}, 50)
    assert "off_peak" not in message["cmps"]
    (message,) = Meter().see(WEEK_END | {"off_peak": True}, 50)
    assert "off_peak" in message["cmps"]


def test_peaks_are_called_what_the_contract_calls_them() -> None:
    peaks: dict[str, object] = {"peak": True, "peak_notice": False, "DPM1_at": "x", "FPM2_at": "x"}
    (tempo,) = Meter().see({"EAST": 5, "contract": "tempo", **peaks}, 50)
    assert names(tempo)["dpm1"] == "Début du jour blanc"
    assert names(tempo)["fpm2"] == "Fin du jour rouge"
    assert not tempo["cmps"].keys() & {"peak", "peak_notice"}  # the colours say it
    (ejp,) = Meter().see({"EAST": 5, "contract": "ejp", **peaks}, 50)
    assert names(ejp)["dpm1"] == "Début de pointe mobile"
    (other,) = Meter(language="en").see({"EAST": 5, "contract": "ZEN FLEX", **peaks}, 50)
    assert names(other)["dpm1"] == "Mobile peak start 1"
    assert other["cmps"].keys() >= {"peak", "peak_notice"}


def test_a_meter_of_the_pilot_has_its_power_and_its_maxima() -> None:
    (message,) = Meter().see({"EAST": 5, "SINST1": 4, "SMAXN": 5, "SMAXN-1": 6}, 50)
    assert names(message)["sinst1"] == "Puissance apparente soutirée"
    assert names(message)["smaxn"] == "Puissance maximale du jour"
    assert names(message)["smaxn_1"] == "Puissance maximale de la veille"


def test_link_quality_is_of_groups_that_were_counted() -> None:
    template = message_of("standard-single-phase-base")[0]["cmps"]["link_quality"]["val_tpl"]
    assert "l.get('groups',0)" in template
    assert "implausible" in template  # the line brought those well
    assert "frames" not in template


def test_the_largest_message_is_small_enough() -> None:
    """A producer with three phases and Tempo that was 25.8 kB."""
    state = dict(message_of("standard-three-phase-producer")[1]) | message_of("standard-three-phase-tempo")[1]
    state |= {f"relay_{n}": n < 4 for n in range(1, 9)} | {"MSG2": "x", "exporting": True, "producer": True}
    state |= {f"{label}{n}_at": "x" for label in ("DPM", "FPM") for n in (1, 2)}
    state |= {f"EASF{n:02}": 5 * (n < 7) for n in range(1, 11)} | {f"EASD{n:02}": 5 for n in range(1, 5)}
    meter = Meter()
    (message,) = meter.see(state, 50)
    assert len(message["cmps"]) >= 80
    assert len(meter.discovery.message() or b"") < MAX_SIZE
    assert all("def_ent_id" in component for component in message["cmps"].values())
    assert not any("obj_id" in component for component in message["cmps"].values())


def test_a_text_that_lags_behind_is_not_learned() -> None:
    meter = Meter()
    meter.see(WEEK_END | {"supplier_index": 1, "LTARF": "HEURE CREUSE"}, 100)
    late = meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE CREUSE"}, NAME_FRAMES - 1)
    late += meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE WEEK-END"}, NAME_FRAMES + 100)
    assert {names(message)["easf03"] for message in late} == {"Énergie heure week-end"}


def test_registers_with_one_text_are_told_apart() -> None:
    meter = Meter()
    meter.see(WEEK_END | {"supplier_index": 1, "LTARF": "HEURE"}, 100)
    (message,) = meter.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE"}, NAME_FRAMES + 100)
    assert names(message)["easf01"] == "Énergie heure (index 1)"
    assert names(message)["easf03"] == "Énergie heure (index 3)"


# Other contracts, other modes, other runs.


def test_what_another_contract_does_not_need_is_taken_away_but_for_registers() -> None:
    meter = Meter()
    both: dict[str, object] = {"EAST": 5, "EASF01": 5, "EASF02": 5}
    tempo = {"contract": "tempo", "period": "HPJB", "off_peak": False, "tempo_today": "blue", "EASF06": 5}
    (before,) = meter.see(both | tempo, 100)
    base = {"contract": "base", "period": "TH", "off_peak": False}
    farewell, after = meter.see(both | base, 200)
    gone = {key for key, component in farewell["cmps"].items() if len(component) == 1}
    assert gone == {"tempo_today", "off_peak"}
    assert farewell["cmps"]["off_peak"] == {"p": "binary_sensor"}
    assert farewell["cmps"]["tempo_today"] == {"p": "sensor"}
    assert after["cmps"].keys() == farewell["cmps"].keys() - gone
    # The register is not sent any more: Home Assistant keeps it, and its statistics, when it is left out.
    assert "easf06" in before["cmps"]
    assert "easf06" not in farewell["cmps"]
    # That of Tempo's peak hours is sent, and stays.
    assert names(after)["easf02"] == "Énergie index 2"
    assert names(after)["easf01"] == "Énergie option Base"


def test_the_total_of_another_contract_is_another_entity() -> None:
    meter = Meter(mode=Mode.HISTORIC)
    (message,) = meter.see({"contract": "hchp", "HCHC": 1, "HCHP": 2, "import_total": 3}, 50)
    # Home Assistant keeps the entity: it must not show what the other contract has counted.
    template = message["cmps"]["import_total_hchp"]["val_tpl"]
    assert "get('contract')=='hchp'" in template
    assert "get('mode')=='historic'" in template
    messages = meter.see({"contract": "tempo", "BBRHCJB": 1, "import_total": 1}, 200)
    assert "import_total_tempo" in messages[-1]["cmps"]
    assert all("import_total_hchp" not in message["cmps"] for message in messages)


def test_another_mode_is_announced_when_it_is_known() -> None:
    discovery = discovery_of()
    messages = []
    for kind, offset in (("historic-single-phase-hchp", 0.0), ("standard-single-phase-hchp", 400.0)):
        for frame, state, now in watch(kind, 100):
            discovery.update(replace(frame, meter=METER), state, offset + now)
            messages += [json.loads(payload) for payload in [discovery.due(offset + now)] if payload]
    assert len(messages) == 3
    assert set(messages[0]["cmps"]) == expected("historic-single-phase-hchp")
    assert set(messages[2]["cmps"]) == expected("standard-single-phase-hchp")
    farewell = {key for key, component in messages[1]["cmps"].items() if len(component) == 1}
    assert farewell == {"adco", "isousc", "papp", "iinst"}


def test_a_run_goes_on_where_the_one_before_ended() -> None:
    meter = Meter()
    off_peak = WEEK_END | {
        "supplier_index": 1,
        "LTARF": "HEURE CREUSE",
        "period": "HEURE CREUSE",
        "off_peak": True,
        "MSG2": "x",
    }
    meter.see(off_peak, 100)
    retained = meter.discovery.message()
    assert retained is not None
    after = Meter()
    after.discovery.restore(retained)
    (message,) = after.see(WEEK_END | {"supplier_index": 3, "LTARF": "HEURE WEEK-END", "period": "HEURE WEEK-END"}, 100)
    assert names(message)["easf01"] == "Énergie heure creuse"
    assert message["cmps"].keys() >= {"off_peak", "msg2"}


def test_what_became_needless_between_two_runs_is_taken_away() -> None:
    before, after = Meter(), Meter()
    before.see({"EAST": 5, "contract": "tempo", "tempo_today": "blue"}, 10)
    after.discovery.restore(before.discovery.message() or b"")
    farewell, last = after.see({"EAST": 5, "contract": "base"}, 100)
    assert farewell["cmps"]["tempo_today"] == {"p": "sensor"}
    assert "tempo_today" not in last["cmps"]


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b"{", b"\xff", b'{"cmps": []}', b'{"cmps": {"a": 1}}'),
        b'{"cmps": {"easfxx": {"p": "sensor", "name": "Energy x"}}}',
    ],
)
def test_what_is_no_message_is_not_restored(payload: bytes) -> None:
    meter = Meter()
    meter.discovery.restore(payload)
    (message,) = meter.see({"EAST": 5}, 100)
    assert "east" in message["cmps"]

"""What owners' adapters sent, message by message, and what is believed of it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.topic_port import read_topic_port
from reader.decoded.belief import Belief, Believed
from reader.decoded.message import Decoder
from reader.decoded.publisher import Refusal

HALF_AN_HOUR = 1800
Message = tuple[float, Mapping[str, object]]  # seconds after the one before, and what it changes

ZLINKY = "zigbee2mqtt/Linky"
TEMPO = {
    "active_energy_out_d01": 4634.25, "active_power": 650, "active_power_ph_b": 456, "apparent_power": 783,
    "available_power": 9, "current_date": "E260720154205", "current_index_tarif": 2, "current_price": "HP BLEU",
    "current_summ_delivered": 16494.43, "current_tarif": "TEMPO", "current_tier1_summ_delivered": 9340.71,
    "current_tier2_summ_delivered": 5508.81, "current_tier3_summ_delivered": 334.42,
    "current_tier4_summ_delivered": 794.73, "current_tier5_summ_delivered": 159.34,
    "current_tier6_summ_delivered": 356.42, "linkquality": 60, "meter_serial_number": "021961000001",
    "rms_current": 3, "rms_voltage": 234, "status_register": "013A4401",
}  # fmt: skip
HISTORIC = {
    "active_register_tier_delivered": "HC..", "apparent_power": 310, "available_power": 30, "current_tarif": "HC..",
    "current_tier1_summ_delivered": 12501.31, "current_tier2_summ_delivered": 12287.49, "linkquality": 120,
    "meter_serial_number": "021961000001", "rms_current": 1, "rms_current_max": 90, "schedule_h_p_h_c": 0,
    "warn_d_p_s": 0,
}  # fmt: skip
HISTORIC_TEMPO = HISTORIC | {
    "active_register_tier_delivered": "HPJB", "current_tarif": "BBR(", "current_tier3_summ_delivered": 334.42,
    "current_tier4_summ_delivered": 794.73, "current_tier5_summ_delivered": 159.34,
    "current_tier6_summ_delivered": 356.42,
}  # fmt: skip


class Owner:
    """Has an adapter on a topic, which is known for half an hour."""

    def __init__(self, topic: str, cache: Mapping[str, object], port: Any = None) -> None:
        self.decoder, self.belief = Decoder(read_topic_port(port or f"mqtt:{topic}")), Belief()
        self.topic, self.cache, self.at = topic, dict(cache), 0.0
        if cache:
            self.send(0)
            assert self.send(HALF_AN_HOUR).values

    def send(self, after: float, **changed: object) -> Believed:
        """Send the whole cache."""
        self.cache |= changed
        return self.say(after, self.cache)

    def say(self, after: float, content: object, topic: str | None = None) -> Believed:
        self.at += after
        reading = self.decoder.read(topic or self.topic, json.dumps(content).encode())
        if isinstance(reading, Refusal):
            return Believed(self.belief.mode, {}, due=False)
        return self.belief.take(reading, self.at)

    def register(self, label: str, *messages: Message) -> list[Value | None]:
        return [self.send(after, **changed).values.get(label) for after, changed in messages]


def test_a_register_that_is_0_for_five_messages() -> None:
    """Zlinky_TIC #353: Home Assistant counted 5,508.8 kWh."""
    zero, right = {"current_tier2_summ_delivered": 0}, {"current_tier2_summ_delivered": 5508.81}
    owner = Owner(ZLINKY, TEMPO)
    sent: list[Message] = [*[(12.0, zero)] * 5, (12.0, right), (60.0, {"current_tier2_summ_delivered": 5508.91})]
    assert owner.register("EASF02", *sent) == [*[None] * 5, 5_508_810, 5_508_910]


def test_a_total_that_shows_another_register() -> None:
    """Zlinky_TIC #400: EAST has the value of EASF01, about once a day."""
    sent = [(60.0, {"current_summ_delivered": 9340.71, "apparent_power": watts}) for watts in range(15)]
    right = (60.0, {"current_summ_delivered": 16494.53})
    assert Owner(ZLINKY, TEMPO).register("EAST", *sent, right) == [*[None] * 15, 16_494_530]


def test_a_total_that_becomes_another_one() -> None:
    """Zlinky_TIC #235: 6,059 kWh more from one message to the next."""
    base = {"active_register_tier_delivered": "TH..", "current_tarif": "BASE", "current_summ_delivered": 22_239.17}
    base |= {"apparent_power": 310, "available_power": 45, "meter_serial_number": "021961000001"}
    sent = [(60.0, {"current_summ_delivered": 28_298.33}) for _ in range(600)]
    assert set(Owner(ZLINKY, base).register("BASE", *sent)) == {None}


def test_values_of_before_a_restart() -> None:
    """zigbee2mqtt #11115: all is published once more, as if it were new, and then what was drawn meanwhile."""
    owner = Owner(ZLINKY, HISTORIC)
    before = dict(owner.cache)
    assert owner.register("HCHC", (900, {"current_tier1_summ_delivered": 12_502.11})) == [12_502_110]
    owner.at += 2 * 3600
    owner.cache = before
    sent = [(60.0, {"apparent_power": watts}) for watts in range(5)]
    assert owner.register("HCHC", *sent) == [None] * 5
    assert owner.register("HCHC", (60, {"current_tier1_summ_delivered": 12_504.27})) == [12_504_270]


@pytest.mark.parametrize("wrong", [550.88, 5_508_810, 5_508.81 * 10, 5.51, -5508.81, 1e300, "NaN", [], True])
def test_a_register_with_a_number_that_is_not_its_own(wrong: object) -> None:
    """A tenth; Wh called kWh (Zlinky_TIC #379); what is no number."""
    sent: list[Message] = [
        *[(60.0, {"current_tier2_summ_delivered": wrong})] * 15,
        (60.0, {"current_tier2_summ_delivered": 5508.84}),
    ]
    assert Owner(ZLINKY, TEMPO).register("EASF02", *sent) == [*[None] * 15, 5_508_840]


def test_codes_for_no_value() -> None:
    """Zlinky_TIC #152."""
    values = Owner(ZLINKY, TEMPO).send(60, active_power=-32_768, rms_voltage=65_535, apparent_power=65_535).values
    assert not {"CCASN", "URMS1", "SINSTS"} & values.keys()
    values = Owner(ZLINKY, HISTORIC).send(60, active_power=-32_768, rms_voltage=65_535, apparent_power=320).values
    assert values["PAPP"] == 320
    assert not {"CCASN", "URMS1"} & values.keys()


def test_keys_without_a_value() -> None:
    """Zlinky_TIC #103: a consumer with the option for producers on."""
    null = dict.fromkeys(("injected_v_a", "total_reactive_power", "current_tier2_summ_delivered", "current_price"))
    believed = Owner(ZLINKY, TEMPO).send(60, apparent_power=790, current_summ_received=0, **null)
    assert believed.due
    assert not {"SINSTI", "ERQ1", "EASF02", "EAIT", "LTARF"} & believed.values.keys()


def test_keys_of_the_other_mode() -> None:
    """Zlinky_TIC #258: a cache from before the change of mode."""
    believed = Owner(ZLINKY, TEMPO).send(60, active_register_tier_delivered="HCJB", warn_d_p_s=46, apparent_power=790)
    assert believed.mode is Mode.STANDARD
    assert not {"PTEC", "ADPS"} & believed.values.keys()


def test_a_period_that_is_frozen() -> None:
    """Zlinky_TIC #319: HP BLEU for days, and NTARF says red."""
    owner = Owner(ZLINKY, TEMPO)
    assert owner.send(60, apparent_power=790).values["LTARF"] == "HP BLEU"
    values = owner.send(60, current_index_tarif=6).values
    assert values["NTARF"] == 6
    assert "LTARF" not in values
    assert owner.send(60, current_price="HP ROUGE").values["LTARF"] == "HP ROUGE"


def test_a_total_that_leaves_tempo_out() -> None:
    """Zlinky_TIC #177: in historic mode 0, or two of six registers."""
    owner = Owner(ZLINKY, HISTORIC_TEMPO)
    for total in (0, 24_788.8, 24_788.81):
        values = owner.send(60, current_summ_delivered=total).values
        assert "BASE" not in values
        assert values["BBRHPJR"] == 356_420


def test_an_adapter_that_reads_nothing() -> None:
    """Zlinky_TIC #381: every index 0, and BASE."""
    owner, nothing = Owner(ZLINKY, TEMPO), {key: 0 for key in TEMPO if "summ" in key or "energy" in key}
    blank = owner.cache | nothing | {"current_tarif": "BASE", "current_date": "", "apparent_power": 0}
    assert owner.say(60, blank) == Believed(Mode.STANDARD, {}, due=False)
    assert owner.send(60, current_summ_delivered=16494.53).values["EAST"] == 16_494_530


def test_points_of_the_load_curve_under_the_name_of_a_phase() -> None:
    """`active_power_ph_b` of a meter of one phase: 456 W half an hour ago."""
    values = Owner(ZLINKY, TEMPO).send(60, apparent_power=790).values
    assert (values["CCASN"], values["CCASN-1"], values["SINSTS"]) == (650, 456, 790)
    assert "SINSTS2" not in values


def test_an_overload_that_is_the_number_of_its_phase() -> None:
    """Tasmota's official driver."""
    tic = {"ADCO": "021500000001", "OPTARIF": "HC..", "ISOUSC": 15, "HCHC": 920_750, "HCHP": 2_275_560, "PTEC": "HP.."}
    owner = Owner("tele/linky/SENSOR", {"TIC": tic | {"IINST": 1, "PAPP": 170}})
    assert owner.say(60, {"TIC": {"ADPS": 1}}) == Believed(Mode.HISTORIC, {}, due=False)
    assert owner.say(60, {"TIC": tic | {"IINST": 16, "PAPP": 3680, "ADPS": 16}}).values["ADPS"] == 16


def test_floats_of_32_bits_and_a_text_that_became_0() -> None:
    """ESPHome: above 16,777 kWh a register moves by 2 Wh, and what cannot be parsed is 0."""
    port = {"topic": "mqtt:linky/sensor/+/state", "labels": {"east": "EAST", "papp": "SINSTS"}, "unit": "Wh"}
    owner, topic = Owner("", {}, port), "linky/sensor/east/state"
    sent = [16_777_216, 16_777_216, 16_777_218, 0, 16_777_218, 16_777_222]
    after = [0, 1, 1, 1, 1, 1]
    believed = [owner.say(*message, topic).values.get("EAST") for message in zip(after, sent, strict=True)]
    assert believed == [16_777_216, 16_777_216, 16_777_218, None, 16_777_218, 16_777_222]


def test_kwh_that_are_wh() -> None:
    """ESPHome: the owner wrote the wrong unit."""
    port = {"topic": "mqtt:linky/sensor/+/state", "labels": {"east": "EAST"}, "unit": "kWh"}
    owner = Owner("", {}, port)
    assert not any(owner.say(60, 16_777_216 + wh, "linky/sensor/east/state").values for wh in range(100))


def test_a_digit_that_was_misread_and_after_it_nothing() -> None:
    """teleinfo2mqtt #103: without a checksum EASF05 is 600 kWh too much, and the right ones are refused then."""

    def raw(**labels: str) -> dict[str, object]:
        return {label: {"raw": text, "value": 1} for label, text in labels.items()}

    others = raw(ADSC="021900000001", NGTF="     TEMPO      ", EAST="020966534", EASF01="010485700", PREF="09")
    owner = Owner("teleinfo/021900000001", others | raw(EASF05="001056439"))
    assert owner.send(10, **raw(EASF05="001656439", SINSTS="00417")).values.keys() >= {"EASF01", "SINSTS"}
    del owner.cache["EASF05"]
    for hour in range(100):
        owner.send(3600, **raw(EAST=f"{20_966_534 + 500 * hour:09}"))
    assert owner.send(60, **raw(EASF05="001069012")).values["EASF05"] == 1_069_012


def test_phases_that_a_meter_itself_says_wrong() -> None:
    """esphome/issues #2060: with a good checksum."""
    tic = {"ADSC": "031700000001", "PREF": 12, "SINSTS": 1407, "SINSTS1": 48_370, "SINSTS2": 17_742, "SINSTS3": 300}
    believed = Owner("tele/linky/SENSOR", {}).say(0, {"TIC": tic})
    assert believed.values.keys() == {"ADSC", "PREF", "SINSTS", "SINSTS3"}

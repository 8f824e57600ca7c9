"""Every kind of meter in one real Home Assistant, and what becomes of it when things break.

The tests stand in an order: one house for all, so that Home Assistant is started, and its five-minute statistics are
waited for, once.
"""

import contextlib
import re
import time
from collections.abc import Iterator

import pytest

from common.contract.frame import Frame
from reader.home_assistant.entities import entities
from reader.home_assistant.profile import MeterProfile
from reader.simulator.meter import KINDS
from tests.home_assistant.expected import FREE_REGISTER, Row, expected, possible
from tests.home_assistant.house import (
    APPEARS_WITHIN,
    ENGLISH,
    FIRST_INDEX,
    NOTHING,
    OWN,
    TEMPO,
    House,
)
from tests.home_assistant.recorder import rows_written, table, values_changed
from tests.support.mqtt_client import MqttClient, listen

# Its packages are fetched at the first run.
pytestmark = pytest.mark.timeout(3600)

# Seconds.
RESTARTED_WITHIN = 180.0
GONE_WITHIN = 60.0
SETTLED_WITHIN = 120.0  # after an announcement
STATISTICS_WITHIN = 420.0  # they are made every five minutes

#: Home Assistant empties the topic of a device that is gone for each entity of it that was disabled, and warns of that.
OF_A_REMOVAL = re.compile(r"No device components to cleanup|mqtt\.discovery is logging too frequently")

IN_ENGLISH = {
    "east": "Total energy imported",
    "easf01": "Base option energy",
    "sinsts": "Apparent power imported",
    "headroom_power": "Power available",
    "headroom_current": "Current available",
    "estimated_power": "Active power (estimate)",
    "irms1": "Current",
    "urms1": "Voltage",
    "period": "Tariff period",
    "overload": "Power limit exceeded",
    "overvoltage": "Overvoltage",
    "contact": "Dry contact",
    "subscribed_power": "Subscribed power",
    "contract": "Contract",
    "producer": "Producer mode",
    "cover_open": "Terminal cover",
    "clock_degraded": "Meter clock",
    "cutoff": "Cut-off device",
    "mode": "TIC mode",
    "link": "Link to the meter",
    "link_quality": "Link quality",
    "spool": "Frames kept on disk",
    "reader_version": "Reader version",
}


@pytest.fixture(scope="module")
def house(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with contextlib.ExitStack() as stack:
        house = House(tmp_path_factory.mktemp("house"), stack, KINDS)
        house.wait_for_all(APPEARS_WITHIN)
        yield house


@pytest.fixture(scope="module")
def listener(house: House) -> Iterator[tuple[MqttClient, float]]:
    """A client that receives all frames, and since when (seconds since 1970)."""
    with listen(house.broker) as mqtt:
        yield mqtt, time.time()


@pytest.fixture(scope="module")
def changed(house: House) -> House:
    """The house, after a register began to count, a meter got another contract, and somebody deleted an entity."""
    assert "easf02" not in house.entities(OWN)
    assert house.state(TEMPO, "tempo_today") == "Bleu"
    house.own.change(EASF02="000000002")
    house.tempo.change(
        without=frozenset(f"EASF{number:02}" for number in range(2, 7)),
        NGTF="      BASE      ",
        LTARF="      BASE      ",
        STGE="003A0001",
        EAST=f"{FIRST_INDEX + 2:09}",
    )
    house.home.call("config/entity_registry/remove", entity_id=house.entities(ENGLISH)["contact"]["entity_id"])
    house.wait(lambda: not house.entities(ENGLISH), APPEARS_WITHIN, lambda: house.entities(ENGLISH).keys())
    return house


def rendered(house: House, profile: MeterProfile, key: str, state: dict[str, object]) -> str:
    """Return what Home Assistant makes of a state, for one entity."""
    (template,) = (entity.template for entity in entities(profile, "fr") if entity.key == key)
    # As JSON, which is what its interface is asked for.
    return str(house.home.post("/api/template", {"template": f'"{template}"', "variables": {"value_json": state}}))


def test_a_meter_is_found_complete_and_right(house: House, kind: str) -> None:
    address = house.meters[kind]
    device = house.home.devices()[f"teleinfo_{address}"]
    assert device["name"] == f"Linky simulé {address[-4:]}"
    assert device["serial_number"] == address
    assert device["manufacturer"]
    assert device["model"].startswith("Linky monophasé" if "single" in kind else "Linky triphasé")

    # An entity may come at any time, and its state a moment later.
    house.wait(lambda: not wrong_of(house, kind), SETTLED_WITHIN, lambda: wrong_of(house, kind))
    entities, states = house.entities(address), house.home.states()
    names = [entry["original_name"] for entry in entities.values()]
    assert len(set(names)) == len(names), sorted(names)
    shown_registers = [int(states[entities[key]["entity_id"]]["state"]) for key in entities if key.startswith("eas")]
    assert all(index > 0 for index in shown_registers)


def wrong_of(house: House, kind: str) -> list[object]:
    """Return what is missing or wrong of a meter."""
    address, rows = house.meters[kind], expected(kind)
    device = house.home.devices()[f"teleinfo_{address}"]["name"]
    entities, shown = house.entities(address), house.shown()
    wrong: list[object] = [*sorted(rows.keys() - entities.keys())]
    for key, entry in entities.items():
        state, attributes = (shown[entry["entity_id"]][part] for part in ("state", "attributes"))
        row: Row = (
            entry["original_name"],
            attributes.get("device_class"),
            attributes.get("unit_of_measurement"),
            attributes.get("state_class"),
        )
        if key.startswith("easf") and key not in rows:
            right = row[1:] == ("energy", "Wh", "total") and FREE_REGISTER.fullmatch(row[0]) is not None
        else:
            right = row == possible(kind).get(key)
        if not right or state in NOTHING or attributes.get("friendly_name") != f"{device} {row[0]}":
            wrong.append((key, row, state, attributes.get("friendly_name")))
    return wrong


def test_entities_with_personal_data_are_disabled(house: House) -> None:
    personal = [entry for entry in house.home.registered() if re.search(r"_(prm|adco|adsc)$", entry["unique_id"])]
    assert personal
    assert all(entry["disabled_by"] == "integration" for entry in personal)


def test_no_two_meters_have_the_same_name(house: House) -> None:
    names = [device["name"] for device in house.home.devices().values()]
    assert len(names) == len(house.addresses)
    assert len(set(names)) == len(names), sorted(names)
    # Nor their entities: Home Assistant would put a number behind an id that there is already.
    beginnings = []
    for address in house.addresses:
        ids = {key: entry["entity_id"].split(".")[1] for key, entry in house.entities(address).items()}
        assert [entity_id for key, entity_id in ids.items() if not entity_id.endswith(f"_{key}")] == []
        beginnings.append({entity_id.removesuffix(f"_{key}") for key, entity_id in ids.items()})
    assert all(len(beginning) == 1 for beginning in beginnings), beginnings
    assert len(set().union(*beginnings)) == len(beginnings), beginnings


def test_names_and_states_are_english_on_request(house: House) -> None:
    assert {key: entry["original_name"] for key, entry in house.entities(ENGLISH).items()} == IN_ENGLISH
    states = {key: house.state(ENGLISH, key) for key in ("contract", "period", "cutoff", "mode")}
    assert states == {"contract": "Base", "period": "Base", "cutoff": "Closed", "mode": "Standard"}


@pytest.mark.parametrize(
    ("mode", "contract", "shown"),
    [
        ("historic", "hchp", "5"),
        ("historic", "base", "None"),
        ("historic", "tempo", "None"),
        ("standard", "hchp", "None"),
    ],
)
def test_a_total_is_that_of_its_own_contract_and_mode(house: House, mode: str, contract: str, shown: str) -> None:
    keys = frozenset(["mode", "contract", "import_total"])
    profile = MeterProfile(meter=OWN, keys=keys, mode="historic", contract="hchp", linky=True)
    state: dict[str, object] = {"mode": mode, "contract": contract, "import_total": 5}
    assert rendered(house, profile, "import_total_hchp", state) == shown


def test_home_assistant_logs_no_warnings(house: House) -> None:
    assert house.complaints() == []


def test_the_energy_dashboard_takes_the_registers(house: House) -> None:
    registers = house.registers()
    sold = [entity for entity in registers if entity.endswith("_eait")]
    bought = [entity for entity in registers if entity not in sold]
    price = {"number_energy_price": 0.2, "entity_energy_price": None, "stat_cost": None}
    given = {"number_energy_price": 0.1, "entity_energy_price": None, "stat_compensation": None}
    source = {
        "type": "grid",
        "flow_from": [{"stat_energy_from": entity} | price for entity in bought],
        "flow_to": [{"stat_energy_to": entity} | given for entity in sold],
        "cost_adjustment_day": 0,
    }
    house.home.call("energy/save_prefs", energy_sources=[source])
    issues = [
        issue for issues in house.home.call("energy/validate")["energy_sources"] for issue in issues
    ]  # fmt: skip
    # Until the first five minutes are over there are no statistics; that is no fault of the entities.
    assert [issue for issue in issues if issue["type"] != "statistics_not_defined"] == []
    assert house.home.call("recorder/validate_statistics") == {}


def test_neither_a_glitch_of_the_index_nor_its_absence_is_shown(house: House) -> None:
    house.show(house.own, 2)
    with listen(house.broker) as mqtt:

        def published(topic: str) -> list[int | None]:
            payloads = mqtt.on(f"teleinfo/{OWN}/{topic}")
            return [payload.get("frame", payload).get("EAST") for payload in payloads]

        house.own.change(EAST="000000000", EASF01="000000000", frames=1)
        house.own.change(without=frozenset(["EAST", "EASF01"]), frames=1)
        house.show(house.own, 4)
        house.wait(
            lambda: all(FIRST_INDEX + 4 in published(topic) for topic in ("frame", "state")),
            APPEARS_WITHIN,
            lambda: published("frame"),
        )
        states = published("state")
    assert set(states) == {FIRST_INDEX + 2, FIRST_INDEX + 4}


def test_everything_is_unavailable_after_a_kill_and_comes_back(house: House) -> None:
    def alive() -> list[str]:
        return [entity for entity, shown in house.shown().items() if shown["state"] != "unavailable"]

    assert alive()
    for reader in house.readers:
        reader.kill()
    house.wait(lambda: not alive(), GONE_WITHIN, alive)
    for reader in house.readers:
        reader.start()
    house.wait_for_all(APPEARS_WITHIN, but=("estimated_power",))  # the mean of a minute
    house.show(house.own, 6)
    assert house.complaints() == []


def test_a_restart_of_broker_and_home_assistant_brings_everything_back(house: House) -> None:
    before = {entry["unique_id"]: entry["entity_id"] for entry in house.home.registered()}
    house.broker.restart()  # without persistence: it knows nothing any more
    house.home.restart()
    house.wait_for_all(RESTARTED_WITHIN, but=("estimated_power",))
    after = {entry["unique_id"]: entry["entity_id"] for entry in house.home.registered()}
    assert before.items() <= after.items()
    house.show(house.own, 8)
    assert house.complaints() == []


def test_a_register_at_rest_gets_its_entity_when_it_moves(changed: House) -> None:
    changed.wait(lambda: "easf02" in changed.entities(OWN), APPEARS_WITHIN, lambda: sorted(changed.entities(OWN)))
    changed.wait(
        lambda: changed.state(OWN, "easf02") == "2", APPEARS_WITHIN, lambda: changed.state(OWN, "easf02")
    )  # fmt: skip
    assert changed.entities(OWN)["easf02"]["original_name"] == "Énergie index 2"


def test_another_contract_removes_the_colours_and_keeps_the_registers(changed: House) -> None:
    def colours() -> set[str]:
        return changed.entities(TEMPO).keys() & {"tempo_today", "tempo_tomorrow"}

    changed.wait(lambda: not colours(), APPEARS_WITHIN, colours)
    entities = changed.entities(TEMPO)
    assert {f"easf{number:02}" for number in range(1, 7)} <= entities.keys()
    assert entities["easf01"]["original_name"] == "Énergie option Base"
    changed.wait(
        lambda: changed.state(TEMPO, "contract") == "Base", SETTLED_WITHIN, lambda: changed.state(TEMPO, "contract")
    )
    assert changed.state(TEMPO, "east") == str(FIRST_INDEX + 2)
    assert [text for text in changed.complaints() if not OF_A_REMOVAL.search(text)] == []


def test_deleting_one_entity_removes_the_others_only_for_a_while(changed: House) -> None:
    def there() -> dict[str, str]:
        states = changed.home.states()
        entities = {key: entry["entity_id"] for key, entry in changed.entities(ENGLISH).items()}
        return {
            key: states[entity]["state"] for key, entity in entities.items() if states[entity]["state"] not in NOTHING
        }

    changed.wait(lambda: there().keys() == IN_ENGLISH.keys(), APPEARS_WITHIN, there)
    assert there()["east"] == str(FIRST_INDEX)


def test_statistics_are_the_difference_of_the_indexes(changed: House, listener: tuple[MqttClient, float]) -> None:
    house = changed
    house.show(house.own, 10)
    since = "2020-01-01T00:00:00+00:00"
    registers = house.registers()
    own, total = (house.entities(address)["east"]["entity_id"] for address in (OWN, TEMPO))

    def complete() -> bool:
        found = house.statistics(registers, since)
        return all(found.get(entity) for entity in registers) and found[own][-1]["state"] == FIRST_INDEX + 10

    house.wait(
        complete,
        STATISTICS_WITHIN,
        lambda: {entity: rows[-1:] for entity, rows in house.statistics(registers, since).items()},
    )
    found, first = house.statistics(registers, since), house.first_states(registers, since)
    assert first[own] == first[total] == FIRST_INDEX
    assert found[own][-1]["sum"] == 10
    assert found[total][-1]["sum"] == 2  # another contract has come in between
    # Of what is deleted while Home Assistant makes statistics, these begin anew when it comes back.
    deleted = {entry["entity_id"] for entry in house.entities(ENGLISH).values()}

    def is_right(entity: str, total: float, counted: float) -> bool:
        return 0 <= total <= counted if entity in deleted else total == counted >= 0

    wrong = {
        entity: (first[entity], row)
        for entity, of_entity in found.items()
        for row in of_entity
        if not is_right(entity, row["sum"], row["state"] - first[entity])
    }
    assert not wrong
    former = {entry["entity_id"] for key, entry in house.entities(TEMPO).items() if re.fullmatch(r"easf0[2-6]", key)}
    issues = [
        (issue["type"], entity)
        for issues in house.home.call("energy/validate")["energy_sources"]
        for issue in issues
        for entity, _ in issue["affected_entities"]
    ]
    assert [issue for issue in issues if issue[1] not in former] == []


def test_the_recorder_writes_few_rows(
    house: House, listener: tuple[MqttClient, float], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    mqtt, since = listener
    until = since + 60 * request.config.getoption("--recorder-minutes")
    house.wait(lambda: time.time() > until + 5, until + 60 - time.time(), time.time)  # and it has written everything
    measured = {}
    evening = {f"{kind}, evening": meter.address for kind, meter in house.evening.items()}
    for kind, address in (evening | house.meters).items():
        entities = house.entities(address)
        rows = rows_written(house.home.folder, [entry["entity_id"] for entry in entities.values()], since, until)
        payloads = [payload for topic, payload in list(mqtt.messages) if topic == f"teleinfo/{address}/frame"]
        frames = [frame for frame in map(Frame.from_json, payloads) if frame.timestamp.timestamp() < until]
        measured[kind] = rows, values_changed(frames, entities.keys())
    with capsys.disabled():
        print("\n" + table(measured, until - since))
    assert all(measured[kind][0] for kind in evening)
    assert {kind: counts for kind, counts in measured.items() if counts[0] * 5 > counts[1]} == {}


def test_without_discovery_the_devices_are_removed(house: House) -> None:
    assert house.home.devices()
    house.switch_discovery_off()
    house.wait(lambda: not house.home.devices(), APPEARS_WITHIN, house.home.devices)
    house.wait(lambda: not house.home.registered(), APPEARS_WITHIN, house.home.registered)
    assert [text for text in house.complaints() if not OF_A_REMOVAL.search(text)] == []

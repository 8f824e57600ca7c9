"""Every kind of meter in one real Home Assistant, and what becomes of it when things break.

The tests stand in an order: one house for all, so that Home Assistant is started, and its five-minute statistics are
waited for, once.
"""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.instances import HOST, Broker, find_program
from reader.simulator import KINDS, SimulatedMeter
from tests.faults.rig import Program, group
from tests.home_assistant.instance import HomeAssistant, find_python
from tests.services.ear import Ear

# Seconds. Three frames of 25 meters on a busy machine, and the reader's health, which comes once a minute.
APPEARS_WITHIN = 120.0
RESTARTED_WITHIN = 180.0
GONE_WITHIN = 10.0
STATISTICS_WITHIN = 420.0  # they are made every five minutes

OWN = "032061000999"  # ends as no other does: entity ids begin with the last four digits
FIRST_INDEX = 12_345_678
NOTHING = ("unknown", "unavailable")

Row = tuple[str, str | None, str | None, str | None]  # name, class, unit, state class


def _energy(name: str) -> Row:
    return (f"Énergie {name}", "energy", "Wh", "total")


def _power(name: str) -> Row:
    return (f"Puissance {name}", "apparent_power", "VA", "measurement")


def _power_set(name: str) -> Row:
    return (f"Puissance {name}", "apparent_power", "VA", None)


def _current(name: str) -> Row:
    return (f"Intensité{name}", "current", "A", "measurement")


def _voltage(name: str) -> Row:
    return (f"Tension{name}", "voltage", "V", "measurement")


def _plain(name: str, device_class: str | None = None) -> Row:
    return (name, device_class, None, None)


ALWAYS = {
    "headroom_power": _power("disponible"),
    "headroom_current": _current(" disponible"),
    "subscribed_power": _power_set("souscrite"),
    "overload": _plain("Dépassement de puissance", "problem"),
    "contract": _plain("Contrat"),
    "link": _plain("Liaison avec le compteur", "connectivity"),
    "link_quality": ("Qualité de la liaison", None, "%", "measurement"),
    "spool": ("Trames en réserve sur disque", None, "trames", "measurement"),
    "mode": _plain("Mode de la télé-information", "enum"),
    "reader_version": _plain("Version du lecteur"),
}
HISTORIC = {"papp": _power("apparente"), "isousc": ("Intensité souscrite", "current", "A", None)}
STANDARD = {
    "east": _energy("soutirée totale"),
    "sinsts": _power("apparente soutirée"),
    "smaxsn": _power("maximale du jour"),
    "smaxsn_1": _power_set("maximale de la veille"),
    "pcoup": _power_set("de coupure"),
    "pjourf_p1": _plain("Programme du lendemain"),
    "overvoltage": _plain("Surtension", "problem"),
    "producer": _plain("Mode producteur"),
    "cover_open": _plain("Cache-bornes", "opening"),
    "clock_degraded": _plain("Horloge du compteur", "problem"),
    "contact": _plain("Contact sec"),
    "cutoff": _plain("Organe de coupure", "enum"),
}
PHASES = {
    "historic-single": {"iinst": _current("")},
    "historic-three": {f"iinst{n}": _current(f" phase {n}") for n in (1, 2, 3)}
    | {"ppot": _plain("Absence d'une phase", "problem"), "pmax": _power_set("maximale de la veille")},
    "standard-single": {"irms1": _current(""), "urms1": _voltage("")},
    "standard-three": {f"irms{n}": _current(f" phase {n}") for n in (1, 2, 3)}
    | {f"urms{n}": _voltage(f" phase {n}") for n in (1, 2, 3)}
    | {f"sinsts{n}": _power(f"apparente soutirée phase {n}") for n in (1, 2, 3)},
}
_CHOSEN = _plain("Période tarifaire", "enum")
_OFF_PEAK = _plain("Heures creuses")
_COLOURS = {
    "tempo_today": _plain("Couleur Tempo du jour", "enum"),
    "tempo_tomorrow": _plain("Couleur Tempo de demain", "enum"),
}
_PEAK = {"peak_notice": _plain("Préavis de pointe mobile"), "peak": _plain("Pointe mobile en cours")}
_SOLD = {
    "eait": _energy("injectée totale"),
    "sinsti": _power("apparente injectée"),
    "smaxin": _power("injectée maximale du jour"),
    "smaxin_1": _power_set("injectée maximale de la veille"),
}
_TEMPO = [f"heures {hours} jours {day}" for day in ("bleus", "blancs", "rouges") for hours in ("creuses", "pleines")]
_HISTORIC_TEMPO = ("bbrhcjb", "bbrhpjb", "bbrhcjw", "bbrhpjw", "bbrhcjr", "bbrhpjr")
_FLAT = {"base": _energy("option Base"), "period": _CHOSEN}


def _total(contract: str) -> dict[str, Row]:
    return {f"import_total_{contract}": _energy("soutirée totale"), "period": _CHOSEN}


CONTRACTS = {
    "historic-base": _FLAT,
    "historic-weekend": _FLAT,  # historic mode knows no such contract
    "historic-producer": _FLAT,
    "historic-hchp": {"hchc": _energy("heures creuses"), "hchp": _energy("heures pleines"), "off_peak": _OFF_PEAK}
    | _total("hchp"),
    "historic-tempo": {key: _energy(name) for key, name in zip(_HISTORIC_TEMPO, _TEMPO, strict=True)}
    | {"off_peak": _OFF_PEAK}
    | _COLOURS
    | _total("tempo"),
    "historic-ejp": {"ejphn": _energy("heures normales"), "ejphpm": _energy("pointe mobile")} | _PEAK | _total("ejp"),
    "standard-base": {"easf01": _energy("option Base"), "period": _CHOSEN},
    "standard-hchp": {
        "easf01": _energy("heures creuses"),
        "easf02": _energy("heures pleines"),
        "off_peak": _OFF_PEAK,
        "period": _CHOSEN,
    },
    "standard-tempo": {f"easf{n:02}": _energy(name) for n, name in enumerate(_TEMPO, 1)}
    | {"off_peak": _OFF_PEAK, "period": _CHOSEN}
    | _COLOURS,
    "standard-ejp": {"easf01": _energy("heures normales"), "easf02": _energy("pointe mobile"), "period": _CHOSEN}
    | _PEAK,
    # Registers of a free calendar are named by what the meter calls them: looked at below.
    "standard-weekend": {"period": _plain("Période tarifaire")},
    "standard-producer": {"period": _plain("Période tarifaire")} | _SOLD,
}
#: What not every meter shows at every hour; it has to be right when it is there.
SOMETIMES = {
    "ccasn": ("Puissance active moyenne", "power", "W", "measurement"),
    "ccain": ("Puissance active moyenne injectée", "power", "W", "measurement"),
    "off_peak": _OFF_PEAK,
    "exporting": _plain("Injection en cours"),
    **_PEAK,
    **{f"relay_{n}": _plain(f"Relais {n}") for n in range(1, 9)},
    **{f"dpm{n}": _plain(f"Début de pointe mobile {n}", "timestamp") for n in (1, 2, 3)},
    **{f"fpm{n}": _plain(f"Fin de pointe mobile {n}", "timestamp") for n in (1, 2, 3)},
}
_FREE_REGISTER = re.compile(r"Énergie (index \d+|[^\W\d_].*)")

#: Complaints that have nothing to do with us: no Internet, and no package for what nobody asked for.
ELSEWHERE = re.compile(r"metno|google_translate|aiohttp_fast_zlib|Skipping pip")
OURS = re.compile(r"mqtt|teleinfo|linky|sensor|recorder|energy|template", re.IGNORECASE)


class OwnMeter:
    """A Linky behind `socket://`, whose index is what the test says."""

    def __init__(self) -> None:
        self.index = FIRST_INDEX
        self.sent = 0  # frames with that index
        self._lock = threading.Condition()
        self._server = socket.create_server((HOST, 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="own meter", daemon=True)
        self._thread.start()

    def show(self, index: int, frames: int = 3) -> None:
        """Show another index, and return when so many frames with it were sent."""
        with self._lock:
            self.index, self.sent = index, 0
            assert self._lock.wait_for(lambda: self.sent >= frames, APPEARS_WITHIN)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._server.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                while not self._stop.wait(0.5):  # the pace of the line
                    with self._lock:
                        index = self.index
                    connection.sendall(_own_frame(index))
                    with self._lock:
                        self.sent += index == self.index
                        self._lock.notify_all()


def _own_frame(index: int) -> bytes:
    groups = (
        group("ADSC", OWN),
        group("VTIC", "02"),
        group("DATE", time.strftime("H%y%m%d%H%M%S", time.gmtime(time.time() + 3600)), ""),
        group("NGTF", "      BASE      "),
        group("LTARF", "      BASE      "),
        group("EAST", f"{index:09}"),
        group("EASF01", f"{index:09}"),
        group("IRMS1", "004"),
        group("URMS1", "231"),
        group("PREF", "09"),
        group("SINSTS", "00924"),
        group("STGE", "003A0001"),
        group("NTARF", "01"),
    )
    return b"\x02" + b"".join(groups) + b"\x03"


class House:
    """A broker, a Home Assistant, and one reader of a meter of each kind and of our own."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self.broker = stack.enter_context(Broker(folder / "broker"))
        self.home = stack.enter_context(HomeAssistant(folder / "home-assistant"))
        self.home.add_mqtt(HOST, self.broker.port)
        self.own = OwnMeter()
        stack.callback(self.own.stop)
        self.meters = {kind: SimulatedMeter(kind, seed=seed).address for seed, kind in enumerate(KINDS, 1)}
        self.config = folder / "reader.yaml"
        self.configure()
        self.reader = Program("reader", "reader", "run", "--config", str(self.config), folder=folder)
        stack.callback(self.end_reader)

    @property
    def addresses(self) -> list[str]:
        return [*self.meters.values(), OWN]

    def configure(self, *, discovery: bool = True) -> None:
        ports = [f"simulate://{kind}?speed=1&seed={seed}" for seed, kind in enumerate(KINDS, 1)]
        self.config.write_text(
            "name: house\n"
            f"port: {json.dumps([*ports, f'socket://{HOST}:{self.own.port}'])}\n"
            f"mqtt: {{host: {HOST}, port: {self.broker.port}}}\n"
            f"spool: {{journal: {self.folder}/journal, path: {self.folder}/spool}}\n"
            "state: {every: 2s}\n"
            f"home_assistant: {{discovery: {str(discovery).lower()}, prefix: homeassistant, language: fr}}\n"
        )

    def end_reader(self) -> None:
        if self.reader.process is not None and self.reader.process.poll() is None:
            self.reader.kill()

    def entities(self, address: str) -> dict[str, dict[str, Any]]:
        """The enabled entities of a meter, as registered, by what follows its address in their identifier."""
        start = f"teleinfo_{address}_"
        return {
            entry["unique_id"].removeprefix(start): entry
            for entry in self.home.registered()
            if entry["unique_id"].startswith(start) and entry["disabled_by"] is None
        }

    def enabled(self) -> list[str]:
        """The ids of the enabled entities of all meters."""
        return [entry["entity_id"] for entry in self.home.registered() if entry["disabled_by"] is None]

    def missing(self) -> list[str]:
        """The enabled entities that have no value."""
        states = self.home.states()
        enabled = self.enabled()
        silent = [entity for entity in enabled if states.get(entity, {"state": "unavailable"})["state"] in NOTHING]
        announced = {entry["unique_id"].split("_")[1] for entry in self.home.registered()}
        return silent + sorted(set(self.addresses) - announced)

    def wait(self, holds: Callable[[], Any], within: float, what: Callable[[], object]) -> None:
        """Look again and again, until it holds."""
        deadline = time.monotonic() + within
        while not holds():
            assert time.monotonic() < deadline, f"not within {within:.0f} s: {str(what())[:2000]}"
            time.sleep(0.2)  # between two looks

    def wait_for_all(self, within: float) -> None:
        self.wait(lambda: not self.missing(), within, self.missing)

    def state(self, key: str) -> str:
        """The state of an entity of our own meter."""
        return str(self.home.states()[self.entities(OWN)[key]["entity_id"]]["state"])

    def show(self, index: int) -> None:
        """Let our own meter show an index, and wait until Home Assistant has it."""
        self.own.show(index)
        self.wait(lambda: self.state("east") == str(index), APPEARS_WITHIN, lambda: self.state("east"))

    def registers(self) -> list[str]:
        """The entities that count energy, of all meters."""
        states = self.home.states()
        return [entity for entity in self.enabled() if states[entity]["attributes"].get("device_class") == "energy"]

    def first_states(self, entities: list[str], since: str) -> dict[str, int]:
        """The first number that the recorder has of each."""
        history = self.home.call(
            "history/history_during_period",
            start_time=since,
            entity_ids=entities,
            minimal_response=True,
            no_attributes=True,
            significant_changes_only=False,
        )
        return {
            entity: next(int(row["s"]) for row in rows if row["s"] not in NOTHING) for entity, rows in history.items()
        }

    def complaints(self) -> list[str]:
        """What Home Assistant says of us, or may."""
        return [text for text in self.home.complaints() if OURS.search(text) and not ELSEWHERE.search(text)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if find_python() is None:
        pytest.skip("Home Assistant needs Python 3.13.2 or newer, and there is none here")
    find_program("mosquitto")
    with contextlib.ExitStack() as stack:
        house = House(tmp_path_factory.mktemp("house"), stack)
        house.wait_for_all(APPEARS_WITHIN)
        yield house


def expected(kind: str) -> dict[str, Row]:
    mode, phases, _, contract = kind.split("-")
    rows = ALWAYS | (HISTORIC if mode == "historic" else STANDARD)
    return rows | PHASES[f"{mode}-{phases}"] | CONTRACTS[f"{mode}-{contract}"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_meter_is_found_complete_and_right(house: House, kind: str) -> None:
    address = house.meters[kind]
    device = house.home.devices()[f"teleinfo_{address}"]
    assert device["name"] == f"Linky {address[-4:]}"
    assert device["serial_number"] == address
    assert device["manufacturer"]
    assert device["model"].startswith("Linky monophasé" if "single" in kind else "Linky triphasé")

    rows, entities, states = expected(kind), house.entities(address), house.home.states()
    assert rows.keys() <= entities.keys(), sorted(rows.keys() - entities.keys())
    wrong = []
    for key, entry in entities.items():
        shown = states[entry["entity_id"]]
        attributes = shown["attributes"]
        row: Row = (
            entry["original_name"],
            attributes.get("device_class"),
            attributes.get("unit_of_measurement"),
            attributes.get("state_class"),
        )
        if key.startswith("easf") and key not in rows:
            right = row[1:] == ("energy", "Wh", "total") and _FREE_REGISTER.fullmatch(row[0]) is not None
        else:
            right = row == (rows | SOMETIMES).get(key)
        if not right or shown["state"] in NOTHING or attributes["friendly_name"] != f"{device['name']} {row[0]}":
            wrong.append((key, row, shown["state"], attributes["friendly_name"]))
    assert not wrong
    names = [entry["original_name"] for entry in entities.values()]
    assert len(set(names)) == len(names), sorted(names)
    shown_registers = [int(states[entities[key]["entity_id"]]["state"]) for key in entities if key.startswith("eas")]
    assert all(index > 0 for index in shown_registers)


def test_what_identifies_people_is_off(house: House) -> None:
    personal = [entry for entry in house.home.registered() if re.search(r"_(prm|adco|adsc)$", entry["unique_id"])]
    assert personal
    assert all(entry["disabled_by"] == "integration" for entry in personal)


def test_home_assistant_complains_of_nothing(house: House) -> None:
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


def test_a_glitch_of_the_index_is_never_shown(house: House) -> None:
    house.show(FIRST_INDEX + 10)
    with Ear(house.broker) as ear:
        house.own.show(0, frames=1)
        house.show(FIRST_INDEX + 20)
        states = ear.on(f"teleinfo/{OWN}/state")
        frames = [frame["frame"].get("EAST") for frame in ear.on(f"teleinfo/{OWN}/frame")]
    assert FIRST_INDEX + 20 in frames
    assert {state["EAST"] for state in states} <= {FIRST_INDEX + 10, FIRST_INDEX + 20}


def test_everything_is_unavailable_after_a_kill_and_comes_back(house: House) -> None:
    def alive() -> list[str]:
        states = house.home.states()
        return [entity for entity in house.enabled() if states[entity]["state"] != "unavailable"]

    assert alive()
    house.reader.kill()
    house.wait(lambda: not alive(), GONE_WITHIN, alive)
    house.reader.start()
    house.wait_for_all(APPEARS_WITHIN)
    house.show(FIRST_INDEX + 30)
    assert house.complaints() == []


def test_a_restart_of_broker_and_home_assistant_brings_everything_back(house: House) -> None:
    before = {entry["unique_id"]: entry["entity_id"] for entry in house.home.registered()}
    house.broker.restart()  # without persistence: it knows nothing any more
    house.home.restart()
    house.wait_for_all(RESTARTED_WITHIN)
    after = {entry["unique_id"]: entry["entity_id"] for entry in house.home.registered()}
    assert before.items() <= after.items()
    house.show(FIRST_INDEX + 40)
    assert house.complaints() == []


def test_statistics_are_the_difference_of_the_indexes(house: House) -> None:
    house.show(FIRST_INDEX + 50)
    since = "2020-01-01T00:00:00+00:00"
    registers = house.registers()
    own = house.entities(OWN)["east"]["entity_id"]

    def rows() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = house.home.call(
            "recorder/statistics_during_period",
            start_time=since,
            statistic_ids=registers,
            period="5minute",
            types=["sum", "state"],
            units={"energy": "Wh"},
        )
        return found

    def complete() -> bool:
        found = rows()
        return all(found.get(entity) for entity in registers) and found[own][-1]["state"] == FIRST_INDEX + 50

    house.wait(complete, STATISTICS_WITHIN, lambda: {entity: found[-1:] for entity, found in rows().items()})
    found, first = rows(), house.first_states(registers, since)
    assert first[own] == FIRST_INDEX
    assert found[own][-1]["sum"] == 50
    wrong = {
        entity: (first[entity], row)
        for entity, of_entity in found.items()
        for row in of_entity
        if row["sum"] != row["state"] - first[entity] or row["sum"] < 0
    }
    assert not wrong
    validated = house.home.call("energy/validate")["energy_sources"]
    assert all(not issues for issues in validated), validated


def test_without_discovery_the_devices_go(house: House) -> None:
    assert house.home.devices()
    assert house.reader.stop() == 0
    house.configure(discovery=False)
    house.reader.start()
    house.wait(lambda: not house.home.devices(), APPEARS_WITHIN, house.home.devices)
    assert house.home.registered() == []
    # Home Assistant itself empties the topic again for each entity of the device that was disabled, and warns of that.
    assert [text for text in house.complaints() if "No device components to cleanup" not in text] == []

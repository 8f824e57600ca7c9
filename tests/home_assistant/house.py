"""A broker, a Home Assistant, simulated meters of many kinds, and meters whose values a test decides."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reader.simulator.meter import SimulatedMeter
from tests.home_assistant.instance import HomeAssistant
from tests.home_assistant.own_meter import EveningMeter, OwnMeter
from tests.support.programs import Service
from tests.support.servers import HOST, Broker

APPEARS_WITHIN = 240.0  # seconds. Three frames of all meters on a busy machine, and health, which comes once a minute.
NOTHING = ("unknown", "unavailable")

FIRST_INDEX = 12_345_678
OWN, TWIN, TEMPO, ENGLISH = "032061000999", "041961450999", "032061001888", "032061002777"
#: Kinds of which recorder rows are counted in the evening, too: at night little happens.
EVENING = ("standard-single-phase-tempo", "historic-single-phase-hchp", "standard-three-phase-producer")

_BASE = {
    "NGTF": "      BASE      ",
    "LTARF": "      BASE      ",
    "EAST": f"{FIRST_INDEX:09}",
    "EASF01": f"{FIRST_INDEX:09}",
    "EASF02": "000000000",
    "IRMS1": "004",
    "URMS1": "231",
    "PREF": "09",
    "SINSTS": "00924",
    "STGE": "003A0001",
    "NTARF": "01",
}
#: A blue day before a white one.
_TEMPO = _BASE | {
    "NGTF": "     TEMPO      ",
    "LTARF": "    HC  BLEU    ",
    "EASF01": f"{FIRST_INDEX - 5000:09}",
    **{f"EASF{number:02}": "000001000" for number in range(2, 7)},
    "STGE": "093A0001",
}

#: Warnings that have nothing to do with us: no Internet, and missing packages of integrations that we do not use.
_ELSEWHERE = re.compile(r"metno|google_translate|aiohttp_fast_zlib|Skipping pip")
_OURS = re.compile(r"mqtt|teleinfo|linky|sensor|recorder|energy|template", re.IGNORECASE)


class House:
    """One reader has the simulated meters and most of our own; another is English."""

    def __init__(
        self,
        folder: Path,
        stack: contextlib.ExitStack,
        kinds: Sequence[str],
        *,
        config: str = "",
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`config` is more of Home Assistant's configuration, `labels` are more of what two of our own meters send."""
        self.folder = folder
        self.broker = stack.enter_context(Broker(folder / "broker"))
        self.home = stack.enter_context(HomeAssistant(folder / "home-assistant", config=config))
        self.home.add_mqtt(HOST, self.broker.port)
        self.own, self.twin = OwnMeter(OWN, {**_BASE, **labels}), OwnMeter(TWIN, _BASE)
        self.tempo, self.english = OwnMeter(TEMPO, {**_TEMPO, **labels}), OwnMeter(ENGLISH, _BASE)
        self.evening = {kind: EveningMeter(kind, seed) for seed, kind in enumerate(EVENING, 101)}
        owned = (self.own, self.twin, self.tempo, *self.evening.values(), self.english)
        for meter in owned:
            stack.callback(meter.stop)
        simulated = {kind: (seed, SimulatedMeter(kind, seed=seed)) for seed, kind in enumerate(kinds, 1)}
        self.meters = {kind: meter.address for kind, (_, meter) in simulated.items()}
        self.addresses = [*self.meters.values(), *(meter.address for meter in owned)]
        ports = {
            "house": [f"simulate://{kind}?speed=1&seed={seed}" for kind, (seed, _) in simulated.items()]
            + [f"socket://{HOST}:{meter.port}" for meter in owned if meter is not self.english],
            "annexe": [f"socket://{HOST}:{self.english.port}"],
        }
        options = {"house": {"language": "fr"}, "annexe": {"language": "en"}}
        self.readers = [self._reader(name, ports[name], options[name]) for name in ports]
        for reader in self.readers:
            stack.enter_context(reader.start())

    def _reader(self, name: str, ports: list[str], options: dict[str, str]) -> Service:
        settings = {
            "name": name,
            "port": ports,
            "mqtt": {"host": HOST, "port": self.broker.port},
            "spool": {"journal": f"{self.folder}/{name}-journal", "path": f"{self.folder}/{name}-spool"},
            "home_assistant": {"prefix": "homeassistant"} | options,
        }
        return Service("reader", self.folder, settings, name=name)

    def switch_discovery_off(self) -> None:
        """Restart the readers without discovery."""
        for reader in self.readers:
            assert reader.stop() == 0
            reader.settings["home_assistant"]["discovery"] = False
            reader.start()

    # -- what Home Assistant has ---------------------------------------------------------------------------------------

    def entities(self, address: str) -> dict[str, dict[str, Any]]:
        """The enabled entities of a meter, as registered, by what follows its address in their identifier."""
        start = f"teleinfo_{address}_"
        return {
            entry["unique_id"].removeprefix(start): entry
            for entry in self.home.registered()
            if entry["unique_id"].startswith(start) and entry["disabled_by"] is None
        }

    def shown(self) -> dict[str, dict[str, Any]]:
        """The states of the enabled entities of all meters, by their ids; one that was just registered has none yet."""
        enabled = [entry["entity_id"] for entry in self.home.registered() if entry["disabled_by"] is None]
        states = self.home.states()
        return {entity: states.get(entity, {"state": "unavailable", "attributes": {}}) for entity in enabled}

    def missing(self) -> list[str]:
        """The enabled entities that have no value, and the meters that have no entity."""
        silent = [entity for entity, shown in self.shown().items() if shown["state"] in NOTHING]
        announced = {entry["unique_id"].split("_")[1] for entry in self.home.registered()}
        return silent + sorted(set(self.addresses) - announced)

    def registers(self) -> list[str]:
        """The entities that count energy, of all meters."""
        return [entity for entity, shown in self.shown().items() if shown["attributes"].get("device_class") == "energy"]

    def state(self, address: str, key: str) -> str:
        """The state of an entity of a meter."""
        return str(self.home.states()[self.entities(address)[key]["entity_id"]]["state"])

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

    def statistics(self, entities: list[str], since: str) -> dict[str, list[dict[str, Any]]]:
        """The five-minute statistics of each, in Wh."""
        found: dict[str, list[dict[str, Any]]] = self.home.call(
            "recorder/statistics_during_period",
            start_time=since,
            statistic_ids=entities,
            period="5minute",
            types=["sum", "state"],
            units={"energy": "Wh"},
        )
        return found

    def complaints(self) -> list[str]:
        """Home Assistant's warnings and errors that are about us, or may be."""
        return [text for text in self.home.complaints() if _OURS.search(text) and not _ELSEWHERE.search(text)]

    # -- waiting -------------------------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], Any], within: float, what: Callable[[], object]) -> None:
        """Wait until a condition holds; on a timeout, show what there is instead."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"not within {within:.0f} s: {str(what())[:2000]}"
            time.sleep(0.2)  # between two looks

    def wait_for_all(self, within: float, *, but: tuple[str, ...] = ()) -> None:
        """Wait until each enabled entity of each meter has a value, but those whose ids end with one of these."""
        self.wait(lambda: all(missing.endswith(but) for missing in self.missing()), within, self.missing)

    def show(self, meter: OwnMeter, more: int) -> None:
        """Let one of our meters count so many Wh, and wait until Home Assistant shows it."""
        index = f"{FIRST_INDEX + more:09}"
        meter.change(EAST=index, EASF01=index)
        shown = str(int(index))
        self.wait(
            lambda: self.state(meter.address, "east") == shown,
            APPEARS_WITHIN,
            lambda: self.state(meter.address, "east"),
        )

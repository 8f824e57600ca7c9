"""What is shown of a meter, from its frames."""

import time
from datetime import timedelta
from typing import Any

import pytest

from common.contract.frame import Value
from reader.simulator.meter import KINDS
from reader.watch.meter_view import MeterView
from reader.watch.plain import plain_line
from reader.watch.texts import Translations
from reader.watch.view import Alert, Gauge, Level, LineQuality, SourceValue, View
from tests.reader.watch.watched import BASE_THREE, HCHP, PRODUCER, TEMPO, frame, watched
from tests.support.frames import simulated


def view(values: dict[str, Value], language: str = "fr", *, seconds: int = 130, **changes: Any) -> View:
    return watched(values, language, seconds=seconds, **changes).view(1000.0 + seconds - 1)


def plain(texts: Any) -> list[str]:
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


@pytest.mark.parametrize(
    ("values", "changes", "value", "limit", "level"),
    [
        (HCHP, {}, 2950, 9000, Level.CALM),
        (HCHP, {"PAPP": 6300}, 6300, 9000, Level.NEAR),
        (HCHP, {"PAPP": 8100}, 8100, 9000, Level.OVER),
        (HCHP, {"ADPS": 46, "PAPP": 1000}, 1000, 9000, Level.OVER),
        (HCHP, {"ISOUSC": 0}, 2950, None, Level.CALM),
        (HCHP, {"PAPP": None}, 2990, 9000, Level.CALM),
        (BASE_THREE, {}, 8500, 12000, Level.NEAR),
        (TEMPO, {}, 9240, 12000, Level.NEAR),
        (TEMPO, {"STGE": "07DA9480"}, 9240, 12000, Level.OVER),
        (PRODUCER, {}, 0, 9000, Level.CALM),
    ],
)
def test_power_is_compared_with_the_subscribed_power(
    values: dict[str, Value], changes: dict[str, Any], value: int, limit: int | None, level: Level
) -> None:
    power = view(values, **changes).power
    assert power == Gauge(name="Puissance", value=value, limit=limit, unit="VA", level=level)


def test_each_phase_has_its_own_share() -> None:
    phases = view(TEMPO, "en").phases
    assert [(gauge.name, gauge.value, gauge.limit, gauge.level) for gauge in phases] == [
        ("Phase 1", 5, 20, Level.CALM), ("Phase 2", 15, 20, Level.NEAR), ("Phase 3", 20, 20, Level.OVER),
    ]  # fmt: skip
    assert [gauge.details for gauge in phases] == [("234 V", "1,155 VA"), ("229 V", "3,435 VA"), ("231 V", "4,650 VA")]
    historic = view(BASE_THREE).phases
    assert [(gauge.value, gauge.limit, gauge.details) for gauge in historic] == [
        (19, 20, ()),
        (15, 20, ()),
        (3, 20, ()),
    ]
    assert view(HCHP).phases == ()


def test_an_impossible_power_of_a_phase_is_not_shown() -> None:
    assert view(TEMPO, SINSTS1=48370).phases[0].details == ("234 V",)


@pytest.mark.parametrize(
    ("values", "language", "details"),
    [
        (HCHP, "fr", ["disponible : 6 050 VA, 32 A", "courant 13 A", "≈ 0 W actifs"]),
        (HCHP, "en", ["available: 6,050 VA, 32 A", "current 13 A", "≈ 0 W active"]),
        (TEMPO, "fr", ["disponible : 2 760 VA, -3 A", "≈ 0 W actifs"]),
        (PRODUCER, "fr", ["disponible : 9 000 VA, 39 A", "courant 16 A", "230 V", "≈ 0 W actifs"]),
    ],
)
def test_shows_what_is_available_and_the_current(values: dict[str, Value], language: str, details: list[str]) -> None:
    assert plain(view(values, language).details) == details


@pytest.mark.parametrize(
    ("values", "language", "tariff", "colours"),
    [
        (HCHP, "fr", ("Heures pleines / creuses", "Heures pleines"), ()),
        (BASE_THREE, "fr", ("Base",), ()),
        (BASE_THREE, "en", ("Base",), ()),
        (TEMPO, "fr", ("Tempo", "Heures pleines jour rouge"),
         (("aujourd'hui", "rouge", "red"), ("demain", "bleu", "blue"))),
        (TEMPO, "en", ("Tempo", "Peak red"), (("today", "red", "red"), ("tomorrow", "blue", "blue"))),
        (PRODUCER, "fr", ("Producteur", "Index unique (producteur)"), ()),
    ],
)  # fmt: skip
def test_names_the_tariff_and_the_colours_in_words(
    values: dict[str, Value], language: str, tariff: tuple[str, ...], colours: tuple[tuple[str, str, str], ...]
) -> None:
    shown = view(values, language)
    assert shown.tariff == tariff
    assert shown.colours == colours


@pytest.mark.parametrize(
    ("values", "registers"),
    [
        (HCHP, [("Total soutiré", "58 506,887 kWh", False, True), ("Heures creuses", "20 207,739 kWh", False, False),
                ("Heures pleines", "38 299,148 kWh", True, False)]),
        (BASE_THREE, [("Option Base", "61 595,212 kWh", True, False)]),
        (TEMPO, [("Total soutiré", "56 688,647 kWh", False, True),
                 ("HC jours bleus", "15 068,929 kWh", False, False),
                 ("HP jours bleus", "28 467,941 kWh", False, False),
                 ("HC jours blancs", "2 726,946 kWh", False, False),
                 ("HP jours blancs", "5 456,733 kWh", False, False),
                 ("HC jours rouges", "1 563,352 kWh", False, False),
                 ("HP jours rouges", "3 404,746 kWh", True, False)]),
        (PRODUCER, [("Index unique du producteur", "53 885,268 kWh", True, False),
                    ("Total injecté", "15 836,539 kWh", False, True)]),
    ],
)  # fmt: skip
def test_shows_the_indexes_and_which_of_them_is_running(
    values: dict[str, Value], registers: list[tuple[str, str, bool, bool]]
) -> None:
    shown = [(*plain([shown.name, shown.energy]), shown.running, shown.total) for shown in view(values).registers]
    assert shown == registers


@pytest.mark.parametrize(
    ("values", "changes", "alerts"),
    [
        (HCHP, {}, []),
        (HCHP, {"ADPS": 46}, [("Dépassement de puissance", Level.OVER)]),
        (BASE_THREE, {"PPOT": "02"}, [("Une phase est absente", Level.OVER)]),
        (TEMPO, {"STGE": "47DA9450"}, [("Surtension", Level.OVER),
                                       ("Cache-bornes ouvert", Level.NEAR)]),
        (TEMPO, {"STGE": "17DB9402"}, [("Organe de coupure ouvert sur surpuissance", Level.OVER),
                                       ("L'horloge du compteur n'est pas fiable", Level.NEAR)]),
        (PRODUCER, {}, [("Message : COUPURE DEMAIN A 9H", Level.CALM)]),
    ],
)  # fmt: skip
def test_shows_alerts(values: dict[str, Value], changes: dict[str, Any], alerts: list[tuple[str, Level]]) -> None:
    assert list(view(values, **changes).alerts) == [Alert(*alert) for alert in alerts]


def test_shows_exported_power_and_the_highest_power_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    time.tzset()
    try:
        assert plain([view(PRODUCER).exported, view(TEMPO).exported, view(HCHP).exported]) == ["3 597 VA", "", ""]
        assert plain([view(TEMPO).highest, view(HCHP).highest]) == ["9 716 VA à 08:30", ""]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_shows_what_sources_sent() -> None:
    values = [
        SourceValue("toit\x1b", None, "power", 2812.4),
        SourceValue("jardin", None, "temperature", -3.26),
        SourceValue("prise", None, "energy", 6146808.0),
    ]
    meter = watched(PRODUCER)
    shown = meter.view(1129.0, values)
    assert plain(shown.sources) == ["toit\\x1b 2 812 W", "jardin -3,3 °C", "prise 6 146,808 kWh"]
    assert plain_line(shown, Translations("fr")).count("; jardin -3,3 °C; ") == 1
    assert meter.view(1129.0).sources == ()


def test_the_first_frame_shows_everything_but_indexes_which_need_a_second_one() -> None:
    first = view(TEMPO, seconds=1)
    assert first.power is not None
    assert first.tariff == ("Tempo", "Heures pleines jour rouge")
    assert (first.registers, first.line.rate, first.online) == ((), None, True)
    assert len(view(TEMPO, seconds=2).registers) == 7


def test_a_line_with_damaged_frames_only_shows_what_is_undamaged() -> None:
    meter = MeterView("031961123456", Translations("fr"))
    for second in range(4):
        meter.on_frame(frame(HCHP, dropped=3), 1000.0 + second)
    shown = meter.view(1003.0)
    assert shown.power is not None
    assert len(shown.registers) == 3
    assert (shown.line.dropped, shown.line.groups) == (12, 44 + 12)


def test_the_history_has_the_highest_power_of_each_five_seconds() -> None:
    meter = watched(HCHP, seconds=20)  # until 1019
    meter.on_frame(frame(HCHP | {"PAPP": 5000}), 1021.0)
    meter.on_frame(frame(HCHP | {"PAPP": 400}), 1024.0)
    assert len(meter.view(1024.0).history) == 24  # two minutes
    assert [power for power in meter.view(1030.0).history if power] == [2950] * 4 + [5000]
    assert meter.view(1030.0).history[-1] is None
    meter.on_frame(frame(HCHP | {"PAPP": 400}), 1200.0)
    assert len(meter.view(1200.0).history) == 60
    meter.on_frame(frame(HCHP | {"PAPP": 400}), 4000.0)
    assert [power for power in meter.view(4000.0).history if power] == [400]


def test_counts_frames_and_damage_of_the_line() -> None:
    meter = watched(HCHP, seconds=60)
    assert meter.view(1059.0).line == LineQuality(1.0, 0, 660, 0)
    for _ in range(4):
        meter.on_frame(frame(HCHP, dropped=5), 1060.0)
    meter.set_parity_errors(7)
    assert meter.view(1060.0).line == LineQuality(33 / 30, 20, 660 + 44 + 20, 7)
    meter.set_online(False)
    silent = meter.view(1100.0)
    assert silent.online is False
    assert silent.line.rate == 0


@pytest.mark.parametrize("kind", KINDS[::3])
def test_every_kind_of_meter_has_something_to_show(kind: str) -> None:
    first, *others = simulated(kind, 8, every=timedelta(seconds=1))
    following = MeterView(first.meter, Translations("fr"))
    for second, sent in enumerate([first, *others]):
        following.on_frame(sent, 1000.0 + second)
    shown = following.view(1008.0)
    assert shown.power is not None
    assert shown.power.limit
    assert len(shown.tariff) >= 1
    assert sum(register.running for register in shown.registers) == 1
    assert len(shown.phases) == (3 if "three" in kind else 0)


@pytest.mark.parametrize(
    ("values", "language", "line"),
    [
        (HCHP, "fr", "031961123456; en ligne; 2 950 VA sur 9 000; Heures pleines / creuses; Heures pleines; "
                     "Heures pleines 38 299,148 kWh"),
        (PRODUCER, "en", "032161123456; online; 0 VA of 9,000; Exporting 3,597 VA; Producteur; "
                         "Index unique (producteur); Single register of the producer 53,885.268 kWh; "
                         "Message: COUPURE DEMAIN A 9H"),
    ],
)  # fmt: skip
def test_a_view_as_a_line_of_text(values: dict[str, Value], language: str, line: str) -> None:
    assert plain_line(view(values, language), Translations(language)) == line


def test_texts_of_a_frame_cannot_control_the_terminal() -> None:
    evil = "\x1b]0;pwned\x07\x1b[31mRED\x1b[2J\n"
    for label in ("LTARF", "NGTF", "MSG1"):
        for language in ("fr", "en"):
            shown = view({**PRODUCER, label: evil}, language)
            line = plain_line(shown, Translations(language))
            texts = [line, shown.meter, *shown.tariff, *(alert.text for alert in shown.alerts)]
            texts += [register.name for register in shown.registers]
            assert "pwned" in "".join(texts).lower()
            assert all(text.isprintable() for text in texts), texts


def test_a_topic_cannot_control_the_terminal() -> None:
    assert MeterView("031\x1b[2J", Translations("fr")).view(0.0).meter == "031\\x1b[2J"

"""What a terminal of some size shows of a meter."""

import io
from datetime import timedelta

import pytest
from rich.console import Console

from common.contract.frame import Value
from reader.watch.screen import Footer, draw
from reader.watch.texts import Translations
from reader.watch.view import SourceValue, View
from tests.reader.watch.watched import BASE_THREE, HCHP, PRODUCER, START, TEMPO, frame, watched


def view(values: dict[str, Value], language: str = "fr", *, seconds: int = 130) -> View:
    return watched(values, language, seconds=seconds).view(1000.0 + seconds - 1)


def shown(views: list[View], language: str = "fr", *, width: int = 80, height: int = 24, note: str = "") -> list[str]:
    console = Console(width=width, height=height, record=True, file=io.StringIO(), force_terminal=True, no_color=True)
    footer = Footer("/dev/ttyAMA0", note, "advice")
    console.print(draw(views, footer, Translations(language), width=width, height=height), end="")
    return [line.replace("\N{NO-BREAK SPACE}", " ").rstrip() for line in console.export_text().splitlines()]


def test_a_three_phase_meter_with_tempo_on_a_usual_terminal_in_english() -> None:
    at = (START - timedelta(hours=11)).astimezone().strftime("%H:%M")
    assert shown([view(TEMPO, "en")], "en") == [
        "╭─ Meter 042176123456  ● online ───────────────────────────────────────────────╮",
        "│ Power       ━━━━━━━━━━━━━━━━━━━━━━━━━━              9,240 VA of 12,000  77 % │",
        "│             available: 2,760 VA, -3 A · ≈ 0 W active                         │",
        "│                                                                              │",
        "│ Phase 1     ━━━━━━━━╸                                5 A     234 V  1,155 VA │",
        "│ Phase 2     ━━━━━━━━━━━━━━━━━━━━━━━━━╸              15 A     229 V  3,435 VA │",
        "│ Phase 3     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━      20 A     231 V  4,650 VA │",
        "│                                                                              │",
        "│ 5 min                          ███████████████                  max 9,240 VA │",
        "│                                ███████████████                               │",
        "│                                ███████████████                               │",
        "│                                                                              │",
        "│ Tariff      Tempo · Peak red                                                 │",
        "│             today ● red   tomorrow ● blue                                    │",
        "│ Indexes       Total imported                      56,688.647 kWh             │",
        "│               Off-peak blue days                  15,068.929 kWh             │",
        "│               Peak blue days                      28,467.941 kWh             │",
        "│               Off-peak white days                  2,726.946 kWh             │",
        "│               Peak white days                      5,456.733 kWh             │",
        "│               Off-peak red days                    1,563.352 kWh             │",
        "│             ▸ Peak red days                        3,404.746 kWh             │",
        f"│ Max today   9,716 VA at {at}                                                │",
        "╰──────────── standard mode · 1.0 frames/s · groups dropped 0.00 % · parity 0 ─╯",
        " /dev/ttyAMA0                                                           q: quit",
    ]


@pytest.mark.parametrize("size", [(80, 24), (40, 6), (41, 9), (60, 13), (100, 30), (250, 70)], ids=str)
@pytest.mark.parametrize("values", [HCHP, BASE_THREE, TEMPO, PRODUCER], ids=["hchp", "base", "tempo", "producer"])
def test_nothing_exceeds_the_screen_and_the_power_is_on_it(values: dict[str, Value], size: tuple[int, int]) -> None:
    width, height = size
    one = view(values)
    assert one.power is not None
    for views in ([one], [one, one], [one] * 4):
        lines = shown(views, width=width, height=height)
        assert len(lines) <= height
        assert max(map(len, lines)) <= width
        assert any(f" {one.power.value:,} VA".replace(",", " ") in line for line in lines)
        assert lines[-1].endswith("q : quitter")


def test_what_sources_sent_is_a_line_where_there_is_room() -> None:
    values = [SourceValue("toit", None, "power", 2812.4), SourceValue("jardin", None, "temperature", 5.0)]
    found = watched(PRODUCER).view(1129.0, values)
    assert "│ Sources     toit 2 812 W · jardin 5,0 °C                                     │" in shown([found])
    assert not any("Sources" in line for line in shown([found], height=6))


def test_several_meters_share_the_screen_and_those_that_do_not_fit_are_counted() -> None:
    lines = shown([view(HCHP), view(TEMPO), view(BASE_THREE), view(PRODUCER), view(HCHP), view(TEMPO)])
    assert [line[12:24] for line in lines if "Compteur" in line] == [
        "031961123456", "042176123456", "041961123456", "032161123456",
    ]  # fmt: skip
    assert "2 autres compteurs" in lines[-1]


def test_a_small_screen_keeps_the_running_index_and_the_total() -> None:
    lines = shown([view(TEMPO)], height=12)
    indexes = [line for line in lines if "kWh" in line]
    assert len(indexes) == 2
    assert "Total soutiré" in indexes[0]
    assert "▸ HP jours rouges" in indexes[1]


def test_shows_that_a_meter_is_offline_and_a_warning() -> None:
    silent = watched(HCHP)
    silent.set_online(False)
    lines = shown([silent.view(1200.0)], note="/dev/ttyAMA0: no such device")
    assert "● aucune trame" in lines[0]
    assert lines[-1].startswith(" /dev/ttyAMA0: no such device")


def test_advice_is_shown_until_a_meter_appears() -> None:
    lines = shown([])
    assert "En attente d'une trame" in lines[1]
    assert "advice" in lines[2]
    assert lines[-1].startswith(" /dev/ttyAMA0 ")


@pytest.mark.parametrize(("width", "height"), [(39, 24), (80, 5)])
def test_a_window_that_is_too_small(width: int, height: int) -> None:
    assert shown([view(HCHP)], width=width, height=height) == ["Fenêtre trop petite"]


def test_the_chart_shows_the_highest_power_of_the_time_of_each_column() -> None:
    meter = watched(HCHP | {"PAPP": 1000}, seconds=60)
    for second in range(60, 120):
        meter.on_frame(frame(HCHP | {"PAPP": 3000 if second == 62 else 2000}), 1000.0 + second)
    rows = [line.strip("│ ") for line in shown([meter.view(1119.0)]) if "█" in line]
    # Two minutes in 34 columns: 17 of 1000 VA (8 of 24 eighths), two with the peak, the others of 2000 VA (16).
    assert [row.count("█") for row in rows] == [2, 17, 34]

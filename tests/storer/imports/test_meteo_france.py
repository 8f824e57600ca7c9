"""Météo-France's daily data: which station, which day, which value."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigError, FileRefused, TeleinfoError
from storer.imports.meteo_france import DOUBTFUL, EARLY, read_station
from storer.imports.temperatures import plan_days
from tests.support.imports import FILES, content

DEPARTEMENT = FILES / "meteo-france.csv"
DAYS = {date(2025, 1, 1): 48, date(2025, 1, 2): -6, date(2025, 1, 3): -10, date(2025, 1, 6): 62}
HEAD = "NUM_POSTE;AAAAMMJJ;TM;QTM\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "meteo.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize("wanted", ["75114001", "Paris-Montsouris"])
def test_a_station_by_its_number_or_name(wanted: str) -> None:
    """Of 3 January the mean of the hours is doubtful, and that of the least and the greatest is taken."""
    station = read_station(DEPARTEMENT, [wanted])
    assert (station.number, station.name) == ("75114001", "PARIS-MONTSOURIS")
    assert station.days == DAYS
    assert station.left_out == {DOUBTFUL: 1, EARLY: 1}


def test_a_file_may_be_packed(tmp_path: Path) -> None:
    packed = tmp_path / "Q_75_latest-2025-2026_RR-T-Vent.csv.gz"
    packed.write_bytes(gzip.compress(content("meteo-france.csv")))
    assert read_station(packed, ["75114001"]).days == DAYS
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(FileRefused):
        read_station(packed, ["75114001"])


def test_what_the_api_sends_has_other_names(tmp_path: Path) -> None:
    file = written(tmp_path, "POSTE;DATE;TM;QTM\n75114001;20250101;4,8;1\n")
    assert read_station(file, []).days == {date(2025, 1, 1): 48}


@pytest.mark.parametrize("wanted", [[], ["Brest"], ["75106001"]])
def test_a_station_that_is_not_clear_is_asked_for_by_those_that_have_temperatures(wanted: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        read_station(DEPARTEMENT, wanted)
    assert "75114001 PARIS-MONTSOURIS; 75116008 LONGCHAMP" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("start,register,wh\n", "NUM_POSTE"),
        ("", "NUM_POSTE"),
        (f"{HEAD}1;20250230;4.8;1\n", "line 2"),
        (f"{HEAD}1;20250101;480;1\n", "480"),
        (f"{HEAD}1;20250101;warm;1\n", "line 2"),
        (f"{HEAD}1;20250101;4.8;1\n1;20250101;5.8;1\n", "several"),
        (f"{HEAD}1;20050101;4.8;1\n", "2010"),
        (HEAD + "1" * 20_000, "too long"),
        (HEAD + "1" * 200_000, "too long"),
    ],
)
def test_a_file_that_is_not_to_be_believed_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(FileRefused, match=key):
        read_station(written(tmp_path, text), [])


def test_the_name_of_a_station_does_not_control_a_terminal(tmp_path: Path) -> None:
    file = written(tmp_path, "NUM_POSTE;NOM_USUEL;AAAAMMJJ;TM\n1;\x1b[2JPARIS;20250101;4.8\n")
    assert read_station(file, []).title == r"1 \x1b[2JPARIS"


def test_a_file_cannot_name_stations_without_end(tmp_path: Path) -> None:
    lines = "".join(f"{number};20250101;4.8;1\n" for number in range(10_001))
    with pytest.raises(FileRefused, match="stations"):
        read_station(written(tmp_path, f"{HEAD}{lines}"), ["0"])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TeleinfoError, match="cannot be read"):
        read_station(tmp_path / "none.csv", [])


def test_what_is_there_is_kept() -> None:
    station = read_station(DEPARTEMENT, ["75114001"])
    stored = {date(2025, 1, 1): (48, 3), date(2025, 1, 2): (-5, 4)}
    plan = plan_days(station, stored, date(2025, 1, 6))
    assert plan.new == {date(2025, 1, 3): -10, date(2025, 1, 6): 62}
    assert (plan.same, plan.different) == (1, {4: 1})
    with pytest.raises(FileRefused, match="2025-01-06"):
        plan_days(station, stored, date(2025, 1, 5))

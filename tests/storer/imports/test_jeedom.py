import sqlite3
from pathlib import Path

from storer.imports.foreign_database import open_file
from storer.imports.jeedom import parse_jeedom, read_jeedom
from tests.support.imports import PARIS, content, energy, of


def test_readings_in_local_time_become_energy_of_hours() -> None:
    parsed = parse_jeedom(content("jeedom.csv"), PARIS, 0, 1)
    assert energy(parsed) == {"2019-11-17 17:00": 300, "2019-11-17 18:00": 600, "2019-11-17 22:00": 600}
    assert [period.hours for period in of(parsed)] == [1, 1, 4]


def test_an_index_may_be_in_kwh() -> None:
    text = "2019-11-17 17:00:00;1,000000\n2019-11-17 18:00:00;1,250000\n"
    assert energy(parse_jeedom(text.encode(), PARIS, 0, 1000)) == {"2019-11-17 17:00": 250}


def test_readings_of_the_repeated_hour_are_not_placed_and_no_energy_is_lost() -> None:
    text = "".join(f"2025-10-26 0{hour}:00:00;{hour * 100}\n" for hour in (0, 1, 2, 3, 4))
    parsed = parse_jeedom(text.encode(), PARIS, 0, 1)
    assert [(f"{one.end:%H}", one.hours, one.wh) for one in of(parsed)] == [
        ("23", 1, 100),
        ("02", 3, 200),
        ("03", 1, 100),
    ]
    assert sum(parsed.left_out.values()) == 1


def test_both_tables_of_the_database_are_read(tmp_path: Path) -> None:
    file = tmp_path / "jeedom.db"
    with sqlite3.connect(file) as database:
        database.executescript(
            "CREATE TABLE cmd (id INTEGER, name TEXT, isHistorized INTEGER);"
            "CREATE TABLE history (cmd_id INTEGER, datetime DATETIME, value VARCHAR(127));"
            "CREATE TABLE historyArch (cmd_id INTEGER, datetime DATETIME, value VARCHAR(127));"
            "INSERT INTO cmd VALUES (12, 'Index HP', 1), (13, 'Index HC', 1), (14, 'Nom', 0);"
            "INSERT INTO historyArch VALUES (12, '2024-06-01 10:00:00', '1000'), (13, '2024-06-01 10:00:00', '5');"
            "INSERT INTO history VALUES (12, '2024-06-01 11:00:00', '1400.5'), (13, '2024-06-01 11:00:00', '6');"
        )
    database.close()
    with open_file(file) as source:
        parsed = read_jeedom(source, {"12": 2, "13": 1}, PARIS, 1)
    assert energy(parsed, "supplier_2") == {"2024-06-01 09:00": 400}
    assert energy(parsed, "supplier_1") == {"2024-06-01 09:00": 1}

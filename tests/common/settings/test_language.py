"""What is wrong with a configuration, in French."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.config import load
from common.settings.language import French, format_bytes, format_days, language_in, speak
from monitor.base.config import MonitorConfig
from monitor.base.french import TEXTS as MONITOR
from reader.config import ReaderConfig
from reader.french import TEXTS as READER
from storer.config.french import TEXTS as STORER
from storer.config.options import StorerConfig

_ENGLISH = re.compile(r"\b(the|is|are|not|expected|write|with|such|which|and|or|line|of)\b")


def french(kind: type, table: Mapping[str, str], file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(kind, file)
    return [French(table)(str(one)).replace("\u00a0", " ") for one in caught.value.all]


def test_a_sentence_is_found_behind_the_file_the_line_and_the_options(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    assert french(MonitorConfig, MONITOR, file, "log: {format: xml}\nlisten:\n  prefix: x\n") == [
        f"{file}, ligne 1 : log.format : il faut plain ou json, pas 'xml'",
        f"{file}, ligne 3 : listen.prefix : il faut le début d’un chemin tel que /teleinfo, pas 'x'",
    ]


def test_what_is_not_in_the_table_stays_as_it_is() -> None:
    assert French({"a time": "une durée"})("no such sentence") == "no such sentence"
    assert French({"a time": "une durée"})("") == ""


@pytest.mark.parametrize(
    ("kind", "table", "text"),
    [
        (ReaderConfig, READER, "port: [5]\nmqtt: {port: 0, host: 'a:1', topic: a/#}\nnmae: x\nlog: {format: xml}"),
        (ReaderConfig, READER, "port: ttyUSB0\nhide: PRM\nclock: 5\ndelivery: {confirmed_by: [a]}"),
        (ReaderConfig, READER, "device: ["),
        (ReaderConfig, READER, 'device: "d'),
        (ReaderConfig, READER, "device: d\n\tname: x"),
        (ReaderConfig, READER, "device: d\ndevice: e"),
        (ReaderConfig, READER, "device:d"),
        (ReaderConfig, READER, "port: ${NO_SUCH_VARIABLE}"),
        (ReaderConfig, READER, "mqtt:\n"),
        (
            StorerConfig,
            STORER,
            "batch: {wait: soon, size: x}\ndatabase: {port: x, password: 5}",
        ),
        (StorerConfig, STORER, "sources: 5"),
        (StorerConfig, STORER, "sources: []\nretention: {}"),
        (StorerConfig, STORER, "database: {password: a, password_file: b}"),
        (MonitorConfig, MONITOR, "listen: {host: '1.2.3.4:5', prefix: x, names: 5, trusted: [x]}\nauth: x"),
        (MonitorConfig, MONITOR, "contracts: []\nprices: 5"),
        (MonitorConfig, MONITOR, "time_zone: Mars\nframe_ancestors: [x]"),
        (MonitorConfig, MONITOR, "auth: none\npassword_file: x"),
    ],
)
def test_no_english_is_left(kind: type, table: Mapping[str, str], tmp_path: Path, text: str) -> None:
    file = tmp_path / "program.yaml"
    for said in french(kind, table, file, text):
        # What was written, or is to be written, stays as it is.
        words = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\{.*\}|\[.*\]", "", said.replace(str(file), ""))
        assert not _ENGLISH.search(words), said


@pytest.mark.parametrize(
    ("configuration", "language"),
    [
        ("home_assistant:\n  language: en\n", "en"),
        ("home_assistant: {language: fr}", "fr"),
        ("# language: fr\n", None),
        ("languages: fr", None),
        ("", None),
    ],
)
def test_the_language_is_that_of_the_configuration_however_wrong_the_rest(
    configuration: str, language: str | None
) -> None:
    assert language_in(f"x: [\n{configuration}") == language


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [(0, "0 B", "0 o"), (6.4e7, "64 MB", "64 Mo"), (9.1e9, "9.1 GB", "9,1 Go"), (2.5e15, "2500 TB", "2500 To")],
)
def test_a_size_has_a_unit(size: float, english: str, french: str) -> None:
    assert format_bytes(size) == english
    speak("fr")
    assert format_bytes(size) == french


@pytest.mark.parametrize(
    ("days", "english", "french"),
    [
        (0.01, "14 minutes", "14 minutes"),
        (1.5, "36 hours", "36 heures"),
        (22, "22 days", "22 jours"),
        (300, "10 months", "10 mois"),
        (5113, "14 years", "14 ans"),
        (40_000, "more than 100 years", "plus de 100 ans"),
    ],
)
def test_a_duration_has_the_largest_unit_that_fits(days: float, english: str, french: str) -> None:
    assert format_days(days) == english
    speak("fr")
    assert format_days(days) == french

"""Findings about a configuration file that cannot be used."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from common.doctor.config_file import config_finding
from common.errors import ConfigError
from common.machine.deployment import VARIABLE
from common.settings.config import load


@dataclass(frozen=True, slots=True)
class Settings:
    name: str = "main"


def finding_of(path: Path) -> tuple[str, str]:
    with pytest.raises(ConfigError) as error:
        load(Settings, path)
    finding = config_finding(error.value, path, "teleinfo-reader")
    return finding.what, finding.fix


def test_a_missing_file_is_to_be_created(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    what, fix = finding_of(file)
    assert what.startswith(f"{file}: ")
    assert f"copy reader.example.yaml to {file}" in fix
    assert "--config" in fix


def test_a_folder_needs_another_path(tmp_path: Path) -> None:
    what, fix = finding_of(tmp_path)
    assert what.startswith(f"{tmp_path}: ")
    assert "--config" in fix


def test_an_invalid_file_is_to_be_corrected(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text("nmae: main\n")
    what, fix = finding_of(file)
    assert "'nmae', did you mean 'name'?" in what
    assert fix.startswith(f"correct {file}")


def test_with_docker_compose_env_is_to_be_corrected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the file is part of the image."""
    monkeypatch.setenv(VARIABLE, "compose")
    file = tmp_path / "reader.yaml"
    file.write_text("nmae: main\n")
    _, fix = finding_of(file)
    assert fix.startswith("correct .env;")

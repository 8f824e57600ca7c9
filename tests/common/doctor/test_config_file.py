"""What a doctor says of a configuration file that cannot be read."""

from dataclasses import dataclass
from pathlib import Path

from common.doctor.config_file import read_config


@dataclass(frozen=True, slots=True)
class Settings:
    name: str = "main"


def said(path: Path) -> tuple[str, str]:
    config, (finding,) = read_config(Settings, path, "teleinfo-reader")
    assert config is None
    return finding.what, finding.fix


def test_a_file_that_is_not_there_is_to_be_written(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    assert said(file) == (
        f"{file}: cannot be read: No such file or directory",
        f"name your file with --config, or copy reader.example.yaml to {file} and fill it in",
    )


def test_a_folder_is_not_to_be_corrected(tmp_path: Path) -> None:
    assert said(tmp_path) == (f"{tmp_path}: cannot be read: Is a directory", "name the file in it, with --config")


def test_a_wrong_file_is(tmp_path: Path) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text("nmae: main\n")
    what, cure = said(file)
    assert what == f"{file}: unknown option 'nmae', did you mean 'name'?"
    assert cure == f"correct {file}; reader.example.yaml shows every option"

from pathlib import Path

import pytest

from common.config import load
from common.errors import ConfigError
from reader.config import ReaderConfig


def hidden(tmp_path: Path, labels: str) -> frozenset[str]:
    file = tmp_path / "reader.yaml"
    file.write_text(f"port: /dev/ttyUSB0\nhide: [{labels}]\n")
    return load(ReaderConfig, file).hide


@pytest.mark.parametrize("label", ["prm", "Prm", "'PRM '"])
def test_a_label_in_small_letters_is_refused_because_it_would_hide_nothing(tmp_path: Path, label: str) -> None:
    with pytest.raises(ConfigError, match=r"hide: no meter sends '.+', did you mean 'PRM'\?"):
        hidden(tmp_path, label)


def test_a_label_that_we_do_not_know_can_be_hidden(tmp_path: Path) -> None:
    assert hidden(tmp_path, "PRM, NEW1") == {"PRM", "NEW1"}

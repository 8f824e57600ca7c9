from pathlib import Path

import pytest

from deploy.app.options import Options, read_options


def test_options_of_a_new_app_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text(
        '{"ports": [], "addresses": [], "mode": "auto", "language": "auto", "database": "internal", "mqtt": {}}'
    )
    assert read_options(file) == Options()


def test_empty_entries_of_the_form_count_as_none_and_a_port_once(tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text(
        '{"ports": ["/dev/ttyUSB0", null, "/dev/ttyUSB0"], "addresses": ["", "socket://10.0.0.2:5331"],'
        ' "password": "", "statistics": true, "mqtt": {"host": "nas"}, "unknown": 1}'
    )
    assert read_options(file) == Options(
        ("/dev/ttyUSB0", "socket://10.0.0.2:5331"), mqtt={"host": "nas"}, statistics=True
    )


def test_options_that_are_half_written_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text('{"ports": [')
    with pytest.raises(ValueError, match="Expecting"):
        read_options(file)

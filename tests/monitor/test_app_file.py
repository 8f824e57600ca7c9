import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.app_file import AppFile

PORT = "/dev/serial/by-id/usb-FTDI_FT230X-if00-port0"
SAID: dict[str, Any] = {
    "ports": [],
    "found": [{"port": PORT, "says": "standard mode, meter 031961123456", "meter": True}],
    "broker": "none",
    "database": "internal",
}


def write(file: Path, said: Any) -> None:
    later = file.stat().st_mtime_ns + 1_000_000_000 if file.exists() else None
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    if later is not None:  # however coarse the clock of the file system is
        os.utime(file, ns=(later, later))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"says": f"{PORT} is silent: no character in 6 s", "meter": False}, ("is silent: no character in 6 s", False)),
        ({"says": f"{PORT}: 5 stray characters"}, ("5 stray characters", None)),
    ],
)
def test_what_was_received_does_not_repeat_the_port(tmp_path: Path, said: Any, found: tuple[str, bool | None]) -> None:
    write(tmp_path / "app.json", SAID | {"found": [{"port": PORT} | said]})
    read = AppFile(tmp_path / "app.json").read()
    assert read is not None
    assert read["found"] == [{"port": PORT, "says": found[0], "meter": found[1]}]


def test_what_the_app_says_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    write(tmp_path / "app.json", SAID)
    file = AppFile(tmp_path / "app.json")
    assert file.read() == SAID
    write(tmp_path / "app.json", SAID | {"ports": [PORT], "found": [], "broker": "service", "more": 1})
    assert file.read() == SAID | {"ports": [PORT], "found": [], "broker": "service"}


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        {},
        SAID | {"ports": "all"},
        SAID | {"ports": [1]},
        SAID | {"found": [PORT]},
        SAID | {"found": [{"port": PORT}]},
        SAID | {"found": [{"port": PORT, "says": "a meter", "meter": "yes"}]},
        SAID | {"broker": "mosquitto"},
        SAID | {"broker": ["none"]},
        SAID | {"database": None},
    ],
)
def test_a_file_that_is_absent_or_broken_says_nothing_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, said: Any
) -> None:
    if said is not None:
        write(tmp_path / "app.json", said)
    file = AppFile(tmp_path / "app.json")
    with caplog.at_level(logging.WARNING):
        assert [file.read() for _ in range(3)] == [None] * 3
    (line,) = caplog.messages
    assert line.startswith(f"app: {tmp_path / 'app.json'}: ")
    assert "\n" not in line
    write(tmp_path / "app.json", SAID)
    assert file.read() == SAID

import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.machine.host import Host
from deploy.app import watch
from deploy.app.options import Options
from deploy.app.watch import has_accounts

SERVER = {"host": "core-mariadb", "password": "s"}


@pytest.mark.parametrize(
    ("database", "answers", "expected"),
    [
        ("internal", {}, True),
        ("internal", {"mysql": SERVER, "accounts": SERVER | {"password": "old"}}, True),  # of an option of before
        ("mariadb", {}, True),  # there is no server yet
        ("mariadb", {"mysql": SERVER}, False),
        ("mariadb", {"mysql": SERVER, "accounts": SERVER}, True),
        ("mariadb", {"mysql": SERVER, "accounts": SERVER | {"host": "elsewhere"}}, False),
    ],
)
def test_accounts_are_made_once_at_each_server(database: str, answers: Any, expected: bool) -> None:
    assert has_accounts(Options(database=database), answers) is expected


BY_ID = "/dev/serial/by-id/usb-"
METER, RADIO = f"{BY_ID}FTDI_FT230X_Basic_UART_DK0FTE5V-if00-port0", f"{BY_ID}ITEAD_SONOFF_Zigbee_3.0-if00"


def test_the_page_is_told_of_ports_that_come_and_go_and_none_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[Any] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: prepared.append(command[-1]))
    monkeypatch.setattr(watch, "Host", lambda: Host(tmp_path))
    by_id = tmp_path / "dev" / "serial" / "by-id"
    by_id.mkdir(parents=True)

    def plug(port: str, number: int) -> Path:
        device, link = tmp_path / "dev" / f"ttyUSB{number}", by_id / Path(port).name
        device.mkdir()  # whoever opens it fails
        link.symlink_to(device)
        return link

    found = watch._follow_ports(None)
    radio = plug(RADIO, 0)
    for _ in range(3):
        found = watch._follow_ports(found)
    plug(METER, 1)
    found = watch._follow_ports(found)
    assert found == [METER, RADIO]
    radio.unlink()
    (tmp_path / "dev" / "ttyUSB0").rmdir()
    assert watch._follow_ports(found) == [METER]
    assert prepared == ["prepare"] * 3

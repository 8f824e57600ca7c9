"""The command `setup meter`: which ports are listened to, what is said of them, and what is written into .env."""

import os
from collections import Counter
from pathlib import Path

import pytest

from common.contract.labels import Mode
from deploy.compose import meter
from deploy.serial_ports import port_groups
from reader.check.line import LineFacts
from tests.test_layers import ROOT

A, B = "031961123456", "041976118895"
RADIO = "/dev/serial/by-id/usb-Nabu_Casa_SkyConnect_v1.0_3abe-if00-port0"
USB, PI = "/dev/serial/by-id/usb-FTDI", "/dev/ttyAMA0"


def with_meter(port: str, address: str = A) -> LineFacts:
    return LineFacts(
        url=port, wanted="auto", seconds=12, frames=8, good=80, mode=Mode.STANDARD, meters={address},
        values={"ADSC": address, "NGTF": "BASE"}, dropped=Counter(),
    )  # fmt: skip


def silent(port: str) -> LineFacts:
    return LineFacts(url=port, wanted="auto", seconds=12)


def test_ports_with_a_meter_are_found_each_meter_once_and_the_others_are_told_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = {USB: with_meter(USB), PI: silent(PI)}
    assert meter.look([PI, USB], lambda port: lines[port]) == [USB]
    said = capsys.readouterr().out
    assert f"{PI}: {PI} is silent" in said
    assert "I1 and I2" in said  # what to do about it
    assert f"1.  {USB}" in said
    assert A in said
    assert meter.look([PI, USB], with_meter) == [PI]  # a port has several names
    addresses = {PI: A, USB: B}
    assert meter.look([PI, USB], lambda port: with_meter(port, addresses[port])) == [PI, USB]


@pytest.mark.parametrize(
    ("answers", "chosen"), [(["2"], [USB]), ([""], [PI, USB]), (["x", "3", "2,1"], [USB, PI]), (["1 1"], [PI])]
)
def test_a_person_chooses_among_several(answers: list[str], chosen: list[str]) -> None:
    assert meter.choose([PI, USB], lambda _: answers.pop(0)) == chosen
    assert answers == []
    assert meter.choose([PI], lambda _: pytest.fail("asked")) == [PI]


def test_env_is_made_of_the_example_and_names_the_port(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    assert meter.write_env(tmp_path, [PI]) == 0
    written = (tmp_path / ".env").read_text()
    assert [line for line in written.splitlines() if line and not line.startswith("#")] == [f"TIC_PORT={PI}"]
    assert "# READER_NAME=home" in written
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("# TIC_PORT=old\nTIC_PORT=x\nTZ=Europe/London", PI, f"# TIC_PORT=old\nTIC_PORT={PI}\nTZ=Europe/London"),
        ("TZ=Europe/London\n# TIC_PORT=x\n", PI, f"TZ=Europe/London\nTIC_PORT={PI}\n"),
        ("TZ=Europe/London", PI, f"TZ=Europe/London\nTIC_PORT={PI}\n"),
        ("", PI, f"TIC_PORT={PI}\n"),
        ("TIC_PORT=x\n", r"/dev/\1", "TIC_PORT=/dev/\\1\n"),
    ],
)
def test_of_an_env_that_is_there_only_the_port_changes(before: str, value: str, after: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(before)
    assert meter.write_env(tmp_path, [value]) == 0
    assert (tmp_path / ".env").read_text() == after


def test_an_env_that_cannot_be_written_is_told_what_to_put_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").mkdir()
    assert meter.write_env(tmp_path, [PI]) == 1
    said = capsys.readouterr().err
    assert said.startswith("meter: .env cannot be written")
    assert f"TIC_PORT={PI}" in said


def test_several_ports_are_a_list_and_a_port_of_another_group_brings_its_group_along(tmp_path: Path) -> None:
    assert meter.port_variables([PI, USB]) == {"TIC_PORT": f"[{PI}, {USB}]"}
    port = tmp_path / "ttyUSB0"
    port.touch()
    os.chown(port, -1, os.getgid())
    assert meter.port_variables([str(port)]) == {"TIC_PORT": str(port), "TIC_GROUP": str(os.getgid())}
    assert port_groups(tmp_path) == set()  # it is no serial port


@pytest.mark.parametrize(
    ("ports", "said"), [([PI], "no meter found"), ([], "no serial port"), ([RADIO], "no serial port")]
)
def test_where_nothing_is_heard_nothing_is_written(
    ports: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(meter, "serial_ports", lambda _: ports)
    monkeypatch.setattr(meter, "listen", lambda port, *_: silent(port))
    assert meter.main([], tmp_path) == 1
    assert not (tmp_path / ".env").exists()
    assert said in capsys.readouterr().err

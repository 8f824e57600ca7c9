"""The command `setup meter`: which ports are listened to, what is said of them, and what is written into .env."""

import os
from collections import Counter
from pathlib import Path

import pytest

from common.contract.labels import Mode
from deploy.compose import meter
from deploy.serial_ports import port_groups
from reader.doctor.line import LineFacts
from tests.test_layers import ROOT

A, B = "031961123456", "041976118895"
USB, PI = "/dev/serial/by-id/usb-FTDI", "/dev/ttyAMA0"


def with_meter(port: str, address: str = A) -> LineFacts:
    return LineFacts(
        url=port, wanted="auto", seconds=12, frames=8, good=80, mode=Mode.STANDARD, meters={address},
        values={"ADSC": address, "NGTF": "BASE"}, dropped=Counter(),
    )  # fmt: skip


def silent(port: str) -> LineFacts:
    return LineFacts(url=port, wanted="auto", seconds=12)


def test_the_port_with_a_meter_is_found_and_the_others_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    lines = {USB: with_meter(USB), PI: silent(PI)}
    assert meter.look([PI, USB], lambda port: lines[port]) == [USB]
    said = capsys.readouterr().out
    assert f"{PI}: {PI} is silent" in said
    assert "I1 and I2" in said  # what to do about it
    assert f"1.  {USB}" in said
    assert A in said


def test_a_meter_that_is_heard_at_two_ports_is_taken_once() -> None:
    """A port has several names."""
    assert meter.look([PI, USB], with_meter) == [PI]


def test_two_meters_are_two_ports() -> None:
    addresses = {PI: A, USB: B}
    assert meter.look([PI, USB], lambda port: with_meter(port, addresses[port])) == [PI, USB]


@pytest.mark.parametrize(
    ("answers", "chosen"), [(["2"], [USB]), ([""], [PI, USB]), (["x", "3", "2,1"], [USB, PI]), (["1 1"], [PI])]
)
def test_a_person_chooses_among_several(answers: list[str], chosen: list[str]) -> None:
    assert meter.choose([PI, USB], lambda _: answers.pop(0)) == chosen
    assert answers == []


def test_one_needs_no_choice() -> None:
    assert meter.choose([PI], lambda _: pytest.fail("asked")) == [PI]


def test_env_is_made_of_the_example_and_names_the_port(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    assert meter.write_env(tmp_path, [PI]) == 0
    written = (tmp_path / ".env").read_text()
    assert [line for line in written.splitlines() if line and not line.startswith("#")] == [f"TIC_PORT={PI}"]
    assert "# READER_NAME=home" in written
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o644


def test_of_an_env_that_is_there_only_the_port_changes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("READER_NAME=cellar\nTIC_PORT=/dev/ttyS0\n# TIC_PORT=old\nTZ=Europe/London")
    assert meter.write_env(tmp_path, [PI, USB]) == 0
    assert (tmp_path / ".env").read_text() == (
        f"READER_NAME=cellar\nTIC_PORT=[{PI}, {USB}]\n# TIC_PORT=old\nTZ=Europe/London"
    )


def test_what_the_value_contains_is_taken_as_it_is() -> None:
    assert meter.with_variables("TIC_PORT=x\n", {"TIC_PORT": r"/dev/\1"}) == "TIC_PORT=/dev/\\1\n"


def test_an_env_that_cannot_be_written_is_told_what_to_put_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").mkdir()
    assert meter.write_env(tmp_path, [PI]) == 1
    said = capsys.readouterr().err
    assert said.startswith("meter: .env cannot be written")
    assert f"TIC_PORT={PI}" in said


def test_a_port_of_another_group_brings_its_group_along(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    os.chown(port, -1, os.getgid())
    assert meter.port_variables([str(port)]) == {"TIC_PORT": str(port), "TIC_GROUP": str(os.getgid())}


def test_where_nothing_is_heard_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(meter, "listen", lambda port, *_: silent(port))
    assert meter.main([PI], tmp_path) == 1
    assert not (tmp_path / ".env").exists()
    assert "no meter found" in capsys.readouterr().err


def test_where_there_is_no_port_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(meter, "serial_ports", lambda _: [])
    assert meter.main([], tmp_path) == 1
    assert "no serial port" in capsys.readouterr().err


def test_no_group_comes_of_what_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    assert port_groups(tmp_path) == set()

"""The YAML that the package with all programs writes, as the programs read it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from common.settings.config import load
from deploy.machine.configuration import PROGRAMS, mqtt, own_broker, with_broker
from monitor.base.config import MonitorConfig
from reader.config import ReaderConfig
from storer.config.options import StorerConfig

ROOT = Path(__file__).resolve().parents[3]
NAMED: dict[str, Any] = {"host": "192.168.1.5", "port": 8883, "username": "house", "password": "secret", "tls": True}


def test_each_program_has_an_account_of_its_own_at_our_broker() -> None:
    assert [mqtt(program, None, ours=True) for program in PROGRAMS] == [
        {"host": "127.0.0.1", "port": 1884, "username": name, "password_file": f"/etc/teleinfo/{name}-mqtt-password"}
        for name in ("reader", "storer", "monitor")
    ]


def test_a_broker_that_was_there_is_reached_without_an_account() -> None:
    assert mqtt("storer", None, ours=False) == {"host": "127.0.0.1"}


def test_a_broker_of_the_page_is_used_whoever_ours_is_and_its_password_is_not_in_the_yaml() -> None:
    expected = {
        "host": "192.168.1.5",
        "port": 8883,
        "username": "house",
        "password_file": "/etc/teleinfo/broker-password",
        "tls": {},
    }
    assert mqtt("reader", NAMED, ours=True) == mqtt("reader", NAMED, ours=False) == expected
    anonymous = NAMED | {"username": None, "password": None, "tls": False}
    assert mqtt("reader", anonymous, ours=True) == {"host": "192.168.1.5", "port": 8883}


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(
    ("program", "config"), [("reader", ReaderConfig), ("storer", StorerConfig), ("monitor", MonitorConfig)]
)
def test_each_program_understands_its_file(program: str, config: type[Any], ours: bool, tmp_path: Path) -> None:
    text = (ROOT / f"deploy/machine/{program}.yaml").read_text() + (
        own_broker(ours=ours) if program == "monitor" else ""
    )
    file = tmp_path / f"{program}.yaml"
    for named in (None, NAMED):
        file.write_text(with_broker(text, mqtt(program, named, ours=ours)))
        assert load(config, file).mqtt.port == (8883 if named else 1884 if ours else 1883)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'mqtt: {"host": "c"}\n'),
        ('# mine\nmqtt: {"host": "a"}  # old\nmode: auto\n', '# mine\nmqtt: {"host": "c"}\nmode: auto\n'),
        ("mqtt:\n  host: a\n\n  # mine\n  port: 1\n# next\nmode: auto\n", 'mqtt: {"host": "c"}\n# next\nmode: auto\n'),
        ("mqtt: {host: a,\n  port: 1}", 'mqtt: {"host": "c"}\n'),
    ],
    ids=["none", "line", "block", "flow over two lines"],
)  # fmt: skip
def test_only_the_section_of_the_broker_changes(before: str, after: str) -> None:
    assert with_broker(before, {"host": "c"}) == after
    assert with_broker(after, {"host": "c"}) == after


def test_what_a_person_named_at_the_page_cannot_write_other_options() -> None:
    hostile = NAMED | {"username": 'x"}\nport: /dev/mem'}
    read = yaml.safe_load(with_broker("port: ask\n", mqtt("reader", hostile, ours=True)))
    assert read == {"port": "ask", "mqtt": mqtt("reader", hostile, ours=True)}

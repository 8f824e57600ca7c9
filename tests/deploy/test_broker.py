"""The accounts of the broker that comes along, and the broker that the page has named in its place."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import access_rules, hashed, passwords_file, read_accounts, read_broker, read_untrusted
from tests.test_layers import ROOT

HASH = hashed("plug", "secret")
LINE = f"plug device {HASH}\n"
BROKER = {"host": "192.168.1.5", "port": 1883, "username": "teleinfo", "password": "p", "tls": False}
ACL = (ROOT / "mosquitto" / "acl").read_text()


def test_a_hash_is_the_same_each_time_and_another_one_for_each_account() -> None:
    _, kind, iterations, salt, digest = HASH.split("$")
    assert (kind, iterations, len(base64.b64decode(salt))) == ("7", "101", 12)
    assert base64.b64decode(digest) == hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), 101)
    assert hashed("plug", "secret") == HASH
    assert len({HASH, hashed("plug", "other"), hashed("bulb", "secret")}) == 3


def test_accounts_are_read_as_the_page_writes_them() -> None:
    assert read_accounts(f"{LINE}ha home-assistant {HASH}\n") == [
        ("plug", "device", HASH),
        ("ha", "home-assistant", HASH),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plug",
        f"plug device {HASH} more",
        f"plug  device {HASH}",
        f"plug storer {HASH}",  # no role that the page gives
        f"storer device {HASH}",
        f"teleinfo-storer-main device {HASH}",  # the client id of a program
        f"Plug device {HASH}",
        f"plug:x device {HASH}",
        "plug device $7$101$x$y",
        "plug device secret",
    ],
)
def test_a_line_that_is_not_right_is_left_out_and_the_others_count(line: str) -> None:
    assert read_accounts(f"{line}\nha phone {HASH}\n") == [("ha", "phone", HASH)]


def test_the_first_line_of_a_name_counts() -> None:
    assert read_accounts(f"{LINE}plug phone {HASH}\n") == [("plug", "device", HASH)]


def test_an_account_of_the_page_never_takes_the_place_of_one_of_ours() -> None:
    assert passwords_file({"plug": "mine"}, read_accounts(LINE)) == f"plug:{hashed('plug', 'mine')}\n"
    rules = access_rules(ACL, [("plug", "phone"), ("plug", "device")])
    assert rules.count("user plug") == 1
    assert "write" not in rules


def test_each_account_has_the_rules_of_its_role_and_only_these() -> None:
    rules = access_rules(ACL, [("plug", "device"), ("monitor", "monitor")])
    assert rules == (
        "user plug\ntopic readwrite sources/#\ntopic readwrite shellies/#\n\n"
        "user monitor\ntopic read #\ntopic write teleinfo/monitor/+/price\n"
        "topic write teleinfo/monitor/+/alerts\ntopic write teleinfo/monitor/+/ports\n"
    )


def test_a_broker_is_read_as_the_page_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "broker.json"
    assert read_broker(file) is None
    file.write_text(json.dumps(BROKER))
    assert read_broker(file) == BROKER
    file.write_text(json.dumps(BROKER | {"username": None, "password": None, "tls": True}))
    assert read_broker(file) == BROKER | {"username": None, "password": None, "tls": True}


@pytest.mark.parametrize(
    "given",
    [
        [],
        {},
        {"host": "a"},
        BROKER | {"host": ""},
        BROKER | {"host": None},
        BROKER | {"host": "mqtt://a"},
        BROKER | {"host": "a\nb"},
        BROKER | {"port": 0},
        BROKER | {"port": 65536},
        BROKER | {"port": True},
        BROKER | {"port": "1883"},
        BROKER | {"password": "two\nlines"},
        BROKER | {"username": "x" * 201},
        BROKER | {"tls": "yes"},
        BROKER | {"more": 1},
    ],
)
def test_nonsense_names_no_broker(tmp_path: Path, given: Any) -> None:
    (tmp_path / "broker.json").write_text(json.dumps(given))
    assert read_broker(tmp_path / "broker.json") is None


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("text")
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("x" * 65_537)
    (tmp_path / "binary").write_bytes(b"\xff")
    names = ("real", "link", "pipe", "large", "binary", "missing")
    assert [read_untrusted(tmp_path / name) for name in names] == ["text", "", "", "", "", ""]

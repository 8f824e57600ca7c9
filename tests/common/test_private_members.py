import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pymysql.connections
import pytest

from common.database.mariadb import Database, DatabaseConfig
from common.errors import ConfigError
from common.mqtt.session import Session
from common.private_members import MEMBERS, check_members
from common.settings.config import Broker

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_what_is_there_is_enough() -> None:
    check_members("PyMySQL", pymysql.connections.Connection)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        check_members("PyMySQL", SimpleNamespace(_process_auth=1))
    assert "PyMySQL" in str(caught.value)
    assert "_request_authentication" in str(caught.value)
    assert "_process_auth" not in str(caught.value)


def test_no_database_is_asked_with_a_library_that_would_send_the_password_in_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(pymysql.connections.Connection, "_process_auth")
    with pytest.raises(ConfigError):
        Database(DatabaseConfig())


def test_no_session_begins_with_a_library_that_would_pass_the_limits_of_brokers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MEMBERS, "paho-mqtt", ("_is_renamed",))
    with pytest.raises(ConfigError):
        Session(Broker(), "client", subscriptions=[], emit=lambda _: None)


def test_libraries_of_which_such_members_are_used_have_an_upper_bound() -> None:
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["monitor"]]
    for name in MEMBERS:
        (bounds,) = [one for one in wanted if re.match(rf"{name}\b", one, re.IGNORECASE)]
        assert "<" in bounds, bounds

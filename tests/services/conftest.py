"""Gives the tests of this folder a real mosquitto and a real MariaDB of their own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.database.mariadb import Connection
from common.database.mariadb import Database as Client
from tests.support.servers import UNSYNCED_DATABASE, Broker, Database, InstanceError, find_program
from tests.support.storing import make_tables

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("services")


@pytest.fixture(scope="session")
def programs() -> None:
    """Fails, in a line, where the servers are not installed: a test that never ran proves nothing."""
    try:
        for name in ("mosquitto", "mariadbd", "mariadb-install-db", "mariadb"):
            find_program(name)
    except InstanceError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def broker(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker for all tests: whoever stops it starts it again."""
    with Broker(tmp_path_factory.mktemp("broker"), config="log_type error\nlog_type subscribe") as broker:
        yield broker


@pytest.fixture(scope="session")
def database(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database server for all tests: whoever stops it starts it again."""
    with Database(tmp_path_factory.mktemp("database"), options=UNSYNCED_DATABASE) as database:
        yield database


@pytest.fixture
def fresh_database(database: Database) -> Database:
    """The database server, with nothing in the storer's database."""
    database.create_database()
    return database


@pytest.fixture
def tables(fresh_database: Database) -> Client:
    """The storer's tables, without rows."""
    return make_tables(fresh_database)


@pytest.fixture
def connection(tables: Client) -> Iterator[Connection]:
    """A connection to the tables of the test."""
    with contextlib.closing(tables.connect()) as connection:
        yield connection

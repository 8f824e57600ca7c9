"""Broker and database of other apps: absent, refused, late, restarted; no frame is lost meanwhile."""

import json
from collections.abc import Iterator
from http import HTTPStatus

import pymysql
import pytest

from tests.app.house import CORE, DATABASE, WITHIN, House
from tests.app.metered import MeteredApp
from tests.support.programs import wait_until


class WithMariaDB(MeteredApp):
    """The app with the database of the MariaDB app."""

    def sql(self, statement: str) -> list[list[str]]:
        try:
            connection = pymysql.connect(
                host=DATABASE, user="service", password=self.house.passwords["mysql"], connect_timeout=5
            )
            with connection, connection.cursor() as cursor:
                cursor.execute("USE teleinfodb")
                cursor.execute(statement)
                return [[str(field) for field in row] for row in cursor.fetchall()]
        except pymysql.Error:
            return []


@pytest.fixture
def without_services(house: House) -> House:
    """Nothing is provided, and Core is there."""
    # Else it hands the last frames of the test before, whose numbers come again, to the storer of this one.
    house.remove_broker()
    house.set(core=CORE)
    return house


@pytest.fixture
def app(without_services: House) -> Iterator[MeteredApp]:
    """The app and its meter; not started."""
    app = MeteredApp(without_services, "services")
    yield app
    app.remove()


def broker_is(app: MeteredApp, expected: str) -> None:
    def says() -> bool:
        # While programs are restarted with the new broker, Home Assistant answers 502.
        status, _, text = app.get("api/v1/app")
        return status == HTTPStatus.OK and json.loads(text)["broker"] == expected

    wait_until(says, WITHIN, f"the page to say: {expected}")


def test_frames_are_kept_until_there_is_a_broker_and_while_it_restarts(house: House, app: MeteredApp) -> None:
    house.set(allowed=[])  # 403, as for an app that does not ask for the service
    app.start()
    app.counted.frames(20)
    broker_is(app, "none")
    house.set(allowed=["mqtt", "mysql"])
    house.start_broker()
    broker_is(app, "service")
    app.more_rows()
    house.stop_broker()
    app.counted.frames(20)
    house.start_broker()
    app.counted.check_all_stored()


def test_a_broker_of_the_options_counts_more_than_the_service(house: House, app: MeteredApp) -> None:
    house.start_broker()
    app.start(mqtt={"host": "core-mosquitto", "username": "addons", "password": house.passwords["mqtt"]})
    broker_is(app, "options")
    app.more_rows()


@pytest.fixture
def with_mariadb(without_services: House) -> Iterator[WithMariaDB]:
    """An app that shall use the MariaDB app, which is not there yet."""
    without_services.start_broker()
    app = WithMariaDB(without_services, "mariadb")
    try:
        app.start(database="mariadb")
        yield app
    finally:
        app.remove()


def test_the_mariadb_app_may_come_late_and_restart(house: House, with_mariadb: WithMariaDB) -> None:
    app = with_mariadb
    app.counted.frames(20)
    assert "mariadbd" not in {process.name for process in app.processes()}
    house.start_mariadb()
    app.more_rows()
    assert len(app.json("meters")["meters"]) == 1
    # We are the only one who uses the account with all rights.
    users = app.sql("SELECT DISTINCT user FROM information_schema.processlist WHERE id <> CONNECTION_ID() ORDER BY 1")
    assert users == [["teleinfo"], ["teleinfo-monitor"]]
    house.stop_mariadb()
    app.counted.frames(20)
    house.start_mariadb()
    app.counted.check_all_stored()

"""A monitor that is started while the database is away: all that the household has set comes when it is back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.topics import Topics
from monitor.base.addresses import SavedAddresses, write_addresses
from tests.services.test_monitor import Monitor
from tests.support.mail import MailServer
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, wait_until
from tests.support.proxy import Proxy
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import make_tables

METER, TOPICS = "031961123456", Topics("teleinfo")
PRICE, ALERTS, PORTS = TOPICS.price("cellar"), TOPICS.alerts("cellar"), TOPICS.ports("monitor", "cellar")
HOUSEHOLD = {
    "meters": {METER: {"name": "Maison"}},
    "contracts": [{"meter": METER, "from": "2020-01-01", "offer": "mine", "power": 6}],
    "prices": {"offers": [{"id": "mine", "rows": [{"from": "2020-01-01", "kwh": {"BASE": 0.1234}}]}]},
    "page": {"language": "en"},
    "ports": {"reader": "pi", "ports": ["/dev/ttyUSB0"], "labels": {}},
}
FRAME = Frame(
    meter=METER,
    timestamp=datetime(2026, 12, 1, tzinfo=UTC),
    mode=Mode.HISTORIC,
    values={"ADCO": METER, "OPTARIF": "BASE", "ISOUSC": 30, "BASE": 1_000, "PTEC": "TH..", "IINST": 30, "PAPP": 5_950},
)


@contextmanager
def overloaded(mqtt: MqttClient) -> Iterator[None]:
    """A meter of 6 kVA at its limit, each second."""
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(1):
            mqtt.publish(TOPICS.frame(METER), replace(FRAME, timestamp=datetime.now(UTC)).to_json())

    mqtt.retain(TOPICS.state(METER), json.dumps({"contract": "base", "period": "TH", "subscribed_power": 6000}))
    frames = threading.Thread(target=publish)
    frames.start()
    try:
        yield
    finally:
        stop.set()
        frames.join()


def test_prices_ports_and_alerts_come_by_themselves_when_the_database_is_back(
    fresh_database: Server, tmp_path: Path
) -> None:
    save_settings(make_tables(fresh_database), **HOUSEHOLD)
    (tmp_path / "state").mkdir()
    (tmp_path / "broker").mkdir()
    with Broker(tmp_path / "broker") as broker, MailServer() as mail, Proxy(fresh_database.port) as proxy:
        write_addresses(tmp_path / "state", SavedAddresses(1, (mail.url(),)))
        proxy.refuse()
        mqtt = {"host": broker.host, "port": broker.port}
        with Monitor(fresh_database, tmp_path, name="cellar", mqtt=mqtt) as monitor, listen(broker) as heard:
            monitor.settings["database"] |= {"host": "127.0.0.1", "port": proxy.port}
            monitor.begin()
            with overloaded(heard):

                def power() -> object:
                    return monitor.browser.get(f"/api/v1/live?meter={METER}").json["power"]

                wait_until(lambda: power() == 5_950, WITHIN, "it follows the meter", [monitor])
                # What it does not know yet, nobody is told.
                assert [heard.payloads(topic) for topic in (PRICE, ALERTS, PORTS)] == [[], [], []]
                proxy.admit()
                assert json.loads(heard.wait_for(PORTS))["ports"] == ["/dev/ttyUSB0"]
                wait_until(lambda: bool(mail.received), WITHIN, "the message", [monitor])
                assert heard.wait(lambda: any(one["active"] for one in heard.on(ALERTS)))
                (active,) = heard.on(ALERTS)[-1]["active"]
                assert (active["kind"], active["meter"]) == ("overload", METER)
                assert json.loads(heard.wait_for(PRICE))[METER]["price"] == 0.1234
    assert "5,950" in mail.received[0]["Subject"]  # in the language of the household

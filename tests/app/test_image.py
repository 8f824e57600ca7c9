"""The image without Home Assistant: from the code in the log to rows; its broker and another one; kills."""

import http.client
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.app.house import WITHIN, House, docker
from tests.app.image import SHARED, Image
from tests.support.counted import CountedMeter
from tests.support.meters import Meter, meter_on_a_port
from tests.support.mqtt_client import MqttClient, Refused
from tests.support.programs import wait_until

MOST_MEMORY = 260e6  # bytes
LONGEST_STOP = 10.0  # seconds; then Docker kills
OWN_MEMORY = "/dev/shm of its own"
_BROKER = """
printf '%s\\n' 'listener 1883' 'password_file /accounts' >/mosquitto.conf
mosquitto_passwd -c -b /accounts teleinfo secret 2>/dev/null
chmod 644 /accounts
exec mosquitto -c /mosquitto.conf
"""


@pytest.fixture(scope="module")
def image(house: House) -> Iterator[Image]:
    """The first container, as who has a meter at a port and forgets /dev/shm runs it."""
    container = Image(house.one_image, f"{house.prefix}-one")
    with meter_on_a_port() as port:
        house.give_to_dialout(port)
        try:
            container.run("--volume", f"{port}:/dev/ttyUSB0")  # as --device, which takes no pseudo-terminal
            yield container
        finally:
            container.remove_all()


def test_the_log_ends_with_the_code_and_has_nothing_that_looks_like_a_fault(image: Image) -> None:
    wait_until(lambda: "Ready: " in image.log(), WITHIN, "the tables")
    # On a busy machine the page may be there before the broker is.
    *_, last = [line for line in image.log().splitlines() if "Connected to the broker" not in line]
    assert image.code() in last
    loud = [line for line in image.log().splitlines() if re.search(r" (WARNING|ERROR) ", line)]
    # A storer whose session the broker does not know yet says that this is normal.
    expected = (OWN_MEMORY, "No port is chosen yet", "normal on first start")
    assert [line for line in loud if not any(text in line for text in expected)] == []
    assert len([line for line in loud if OWN_MEMORY in line]) == 1


def test_from_the_code_to_rows_by_the_page_alone(image: Image) -> None:
    image.enter_by_code()
    image.set_password()
    assert image.api("GET", "access")["password"] == "set"
    wait_until(lambda: bool(image.readers()), WITHIN, "the reader")
    assert [port["name"] for reader in image.readers() for port in reader["offers"]] == ["/dev/ttyUSB0"]
    assert image.sql("SELECT COUNT(*) FROM frames") == [["0"]]
    image.choose_port("/dev/ttyUSB0")
    wait_until(lambda: image.sql("SELECT COUNT(*) >= 3 FROM frames") == [["1"]], WITHIN, "three rows")


def test_an_account_of_the_page_opens_the_broker_and_a_removed_one_does_not(image: Image) -> None:
    made = image.api("POST", "access/accounts", {"name": "phone-anna", "role": "phone"})

    def opens(name: str, password: str) -> bool:
        try:
            with MqttClient(image.port(1883), name, password) as client:
                client.subscribe("teleinfo/+/frame")
                return True
        except (Refused, OSError):
            return False

    wait_until(lambda: opens(made["name"], made["password"]), WITHIN, "the account")
    assert not opens(made["name"], "another")
    with MqttClient(image.port(1883), made["name"], made["password"], subscribe=("teleinfo/+/frame",)) as client:
        assert client.wait(lambda: bool(client.messages))
    assert image.stop() == 0
    image.start()
    wait_until(lambda: opens(made["name"], made["password"]), WITHIN, "the account after a restart")
    image.api("DELETE", "access/accounts/phone-anna")
    wait_until(lambda: not opens(made["name"], made["password"]), WITHIN, "the account to be gone")


def test_programs_have_users_of_their_own_and_need_little_memory(
    image: Image, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    found = house.processes(image.container)
    users = {process.name: process.uid for process in found}
    names = ("teleinfo-reader", "teleinfo-storer", "teleinfo-monitor", "mariadbd", "mosquitto")
    assert len({users[name] for name in names} | {0}) == len(names) + 1
    memory: Counter[str] = Counter()
    for process in found:
        memory[process.name] += process.memory
    table = "".join(f"{size / 1e6:6.1f} MB {name}\n" for name, size in memory.most_common())
    with capsys.disabled():
        print(f"\n{table}{memory.total() / 1e6:6.1f} MB in all")
    assert memory.total() <= MOST_MEMORY, table


def test_it_stops_before_docker_kills_it(image: Image) -> None:
    began = time.monotonic()
    assert image.stop() == 0
    assert time.monotonic() - began < LONGEST_STOP


class Counted(Image):
    """A container whose meter counts its frames; /dev/shm is that of the machine."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house.one_image, name)
        self.meter = Meter(10, gateway())
        self.counted = CountedMeter(self.meter, self.sql)

    def more_rows(self) -> None:
        """Wait until a frame that is sent from now on has become a row."""
        sent = len(self.meter.sent)
        wait_until(lambda: len(self.meter.sent) > sent, WITHIN, "more frames")
        first, _ = self.meter.sent[sent]
        wait_until(lambda: max(self.counted.rows(), default=-1) >= first, WITHIN, f"frame {first} in the database")


def gateway() -> str:
    """Return the address of this machine in Docker's network."""
    form = "{{(index .IPAM.Config 0).Gateway}}"
    return docker("network", "inspect", "--format", form, "bridge").stdout.decode().strip()


@pytest.fixture(scope="module")
def counted(house: House) -> Iterator[Counted]:
    """A container without a device, whose meter is behind a network address."""
    container = Counted(house, f"{house.prefix}-counted")
    try:
        container.run(*SHARED)
        container.enter_by_code()
        container.set_password()
        container.choose_port(f"socket://machine:{container.meter.port}")
        container.more_rows()
        yield container
    finally:
        container.remove_all()
        container.meter.stop()


@pytest.fixture
def broker(house: House) -> Iterator[str]:
    """A broker elsewhere; yields its address in Docker's network."""
    name = f"{house.prefix}-elsewhere"
    docker("run", "--detach", "--name", name, "eclipse-mosquitto:2.0", "sh", "-c", _BROKER)
    form = "{{.NetworkSettings.IPAddress}}"
    address = docker("inspect", "--format", form, name).stdout.decode().strip()

    def listens() -> bool:
        try:
            socket.create_connection((address, 1883), 1).close()
        except OSError:
            return False
        return True

    wait_until(listens, WITHIN, "the broker elsewhere")
    yield address
    docker("rm", "--force", "--volumes", name)


def test_without_a_device_no_port_is_offered_and_nothing_warns_of_a_kill(counted: Counted) -> None:
    names = [port["name"] for reader in counted.readers() for port in reader["offers"]]
    assert [name for name in names if name.startswith("/dev/")] == []
    assert OWN_MEMORY not in counted.log()


def test_a_kill_of_the_whole_container_and_a_new_one_lose_nothing(counted: Counted) -> None:
    with counted.counted.without_reader():
        counted.kill()
        counted.start()
    counted.counted.frames(20)
    with counted.counted.without_reader():
        counted.remove()
        counted.run(*SHARED)
    counted.more_rows()
    counted.counted.check_all_stored()


def test_another_broker_that_the_page_names_takes_over_and_gives_back_and_no_frame_is_lost(
    counted: Counted, broker: str
) -> None:
    elsewhere = {"host": broker, "port": 1883, "username": "teleinfo", "password": "secret", "tls": False}
    with counted.counted.without_reader():
        counted.api("PUT", "access/broker", elsewhere)
        wait_until(lambda: "mosquitto" not in names_of(counted), WITHIN, "our broker to be down")
        wait_for_broker(counted, broker)
    counted.counted.frames(20)
    counted.more_rows()
    with counted.counted.without_reader():
        counted.api("PUT", "access/broker", {"host": None})
        wait_until(lambda: "mosquitto" in names_of(counted), WITHIN, "our broker to be up")
        wait_for_broker(counted, "127.0.0.1")
    counted.more_rows()
    counted.counted.check_all_stored()


def test_the_broker_of_the_environment_is_used_and_the_page_cannot_change_it(counted: Counted, broker: str) -> None:
    with counted.counted.without_reader():
        counted.remove()
        counted.run(*SHARED, "--env", f"MQTT=mqtt://teleinfo:secret@{broker}")
    counted.more_rows()
    assert "mosquitto" not in names_of(counted)
    assert counted.api("GET", "access")["broker"]["fixed"] is True
    counted.counted.check_all_stored()


def wait_for_broker(container: Counted, host: str) -> None:
    """Wait until the reader is connected there, and the page, which was restarted, too, is back."""

    def connected() -> bool:
        lines = [line for line in container.log().splitlines() if "teleinfo-reader: Connected to the broker" in line]
        return f" {host}:" in lines[-1]

    def answers() -> bool:
        try:
            return bool(container.readers())
        except (OSError, http.client.HTTPException):
            return False

    wait_until(connected, WITHIN, f"the reader at {host}")
    wait_until(answers, WITHIN, f"the page to see the reader at {host}")


def names_of(container: Image) -> set[str]:
    return set(container.inside("sh", "-c", "cat /proc/[0-9]*/comm").split())

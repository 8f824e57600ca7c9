import pytest

from common.machine.network import own_address
from monitor.base.config import Listen, MonitorConfig
from monitor.web.greeting import address, first_visit, greeting, is_for_this_machine

COMPOSE = {"TELEINFO_DEPLOYMENT": "compose"}
EVERYWHERE = Listen(host="0.0.0.0")


def test_a_program_tells_the_address_it_listens_at() -> None:
    config = MonitorConfig(listen=Listen(port=8081, prefix="/teleinfo"))
    assert [line for _, line in greeting(config, {})] == ["The page is at http://127.0.0.1:8081/teleinfo/"]


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"MONITOR_LISTEN": "127.0.0.1:9000"}, "http://127.0.0.1:9000/#4821-93"),
        ({"MONITOR_LISTEN": "192.168.1.10:80"}, "http://192.168.1.10:80/#4821-93"),
        ({"MONITOR_LISTEN": "0.0.0.0:80"}, "http://<address of this machine>:80/#4821-93"),
        ({"MONITOR_LISTEN": "9000", "ADDRESS": "pi.local"}, "http://pi.local:9000/#4821-93"),
        ({"ADDRESS": ""}, "http://<address of this machine>:8080/#4821-93"),
    ],
)
def test_a_container_tells_the_address_of_its_machine_as_far_as_it_was_told(
    environment: dict[str, str], line: str
) -> None:
    assert first_visit(EVERYWHERE, COMPOSE | environment, "4821-93") == f"The page has no password yet: open {line}"


def test_outside_a_container_the_machine_knows_the_address_by_which_the_home_network_reaches_it() -> None:
    line = first_visit(EVERYWHERE, {}, "4821-93")
    assert line == f"The page has no password yet: open http://{own_address()}:8080/#4821-93"


@pytest.mark.parametrize(
    ("listen", "environment", "expected"),
    [
        (Listen(), {}, True),
        (EVERYWHERE, {}, False),
        (EVERYWHERE, {"MONITOR_LISTEN": "127.0.0.1:8080"}, True),
        (EVERYWHERE, {"MONITOR_LISTEN": "0.0.0.0:8080"}, False),
        (EVERYWHERE, {"MONITOR_LISTEN": "8080"}, False),
    ],
)
def test_a_page_is_for_this_machine_if_no_other_reaches_its_port(
    listen: Listen, environment: dict[str, str], expected: bool
) -> None:
    assert is_for_this_machine(listen, environment) == expected


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    assert address("::1", 8080) == "http://[::1]:8080/"
    assert address("[::1]", 8080) == "http://[::1]:8080/"

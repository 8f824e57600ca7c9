import pytest

from monitor.base.config import Listen
from monitor.service import address, welcome

COMPOSE = {"TELEINFO_DEPLOYMENT": "compose"}


def test_a_program_tells_the_address_it_listens_at() -> None:
    assert welcome(Listen(port=8081, prefix="/teleinfo"), {}) == ["The page is at http://127.0.0.1:8081/teleinfo/"]


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
        ("9000", "http://127.0.0.1:9000/"),
        ("192.168.1.10:80", "http://192.168.1.10:80/"),
    ],
)
def test_a_container_tells_the_address_of_the_machine_and_the_command_for_the_password(listen: str, url: str) -> None:
    (line,) = welcome(Listen(host="0.0.0.0"), COMPOSE | {"MONITOR_LISTEN": listen})
    assert url in line
    assert "docker compose run --rm setup credentials page" in line


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    assert address("::1", 8080) == "http://[::1]:8080/"
    assert address("::", 8080) == "http://127.0.0.1:8080/"

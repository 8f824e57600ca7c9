import socket
from pathlib import Path

from common.machine.network import gateway, own_address

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
"""


def test_the_gateway_of_a_container_is_that_of_its_default_route(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    assert gateway(routes) is None
    routes.write_text(ROUTES.splitlines()[0] + "\n")
    assert gateway(routes) is None
    routes.write_text(ROUTES)
    assert gateway(routes) == "172.17.0.1"


def test_the_own_address_is_one_of_this_machine() -> None:
    with socket.create_server((own_address(), 0)):
        pass

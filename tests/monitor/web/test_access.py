import ipaddress

import pytest

from monitor.base.config import Listen
from monitor.web import access
from monitor.web.access import ConnectionLimit
from monitor.web.http import Request


def request(address: str = "127.0.0.1", **headers: str) -> Request:
    return Request(
        method="GET",
        path="/",
        address=address,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "localhost:8080",
        "[::1]:8080",
        "192.168.1.5",
        "pi",
        "Pi.local",
        "pi.home.arpa.",
        "energy.example.org",
    ],
)
def test_names_that_an_owner_uses_are_known(host: str) -> None:
    assert access.is_known_host(request(host=host), ("energy.example.org",))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "a b",
        "evil.example:80:80",
        "a@b",
    ],
)
def test_a_public_name_that_leads_here_is_not(host: str) -> None:
    assert not access.is_known_host(request(host=host), ("energy.example.org",))
    assert not access.is_known_host(request(), ())


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),  # no browser
        ({"sec_fetch_site": "same-origin", "origin": "null"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "same-site"}, True),
        ({"origin": "http://pi.local:8080"}, False),
        ({"origin": "https://energy.example.org", "x_forwarded_host": "energy.example.org"}, False),
        ({"origin": "http://pi.local"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://evil.example"}, True),
    ],
)
def test_a_form_of_another_page_is_recognised(headers: dict[str, str], elsewhere: bool) -> None:
    assert access.is_from_elsewhere(request(host="pi.local:8080", **headers)) is elsewhere


def test_data_is_for_our_page_and_for_people_who_open_it() -> None:
    assert access.is_asked_by_a_foreign_page(request(sec_fetch_site="cross-site", sec_fetch_mode="no-cors"))
    assert not access.is_asked_by_a_foreign_page(request(sec_fetch_site="cross-site", sec_fetch_mode="navigate"))
    assert not access.is_asked_by_a_foreign_page(request(sec_fetch_site="same-origin", sec_fetch_mode="cors"))
    assert not access.is_asked_by_a_foreign_page(request())


PROXIES = Listen(trusted=(ipaddress.ip_network("172.16.0.0/12"), ipaddress.ip_network("fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.2"),
        ("192.168.1.7", "10.0.0.1", "192.168.1.7"),
        ("192.168.1.7", "", "192.168.1.7"),
        ("172.18.0.2", "203.0.113.9", "203.0.113.9"),
        ("172.18.0.2", "203.0.113.9, 172.18.0.5", "203.0.113.9"),  # a proxy before the proxy
        ("172.18.0.2", "198.51.100.1, 203.0.113.9, 127.0.0.1", "203.0.113.9"),  # what a client writes itself is first
        ("::ffff:172.18.0.2", "203.0.113.9", "203.0.113.9"),
        ("fd00::2", "2001:db8::9", "2001:db8::9"),
        ("fd00::2", "", "fd00::2"),
        ("172.18.0.2", "172.18.0.9", "172.18.0.9"),
        ("unix", "203.0.113.9", "unix"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(peer: str, forwarded: str, client: str) -> None:
    headers = {"x_forwarded_for": forwarded} if forwarded else {}
    assert access.client_address(request(peer, **headers), PROXIES) == client


@pytest.mark.parametrize(
    ("headers", "prefix"),
    [
        ({}, None),
        ({"x_forwarded_prefix": "/teleinfo"}, "/teleinfo"),
        ({"x_forwarded_prefix": "/a/b/"}, "/a/b"),
        ({"x_ingress_path": "/api/hassio_ingress/aB-3_x"}, None),
        ({"x_forwarded_prefix": "/"}, None),
        ({"x_forwarded_prefix": "//evil.example"}, None),
        ({"x_forwarded_prefix": "https://evil.example"}, None),
        ({"x_forwarded_prefix": '/"><script>'}, None),
    ],
)
def test_a_prefix_is_a_path_or_nothing(headers: dict[str, str], prefix: str | None) -> None:
    assert access.public_prefix(request(**headers)) == prefix


def test_a_trusted_proxy_says_that_the_browser_uses_tls() -> None:
    assert access.is_secure(request(x_forwarded_proto="https"), Listen())
    assert access.is_secure(request("172.18.0.2", x_forwarded_proto="https"), PROXIES)
    assert not access.is_secure(request("172.18.0.2", x_forwarded_proto="https"), Listen())
    assert not access.is_secure(request(x_forwarded_proto="http"), Listen())
    assert not access.is_secure(request(), Listen())


class Client:
    def __init__(self) -> None:
        self.ended = False

    def end(self) -> None:
        self.ended = True


def entered(limit: ConnectionLimit, addresses: list[str]) -> list[Client]:
    clients = [Client() for _ in addresses]
    for client, address in zip(clients, addresses, strict=True):
        limit.enter(client, address)
    return clients


def ended(clients: list[Client]) -> list[int]:
    return [place for place, client in enumerate(clients) if client.ended]


def test_the_oldest_connection_of_an_address_gives_way() -> None:
    limit = ConnectionLimit(lambda _: False, most=100, most_of_a_guest=3)
    clients = entered(limit, ["a", "b", "a", "a", "a", "b", "a"])
    assert ended(clients) == [0, 2]


def test_a_proxy_may_have_as_many_as_there_is_room_for() -> None:
    limit = ConnectionLimit(lambda address: address == "proxy", most=5, most_of_a_guest=2)
    clients = entered(limit, ["proxy"] * 7)
    assert ended(clients) == [0, 1]


def test_who_has_a_session_stays_however_many_come() -> None:
    limit = ConnectionLimit(lambda _: False, most=4, most_of_a_guest=2)
    members = entered(limit, ["home", "home"])
    for member in members:
        limit.admit(member, "session")
    strangers = entered(limit, [f"192.0.2.{number}" for number in range(10)])
    newer = entered(limit, ["home"])
    assert ended(members) == []
    assert ended(strangers) == list(range(9))
    assert not newer[0].ended


def test_where_all_have_a_session_nobody_else_comes_in() -> None:
    limit = ConnectionLimit(lambda _: False, most=2, most_of_a_guest=2)
    members = entered(limit, ["home", "phone"])
    for name, member in zip(("home", "phone"), members, strict=True):
        limit.admit(member, name)
    assert entered(limit, ["tablet"])[0].ended
    limit.leave(members[0])
    assert not entered(limit, ["tablet"])[0].ended


def test_a_user_of_a_proxy_who_holds_many_connections_keeps_no_other_user_out() -> None:
    limit = ConnectionLimit(lambda address: address == "proxy", most=6, many_of_a_member=2)
    (quiet,) = entered(limit, ["proxy"])
    limit.admit(quiet, "ana")
    greedy = []
    for _ in range(9):
        greedy += entered(limit, ["proxy"])
        limit.admit(greedy[-1], "bob")
    assert ended(greedy) == [0, 1, 2, 3]
    other, stranger = entered(limit, ["proxy"]), entered(limit, ["192.0.2.1"])
    assert ended(greedy) == [0, 1, 2, 3, 4]
    assert (ended(other), ended(stranger)) == ([0], [])  # who is not known yet gives way first
    assert not quiet.ended


def test_a_connection_of_a_proxy_belongs_to_the_user_who_asked_last() -> None:
    limit = ConnectionLimit(lambda _: True, most=4, many_of_a_member=2)
    shared = entered(limit, ["proxy"] * 4)
    for connection in shared:
        limit.admit(connection, "ana")
    for connection in shared[:3]:
        limit.admit(connection, "bob")
    limit.admit(shared[0], "ana")
    assert entered(limit, ["proxy"])[0].ended  # nobody holds many
    limit.admit(shared[3], "bob")
    assert not entered(limit, ["proxy"])[0].ended
    assert ended(shared) == [1]


def test_what_has_ended_leaves_room() -> None:
    limit = ConnectionLimit(lambda _: False, most=2, most_of_a_guest=2)
    first, second = entered(limit, ["a", "b"])
    limit.leave(first)
    limit.leave(first)
    assert not entered(limit, ["c"])[0].ended
    assert not second.ended
    limit.admit(first, "session")  # a session that was found too late
    assert entered(limit, ["d"])[0].ended is False
    assert second.ended

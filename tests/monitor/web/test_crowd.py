from monitor.web.crowd import Crowd


class Client:
    def __init__(self) -> None:
        self.ended = False

    def end(self) -> None:
        self.ended = True


def entered(crowd: Crowd, addresses: list[str]) -> list[Client]:
    clients = [Client() for _ in addresses]
    for client, address in zip(clients, addresses, strict=True):
        crowd.enter(client, address)
    return clients


def ended(clients: list[Client]) -> list[int]:
    return [place for place, client in enumerate(clients) if client.ended]


def test_the_oldest_connection_of_an_address_gives_way() -> None:
    crowd = Crowd(lambda _: False, most=100, most_of_a_guest=3)
    clients = entered(crowd, ["a", "b", "a", "a", "a", "b", "a"])
    assert ended(clients) == [0, 2]


def test_a_proxy_may_have_as_many_as_there_is_room_for() -> None:
    crowd = Crowd(lambda address: address == "proxy", most=5, most_of_a_guest=2)
    clients = entered(crowd, ["proxy"] * 7)
    assert ended(clients) == [0, 1]


def test_who_has_a_session_stays_however_many_come() -> None:
    crowd = Crowd(lambda _: False, most=4, most_of_a_guest=2)
    members = entered(crowd, ["home", "home"])
    for member in members:
        crowd.admit(member, "session")
    strangers = entered(crowd, [f"192.0.2.{number}" for number in range(10)])
    newer = entered(crowd, ["home"])
    assert ended(members) == []
    assert ended(strangers) == list(range(9))
    assert not newer[0].ended


def test_where_all_have_a_session_nobody_else_comes_in() -> None:
    crowd = Crowd(lambda _: False, most=2, most_of_a_guest=2)
    members = entered(crowd, ["home", "phone"])
    for name, member in zip(("home", "phone"), members, strict=True):
        crowd.admit(member, name)
    assert entered(crowd, ["tablet"])[0].ended
    crowd.leave(members[0])
    assert not entered(crowd, ["tablet"])[0].ended


def test_a_user_of_a_proxy_who_holds_many_connections_keeps_no_other_user_out() -> None:
    crowd = Crowd(lambda address: address == "proxy", most=6, many_of_a_member=2)
    (quiet,) = entered(crowd, ["proxy"])
    crowd.admit(quiet, "ana")
    greedy = []
    for _ in range(9):
        greedy += entered(crowd, ["proxy"])
        crowd.admit(greedy[-1], "bob")
    assert ended(greedy) == [0, 1, 2, 3]
    other, stranger = entered(crowd, ["proxy"]), entered(crowd, ["192.0.2.1"])
    assert ended(greedy) == [0, 1, 2, 3, 4]
    assert (ended(other), ended(stranger)) == ([0], [])  # who is not known yet gives way first
    assert not quiet.ended


def test_a_connection_of_a_proxy_belongs_to_the_user_who_asked_last() -> None:
    crowd = Crowd(lambda _: True, most=4, many_of_a_member=2)
    shared = entered(crowd, ["proxy"] * 4)
    for connection in shared:
        crowd.admit(connection, "ana")
    for connection in shared[:3]:
        crowd.admit(connection, "bob")
    crowd.admit(shared[0], "ana")
    assert entered(crowd, ["proxy"])[0].ended  # nobody holds many
    crowd.admit(shared[3], "bob")
    assert not entered(crowd, ["proxy"])[0].ended
    assert ended(shared) == [1]


def test_what_has_ended_leaves_room() -> None:
    crowd = Crowd(lambda _: False, most=2, most_of_a_guest=2)
    first, second = entered(crowd, ["a", "b"])
    crowd.leave(first)
    crowd.leave(first)
    assert not entered(crowd, ["c"])[0].ended
    assert not second.ended
    crowd.admit(first, "session")  # a session that was found too late
    assert entered(crowd, ["d"])[0].ended is False
    assert second.ended

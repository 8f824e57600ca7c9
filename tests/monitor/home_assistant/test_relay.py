"""Home Assistant over the socket of its app: what is asked for, and what is said when nobody is there."""

import json
import socket
import threading
from pathlib import Path

import pytest

from monitor.home_assistant.relay import Relay
from monitor.home_assistant.texts import StatisticsError


def answering(file: Path, *answers: bytes) -> list[bytes]:
    """Listen; answer each command with the next of these, then hang up. Return what will have come."""
    server, received = socket.socket(socket.AF_UNIX), list[bytes]()
    server.bind(str(file))
    server.listen()

    def serve() -> None:
        connection, _ = server.accept()
        with server, connection, connection.makefile("rwb") as lines:
            received.append(lines.readline())
            for answer in answers:
                received.append(lines.readline())
                lines.write(answer)
                lines.flush()

    threading.Thread(target=serve, daemon=True).start()
    return received


def test_a_command_is_a_line_and_its_answer_the_next(tmp_path: Path) -> None:
    received = answering(tmp_path / "socket", b'{"result": [1]}\n')
    with Relay(tmp_path / "socket", (2024, 11)) as relay:
        assert relay.call("recorder/list_statistic_ids", statistic_type="sum") == [1]
    assert [json.loads(line) for line in received] == [
        {"oldest": [2024, 11]},
        {"type": "recorder/list_statistic_ids", "statistic_type": "sum"},
    ]


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (b'{"error": "too_old", "values": {"version": "2024.1", "oldest": "2024.11"}}\n', "too_old"),
        (b'{"error": "of another version", "values": {}}\n', "lost"),
        (b"", "lost"),
    ],
)
def test_what_is_wrong_at_the_other_end_is_an_error_here(tmp_path: Path, answer: bytes, key: str) -> None:
    answering(tmp_path / "socket", answer)
    with Relay(tmp_path / "socket", (2024, 11)) as relay, pytest.raises(StatisticsError) as caught:
        relay.call("energy/get_prefs")
    assert caught.value.key == key


def test_without_the_process_that_has_the_token_home_assistant_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(StatisticsError) as caught:
        Relay(tmp_path / "socket", (2024, 11))
    assert caught.value.key == "unreachable"

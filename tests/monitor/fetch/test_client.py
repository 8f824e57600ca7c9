import gzip
import http.client
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from common.machine.version import __version__
from monitor.fetch.client import Client, FetchFailed, retry_after
from tests.support.outside_world import OutsideWorld, RecordedClient, Reply

HOST, OTHER = "api.example.org", "files.example.org"
JSON = "application/json"
_SEND = http.client.HTTPConnection.request
GOOD: Reply = (200, JSON, b'{"a": [1, 2]}')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideWorld]:
    with OutsideWorld(tmp_path_factory.mktemp("world"), {(HOST, "/"): [], (OTHER, "/"): []}) as world:
        yield world
        assert world.failures == []


def _failure(client: Client, **named: object) -> FetchFailed:
    with pytest.raises(FetchFailed) as raised:
        client.get(HOST, "/", **named)  # type: ignore[arg-type]
    assert str(raised.value) == raised.value.en
    assert HOST in raised.value.fr
    assert HOST in raised.value.en
    return raised.value


def test_an_answer_over_tls_is_read_and_the_request_names_the_project(world: OutsideWorld) -> None:
    world.answer(HOST, "/", [GOOD])
    with world.here():
        answer = Client().get(HOST, "/", {"day": "2026-12-01", "town": "Évry"}, headers={"X-Mine": "1"})
    assert answer.json() == {"a": [1, 2]}
    _, _, query, headers = world.asked[-1]
    assert query == {"day": "2026-12-01", "town": "Évry"}
    assert headers["X-Mine"] == "1"
    assert headers["Accept"] == JSON
    assert headers["Accept-Encoding"] == "identity"
    agent = re.fullmatch(
        r"TeleInfo-Monitor/(\S+) \(\+https://github\.com/[^/]+/teleinfo-monitor\)", headers["User-Agent"]
    )
    assert agent is not None
    assert agent[1].startswith(__version__)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((401, JSON, b"{}"), "token"),
        ((403, JSON, b"{}"), "not_allowed"),
        ((404, JSON, b"{}"), "no_data"),
        ((204, "", b""), "no_data"),
        ((304, "", b""), "no_data"),
        ((429, JSON, b"{}"), "later"),
        ((500, "text/html", b"<html>"), "later"),
        ((503, "", b""), "later"),
        ((400, JSON, b"{}"), "not_understood"),
        ((302, "", b"", {"Location": f"https://{OTHER}/"}), "not_understood"),
        ((302, "", b"", {"Location": "http://[broken"}), "not_understood"),
        ((302, "", b""), "not_understood"),
        ((200, "text/html; charset=utf-8", b"<html>"), "not_understood"),
        ((200, "", b"{}"), "not_understood"),
        ((200, JSON, gzip.compress(b"{}"), {"Content-Encoding": "gzip"}), "not_understood"),
        ((200, JSON, b'{"a": 1}', {"Content-Length": "9"}), "not_understood"),
        ((200, JSON, b'8\r\n{"a": 1}\r\n', {"Transfer-Encoding": "chunked"}), "not_understood"),
        ((200, JSON, b'9\r\n{"a"', {"Transfer-Encoding": "chunked"}), "not_understood"),
        (ConnectionResetError(), "unreachable"),
    ],
)
@pytest.mark.parametrize("real", [False, True])
def test_what_is_no_good_answer_says_why(world: OutsideWorld, reply: Reply | OSError, why: str, real: bool) -> None:
    client: Client = RecordedClient({(HOST, "/"): [reply]})
    if real:
        client = Client()
        world.answer(HOST, "/", [reply])
    with world.here():
        failure = _failure(client)
    assert failure.why == why
    if not isinstance(reply, OSError) and reply[0] >= 400:
        assert (failure.status, failure.body) == (reply[0], reply[2])


def test_a_chunked_answer_that_is_whole_is_read() -> None:
    reply = (200, JSON, b"4\r\n[1, \r\n2\r\n2]\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"})
    assert RecordedClient({(HOST, "/"): [reply]}).get(HOST, "/").json() == [1, 2]


def test_an_answer_is_read_up_to_the_limit_and_refused_beyond() -> None:
    replies: list[Reply] = [(200, JSON, b"[" + b" " * 98 + b"]"), (200, JSON, b"[" + b" " * 99 + b"]")]
    client = RecordedClient({(HOST, "/"): replies})
    assert client.get(HOST, "/", longest=100).json() == []
    assert _failure(client, longest=100).why == "not_understood"


def test_what_is_no_json_is_not_understood() -> None:
    for body in (b"<html>", b"", b'{"a": ', b"[" * 100_000):
        with pytest.raises(FetchFailed) as raised:
            RecordedClient({(HOST, "/"): [(200, JSON, body)]}).get(HOST, "/").json()
        assert raised.value.why == "not_understood"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None), ("0", 0), (" 90 ", 90), ("Tue, 01 Dec 2026 12:02:00 GMT", 120),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0),
        ("soon", None), ("-5", None), ("1.5", None), ("²", None), ("Tue, 99 Dec 2026 12:02:00 GMT", None),
        ("Tue, 01 Dec 2026 13:02:00 +0100", 120), ("Tue, 01 Dec 2026 12:02:00 -0000", 120),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, datetime(2026, 12, 1, 12, tzinfo=UTC)) == seconds


def test_a_failure_keeps_when_to_come_back_and_the_headers() -> None:
    reply = (429, JSON, b"{}", {"Retry-After": "77", "X-RateLimit-Remaining": "0"})
    failure = _failure(RecordedClient({(HOST, "/"): [reply]}))
    assert failure.retry_after == 77
    assert failure.headers["x-ratelimit-remaining"] == "0"


def test_a_redirect_is_followed_once_to_a_named_host_and_takes_no_token_there() -> None:
    there = (302, "", b"", {"Location": f"https://{OTHER}/file?v=a%20b"})
    client = RecordedClient({(HOST, "/"): [there], (OTHER, "/file"): [(200, "text/csv", b"a;b")]})
    answer = client.get(HOST, "/", headers={"Authorization": "Bearer x"}, types=("text/csv",), redirect_to=(OTHER,))
    assert answer.content == b"a;b"
    assert [(one.host, one.query) for one in client.asked] == [(HOST, {}), (OTHER, {"v": "a b"})]
    assert client.asked[0].headers["Authorization"] == "Bearer x"
    assert "Authorization" not in client.asked[1].headers


def test_the_query_of_a_redirect_is_sent_as_it_came() -> None:
    signed = "X-Sig=a%2Fb%20c+d&empty=&flag"
    there = (302, "", b"", {"Location": f"https://{OTHER}/file?{signed}"})
    client = RecordedClient({(HOST, "/"): [there], (OTHER, "/file"): [GOOD]})
    with mock.patch.object(http.client.HTTPConnection, "request", autospec=True, side_effect=_SEND) as sent:
        client.get(HOST, "/", redirect_to=(OTHER,))
    assert sent.call_args.args[2] == f"/file?{signed}"


@pytest.mark.parametrize(
    "location",
    [
        "http://files.example.org/", "https://files.example.org:8443/", "https://u:p@files.example.org/",
        "//evil.example/", "https://evil.example/?files.example.org", "ftp://files.example.org/",
    ],
)  # fmt: skip
def test_another_redirect_is_not_followed(location: str) -> None:
    client = RecordedClient({(HOST, "/"): [(301, "", b"", {"Location": location})]})
    assert _failure(client, redirect_to=(OTHER,)).why == "not_understood"
    assert len(client.asked) == 1


def test_a_second_redirect_is_not_followed() -> None:
    back = (301, "", b"", {"Location": "/b"})
    client = RecordedClient({(HOST, "/"): [back], (HOST, "/b"): [back]})
    assert _failure(client, redirect_to=(HOST,)).why == "not_understood"
    assert [one.path for one in client.asked] == ["/", "/b"]


def test_a_run_pauses_between_requests_and_ends_at_the_limit_of_the_day() -> None:
    client = RecordedClient({(HOST, "/"): [GOOD, GOOD]}, most=2)
    client.get(HOST, "/")
    assert client.waited == []
    client.get(HOST, "/")
    assert client.waited == [1.0]
    with pytest.raises(FetchFailed) as raised:
        client.get(HOST, "/")
    assert raised.value.why == "later"
    assert (client.requests, len(client.asked)) == (2, 2)


def test_only_declared_hosts_are_asked(world: OutsideWorld) -> None:
    with world.here(), pytest.raises(ValueError, match="not declared"):
        Client([OTHER]).get(HOST, "/")


def test_a_token_that_no_header_can_hold_is_refused_without_saying_it() -> None:
    for token in ("secret\nX: y", "sécret", "secret\x00"):
        client = RecordedClient({(HOST, "/"): [GOOD]})
        with pytest.raises(FetchFailed) as raised:
            client.get(HOST, "/", headers={"Authorization": f"Bearer {token}"})
        assert raised.value.why == "token"
        assert "cret" not in f"{raised.value.fr}{raised.value.en}"
        assert client.asked == []


def test_a_certificate_of_another_authority_or_name_is_refused(world: OutsideWorld, tmp_path: Path) -> None:
    before = len(world.asked)
    with OutsideWorld(tmp_path, {(HOST, "/"): []}, certified=[OTHER]) as other:
        with other.here():
            failure = _failure(Client())
        assert (failure.why, "certificat" in failure.fr) == ("unreachable", True)
        with world.here(), mock.patch.dict(os.environ, SSL_CERT_FILE=str(other.authority.certificate)):
            assert _failure(Client()).why == "unreachable"
    assert len(world.asked) == before


def test_a_host_that_is_unknown_is_unreachable(world: OutsideWorld) -> None:
    with world.here(), pytest.raises(FetchFailed) as raised:
        Client().get("nowhere.example.org", "/")
    assert raised.value.why == "unreachable"
    assert world.refused[-1] == "nowhere.example.org"


def test_proxies_of_the_environment_are_not_asked(world: OutsideWorld) -> None:
    world.answer(HOST, "/", [GOOD])
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    with world.here(), mock.patch.dict(os.environ, proxies):
        assert Client().get(HOST, "/").json() == {"a": [1, 2]}


def test_an_answer_that_does_not_come_ends_with_the_patience_and_the_whole_with_its_time(world: OutsideWorld) -> None:
    release = threading.Event()

    def never(*_: object) -> Reply:
        release.wait()
        return GOOD

    world.answer(HOST, "/", never)
    try:
        with world.here():
            for client in (Client(patience=0.2), Client(total=0.2)):
                failure = _failure(client)
                assert failure.why == "unreachable"
                assert "à temps" in failure.fr
    finally:
        release.set()


def test_a_program_reaches_the_world_and_no_other(world: OutsideWorld, tmp_path: Path) -> None:
    world.answer(HOST, "/", [GOOD])
    program = (
        "from monitor.fetch.client import Client, FetchFailed\n"
        f"print(Client().get({HOST!r}, '/').json())\n"
        "try:\n    Client().get('elsewhere.example.org', '/')\nexcept FetchFailed as error:\n    print(error.why)\n"
    )
    environment = os.environ | world.environment()
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "{'a': [1, 2]}\nunreachable\n"
    assert world.refused[-1] == "elsewhere.example.org"

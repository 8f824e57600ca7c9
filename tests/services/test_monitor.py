"""`teleinfo-monitor run` with a real database and a real broker, asked over HTTP."""

import base64
import codecs
import contextlib
import gzip
import http.client
import itertools
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

from common.contract.labels import Mode
from common.errors import DatabaseError, Unavailable
from monitor.web import pool
from tests.bench.process import resident
from tests.services.test_energy import House, counted
from tests.support.mqtt_client import MqttClient
from tests.support.nginx import Nginx
from tests.support.passwords import lock
from tests.support.prefix_proxy import IngressProxy, PrefixProxy
from tests.support.programs import ROOT, WITHIN, Service, wait_until
from tests.support.proxy import Proxy
from tests.support.rolling import roll_up
from tests.support.servers import Broker, free_port
from tests.support.servers import Database as Server
from tests.support.storing import client, make_tables, store

BEGIN = datetime(2026, 3, 9, 23, tzinfo=UTC)  # Tuesday 10 March 2026, 00:00 in Paris
END = BEGIN + timedelta(days=3)
DAYS = "from=2026-03-10&to=2026-03-13&by=day"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Asks a server on loopback; keeps cookies as a browser would, but does not follow redirects."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(fields).encode(), headers | form)

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            found = {name.lower(): text for name, text in answer.getheaders()}
            if "set-cookie" in found:
                name, _, value = found["set-cookie"].partition(";")[0].partition("=")
                self.cookies[name] = value
            return Answer(answer.status, found, answer.read())


class Monitor(Service):
    """The monitor, with a browser in front of it."""

    def __init__(self, server: Server, folder: Path, **settings: Any) -> None:
        self.http_port = free_port()
        database = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        base = {"listen": {"port": self.http_port}, "database": database | {"name": server.name}}
        door = {} if "password_file" in settings or "auth" in settings else {"auth": "none"}
        super().__init__("monitor", folder, base | door | {"state": str(folder / "state")} | settings)
        self.browser = Browser(self.http_port)

    def begin(self) -> "Monitor":
        before = self.count("The page is at ")
        self.start()
        wait_until(lambda: self.count("The page is at ") > before, WITHIN, "the page is served", [self])
        return self


@pytest.fixture(scope="module")
def house(database: Server) -> House:
    """A database with three days of a house; tests of this file only read it."""
    database.create_database()
    house = House(11, BEGIN, Mode.HISTORIC)
    house.calendar = "HC.."
    house.live(END, every=150, outages=0)
    tables = make_tables(database)
    store(tables, house.frames)
    roll_up(tables, END + timedelta(days=1))
    return house


@pytest.fixture(scope="module")
def monitor(database: Server, house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """A monitor that tests only ask."""
    with Monitor(database, tmp_path_factory.mktemp("monitor")) as monitor:
        yield monitor.begin()


def test_it_says_its_address_in_one_line_and_serves_the_page_there(monitor: Monitor) -> None:
    (line,) = monitor.lines("The page is at")
    (address,) = re.findall(r"http://127\.0\.0\.1:(\d+)/", line)
    page = Browser(int(address)).get("/jour/2026-03-11")
    assert page.status == 200
    assert '<base href="../">' in page.body.decode()


def test_each_file_that_the_page_names_is_there(monitor: Monitor) -> None:
    text = monitor.browser.get("/").body.decode()
    files = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', text)
    assert {".css", ".js"} <= {Path(file).suffix for file in files}
    for file in files:
        assert monitor.browser.get(urljoin("/", file)).status == 200, file


def test_the_energy_of_days_is_the_arithmetic_of_the_frames(monitor: Monitor, house: House) -> None:
    answer = monitor.browser.get(f"/api/v1/energy?{DAYS}")
    assert answer.status == 200
    for number in range(3):
        start, end = BEGIN + timedelta(days=number), BEGIN + timedelta(days=number + 1)
        for name in ("HCHC", "HCHP"):
            assert answer.json["wh"][name][number] == counted(house.frames, name, start, end)


def test_a_question_that_is_wrong_is_a_problem_in_the_language_asked_for(monitor: Monitor) -> None:
    for language, title in (("fr", "Introuvable"), ("en", "Not found")):
        answer = monitor.browser.get(f"/api/v1/energy?meter=000000000000&lang={language}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status, answer.json["status"], answer.json["title"]) == (404, 404, title)


def test_an_answer_that_the_browser_has_is_not_sent_again_and_a_long_one_is_compressed(monitor: Monitor) -> None:
    path = "/api/v1/energy?from=2026-03-10&to=2026-03-13&by=hour"
    plain, zipped = monitor.browser.get(path), monitor.browser.get(path, Accept_Encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body) / 2
    assert plain.headers["cache-control"] == "private, max-age=0, must-revalidate"
    again = monitor.browser.get(path, If_None_Match=plain.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert monitor.browser.get("/api/v1/live").headers["cache-control"] == "no-store"


def test_it_works_in_the_ingress_of_home_assistant(database: Server, house: House, tmp_path: Path) -> None:
    ingress, password = {"port": free_port()}, str(lock(tmp_path / "password"))
    with Monitor(database, tmp_path, password_file=password, ingress=ingress) as monitor:
        monitor.begin()
        with IngressProxy(ingress["port"]) as proxy:
            browser, path = Browser(proxy.port), proxy.prefix
            page = browser.get(f"{path}/")
            # The proxy cuts the encoding off.
            assert (page.headers["content-type"], b'<meta charset="utf-8">' in page.body) == ("text/html", True)
            assert f'<base href="{path}/">' in page.body.decode()
            assert browser.get(f"{path}/api/v1/meters").status == 200
            table = browser.get(f"{path}/api/v1/energy.csv?{DAYS}&locale=fr")
            assert (table.headers["content-type"], table.body[:3]) == ("text/csv", codecs.BOM_UTF8)
            # Supervisor notices by what is sent that a browser has gone: something must come often enough.
            times = itertools.pairwise(time.monotonic() for _ in events(proxy.port, "", path))
            pauses = (after - before for before, after in itertools.islice(times, 30))
            assert any(1 < pause < 15 for pause in pauses)  # a busy machine makes some of them longer
        assert monitor.browser.get("/api/v1/meters").status == 401
        assert monitor.browser.get("/health").status == 200


def test_a_password_guards_the_page_behind_a_proxy_too(database: Server, house: House, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    with Monitor(database, tmp_path, password_file=str(file)) as monitor:
        monitor.begin()
        assert "correct horse" not in file.read_text()
        with PrefixProxy(monitor.http_port, "/teleinfo", headers={"X-Forwarded-Prefix": "/teleinfo"}) as proxy:
            browser = Browser(proxy.port)
            assert browser.get("/teleinfo/api/v1/meters").status == 401
            asked = browser.get("/teleinfo/etat")
            login = urljoin("/teleinfo/etat", asked.headers["location"])
            assert login == "/teleinfo/login?next=etat"
            assert browser.get(login).status == 200
            assert browser.post("/teleinfo/login", {"password": "wrong", "next": "etat"}).status == 401
            entered = browser.post("/teleinfo/login", {"password": "correct horse", "next": "etat"})
            assert urljoin(login, entered.headers["location"]) == "/teleinfo/etat"
            assert "Path=/teleinfo;" in entered.headers["set-cookie"]
            assert browser.get("/teleinfo/etat").status == 200
            assert browser.get("/teleinfo/api/v1/meters").status == 200
        # A restart ends no session; what is not this session is none.
        monitor.stop()
        monitor.begin()
        monitor.browser.cookies = dict(browser.cookies)
        assert monitor.browser.get("/api/v1/meters").status == 200
        monitor.browser.cookies = {name: value[:-1] + "0" * 2 for name, value in browser.cookies.items()}
        assert monitor.browser.get("/api/v1/meters").status == 401
        assert "correct horse" not in monitor.text()


def test_a_login_leaves_no_memory_behind(database: Server, house: House, tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "systemd" / "teleinfo-monitor.service").read_text()
    environment = dict(re.findall(r"^Environment=(\w+)=(\w+)$", unit, re.MULTILINE))
    file = tmp_path / "password"
    file.write_text("correct horse\n")  # the service hashes it, at full strength
    with Monitor(database, tmp_path, password_file=str(file)) as monitor:
        monitor.start(**environment)
        monitor.wait_for_log("The page is at")
        assert monitor.browser.get("/login").status == 200
        before = resident(monitor.pid)
        for _ in range(3):
            assert monitor.browser.post("/login", {"password": "correct horse"}).status == 303
        assert resident(monitor.pid) - before < 4


def events(port: int, cookie: str, prefix: str = "") -> Iterator[bytes]:
    """Open a stream, and yield its lines until it ends."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=300)) as connection:
        path = f"{prefix}/api/v1/live/stream?meter=031961123456"
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert answer.status == 200
        while line := answer.readline():
            yield line


def test_a_stream_ends_with_its_session_and_one_of_a_new_password_does_not(
    database: Server, house: House, broker: Broker, tmp_path: Path
) -> None:
    file = lock(tmp_path / "password")
    mqtt = {"host": broker.host, "port": broker.port}
    frame = replace(house.frame(), meter="031961123456")
    with Monitor(database, tmp_path, mqtt=mqtt, password_file=str(file)) as monitor, MqttClient(broker.port) as reader:
        monitor.begin()
        monitor.wait_for_log("[Cc]onnected")
        stop = threading.Event()

        def publish() -> None:
            while not stop.wait(1):
                reader.publish(f"teleinfo/{frame.meter}/frame", replace(frame, timestamp=datetime.now(UTC)).to_json())

        frames = threading.Thread(target=publish)
        frames.start()
        try:
            for end in ("logout", "password"):
                assert monitor.browser.post("/login", {"password": "correct horse"}).status == 303
                ((name, token),) = monitor.browser.cookies.items()
                lines = events(monitor.http_port, f"{name}={token}")
                assert next(line for line in lines if b"power" in line)
                if end == "logout":
                    monitor.browser.post("/logout", {})
                else:
                    lock(file, "battery staple")
                for _ in lines:  # until it ends
                    pass
                assert monitor.browser.get("/api/v1/meters").status == 401
        finally:
            stop.set()
            frames.join()


def test_it_starts_without_database_and_broker_and_uses_them_when_they_come(
    database: Server, house: House, tmp_path: Path
) -> None:
    with Proxy(database.port) as proxy:
        proxy.refuse()
        reached = {"host": "127.0.0.1", "port": proxy.port}
        with Monitor(database, tmp_path, mqtt={"port": free_port()}) as monitor:
            monitor.settings["database"] |= reached
            monitor.begin()
            assert monitor.browser.get("/").status == 200
            for _ in range(3):
                away = monitor.browser.get("/api/v1/meters")
                assert (away.status, away.headers["retry-after"]) == (503, "5")

            def database_is_down() -> bool:  # not known to the very first answer
                return str(monitor.browser.get("/api/v1/live").json["links"]["database"]) == "down"

            wait_until(database_is_down, WITHIN, "the database is down", [monitor])
            proxy.admit()
            assert monitor.browser.get("/api/v1/meters").status == 200
            # Connections that are cut while nobody uses them are no error for anybody.
            proxy.drop()
            assert monitor.browser.get("/api/v1/meters").status == 200
            monitor.wait_for_log("Database connection restored")


def test_a_database_that_hangs_holds_up_nobody_who_does_not_ask_it(
    database: Server, house: House, tmp_path: Path
) -> None:
    with Proxy(database.port) as proxy, Monitor(database, tmp_path) as monitor:
        monitor.settings["database"] |= {"host": "127.0.0.1", "port": proxy.port}
        monitor.begin()
        assert monitor.browser.get("/api/v1/live").status == 200
        proxy.stall()
        with ThreadPoolExecutor() as many:
            asked = [many.submit(monitor.browser.get, f"/api/v1/peaks?n={number}") for number in range(1, 9)]
            assert monitor.browser.get("/api/v1/live").status == 200
            assert monitor.browser.get("/etat").status == 200
            assert not [one for one in asked if one.done()]
            proxy.release()
            assert {one.result().status for one in asked} == {200}


def test_a_frame_reaches_all_viewers_at_once(database: Server, house: House, broker: Broker, tmp_path: Path) -> None:
    frame = replace(house.frame(), timestamp=datetime.now(UTC))
    with Monitor(database, tmp_path, mqtt={"host": broker.host, "port": broker.port}) as monitor:
        monitor.begin()
        monitor.wait_for_log("[Cc]onnected")
        with contextlib.ExitStack() as stack, MqttClient(broker.port) as reader:
            streams = []
            for _ in range(3):
                connection = http.client.HTTPConnection("127.0.0.1", monitor.http_port, timeout=300)
                stack.callback(connection.close)
                connection.request(
                    "GET", f"/api/v1/live/stream?meter={frame.meter}", headers={"Accept-Encoding": "gzip"}
                )
                answer = connection.getresponse()
                stack.callback(answer.close)
                assert answer.getheader("Content-Type", "").startswith("text/event-stream")
                assert answer.getheader("Content-Encoding") is None
                assert answer.readline() == b"retry: 3000\n"
                streams.append(answer)
            reader.publish(f"teleinfo/{frame.meter}/frame", frame.to_json())
            for answer in streams:
                power = None
                while power is None:
                    line = answer.readline()
                    assert line, "the stream ended"
                    if line.startswith(b"data: {"):  # else it is the list of alerts
                        power = json.loads(line.removeprefix(b"data: ")).get("power")
                assert power == 1000


def test_addresses_with_their_questions_are_not_logged(monitor: Monitor) -> None:
    monitor.browser.get("/api/v1/energy?meter=031961123456&to=secret")
    monitor.browser.get("/api/v1/meters", User_Agent="secret")
    assert "secret" not in monitor.text()
    assert "GET" not in monitor.text()


def test_a_port_that_is_in_use_is_waited_for(database: Server, house: House, tmp_path: Path) -> None:
    with Monitor(database, tmp_path) as monitor:
        with socket.create_server(("127.0.0.1", monitor.http_port)):
            monitor.start()
            monitor.wait_for_log(r"listen: 127\.0\.0\.1:\d+ cannot be opened: Address already in use;")
        monitor.wait_for_log("The page is at")
        assert monitor.browser.get("/").status == 200


def test_a_connection_of_the_page_can_write_nothing(database: Server, house: House) -> None:
    connections = pool.Pool(client(database).connect)
    connection, _ = connections.take()
    with contextlib.closing(connection), pytest.raises(DatabaseError, match="READ ONLY"):
        connection.execute("INSERT INTO meters (identifier) VALUES ('000000000000')")  # this account could


def test_no_statement_runs_for_ever(database: Server, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "STATEMENT_TIMEOUT", 1)
    connections = pool.Pool(client(database).connect)
    with connections.borrow() as connection, pytest.raises(Unavailable, match="1969"):
        connection.query("SELECT COUNT(*) FROM frames a, frames b, frames c")
    connections.discard_idle()


def test_its_heartbeat_and_its_counters_are_there_and_it_ends_at_once_though_streams_are_open(
    database: Server, house: House, tmp_path: Path
) -> None:
    port, file = free_port(), tmp_path / "heartbeat"
    with Monitor(database, tmp_path, metrics={"port": port}, heartbeat=str(file)) as monitor:
        monitor.begin().browser.get("/missing.js")
        wait_until(file.exists, WITHIN, "the heartbeat is touched", [monitor])

        def counted() -> bool:
            return b'teleinfo_monitor_replies_total{status="4xx"} 1.0' in Browser(port).get("/metrics").body

        wait_until(counted, WITHIN, "the reply is counted", [monitor])
        with socket.create_connection(("127.0.0.1", monitor.http_port), timeout=300) as viewer:
            viewer.sendall(b"GET /api/v1/live/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in viewer.recv(1000)
            assert monitor.stop(how=signal.SIGTERM) == 0
        assert monitor.lines("Stopped")
        assert not monitor.lines("timed out")
        assert not monitor.lines("ERROR")


# A real nginx in front


def test_without_a_password_a_proxy_that_says_what_it_is_shows_the_page_to_nobody(
    database: Server, house: House, tmp_path: Path
) -> None:
    with (
        Monitor(database, tmp_path) as monitor,
        Nginx(tmp_path, monitor.http_port, "proxy_set_header X-Forwarded-For $remote_addr;") as nginx,
    ):
        monitor.begin()
        for path in ("/", "/api/v1/meters"):
            assert Browser(nginx.port).get(path, Host="energy.example.org").status == 403
        assert len(monitor.lines("a proxy at 127.0.0.1 passes requests on: refused")) == 1
        assert monitor.browser.get("/api/v1/meters").status == 200


def test_behind_nginx_and_with_a_password_each_client_has_a_limit_of_its_own(
    database: Server, house: House, tmp_path: Path
) -> None:
    lines = "proxy_set_header X-Forwarded-For $http_test_address; proxy_set_header X-Forwarded-Proto https;"
    with (
        Monitor(database, tmp_path, password_file=str(lock(tmp_path / "password"))) as monitor,
        Nginx(tmp_path, monitor.http_port, lines) as nginx,
    ):
        monitor.begin()
        attacker, owner = Browser(nginx.port), Browser(nginx.port)
        for _ in range(5):
            assert attacker.post("/login", {"password": "wrong"}, Test_Address="203.0.113.9").status == 401
        entered = owner.post("/login", {"password": "correct horse"}, Test_Address="192.168.1.7")
        assert entered.status == 303
        assert entered.headers["set-cookie"].startswith("__Host-teleinfo-session-")
        assert owner.get("/api/v1/meters").status == 200
        assert monitor.lines("Login from 192.168.1.7")


def test_who_nginx_knows_enters_and_nobody_else(database: Server, house: House, tmp_path: Path) -> None:
    lines = (
        'auth_basic "Energy"; auth_basic_user_file users; proxy_set_header Remote-User $remote_user;'
        " proxy_set_header Host $host;"
    )
    with Monitor(database, tmp_path, auth="header") as monitor, Nginx(tmp_path, monitor.http_port, lines) as nginx:
        monitor.settings["listen"]["names"] = ["energy.example.org"]
        monitor.begin()
        browser, host = Browser(nginx.port), "energy.example.org"
        assert browser.get("/api/v1/meters", Host=host, Remote_User="alice").status == 401  # nginx itself
        alice = "Basic " + base64.b64encode(b"alice:secret").decode()
        assert browser.get("/api/v1/meters", Host=host, Authorization=alice, Remote_User="mallory").status == 200
        assert browser.get("/", Host=host, Authorization=alice).status == 200
        assert browser.get("/", Host="evil.example", Authorization=alice).status == 403
        assert monitor.browser.get("/api/v1/meters").status == 401  # round it
        assert monitor.lines("alice is here")
        assert not monitor.lines("mallory")


class Authelia(BaseHTTPRequestHandler):
    """In place of Authelia: knows whoever has the cookie `who`."""

    def do_GET(self) -> None:
        known = re.search(r"who=(\w+)", self.headers.get("Cookie", ""))
        self.send_response(200 if known else 401)
        if known:
            self.send_header("Remote-User", known[1])
        else:
            self.send_header("Location", f"https://login.example.org/?rd={self.headers['X-Original-URL']}")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_the_nginx_with_authelia_of_the_document_lets_in_whoever_has_entered_there(
    database: Server, house: House, tmp_path: Path
) -> None:
    blocks = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "page.md").read_text(), re.DOTALL)
    (locations,) = (block for block in blocks if "auth_request" in block)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Authelia) as authelia,
        Monitor(database, tmp_path, auth="header") as monitor,
    ):
        threading.Thread(target=authelia.serve_forever, daemon=True).start()
        monitor.settings["listen"]["names"] = ["energy.my-domain.fr"]
        monitor.begin()
        locations = locations.replace(":9091/", f":{authelia.server_address[1]}/")
        locations = locations.replace(":8080;", f":{monitor.http_port};")
        with Nginx(tmp_path, monitor.http_port, locations=locations) as nginx:
            browser, host = Browser(nginx.port), "energy.my-domain.fr"
            stranger = browser.get("/etat", Host=host, Remote_User="mallory")
            assert stranger.status == 302
            assert stranger.headers["location"] == f"https://login.example.org/?rd=http://{host}/etat"
            browser.cookies["who"] = "alice"
            assert browser.get("/api/v1/meters", Host=host).status == 200
        authelia.shutdown()
        assert monitor.lines("alice is here, from 127.0.0.1")

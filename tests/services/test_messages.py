"""Letters of alerts at real services, and through kills."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.alerts.send_queue import Delivery, Message, SendQueue
from monitor.base.addresses import SavedAddresses, write_addresses
from tests.support.mail import MailServer
from tests.support.ntfy import Ntfy
from tests.support.programs import ENVIRONMENT, ROOT, WITHIN, command_line, run_command, wait_until
from tests.support.servers import HOST, PASSWORD, free_port

TITLE = "Coupure de courant : 12 min"
BODY = "De 14 h 02 à 14 h 14 – rien d’autre à faire.\nPuissance souscrite : 6 kVA & « 30 A »"


@pytest.fixture(scope="module")
def ntfy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ntfy]:
    with Ntfy(tmp_path_factory.mktemp("ntfy")) as ntfy:
        yield ntfy


def send(folder: Path, *urls: str) -> dict[str, Delivery]:
    """Send a message; return what became of it, by the name of the address."""
    queue = SendQueue(urls, folder / "letters")
    now = datetime.now(UTC)
    queue.put(Message("a", TITLE, BODY, now, now + timedelta(hours=1)))
    queue.saved()

    def is_done() -> bool:
        queue.tick(datetime.now(UTC))
        queue.saved()
        return all(delivery.sent_at or delivery.tries for delivery in queue.deliveries())

    wait_until(is_done, WITHIN, "each address was tried")
    return {delivery.to: delivery for delivery in queue.deliveries()}


def test_a_phone_and_a_mailbox_get_the_text_as_it_was_written(ntfy: Ntfy, tmp_path: Path) -> None:
    with MailServer() as mail:
        send(tmp_path, ntfy.url("house"), mail.url())
    assert ntfy.messages("house") == [(TITLE, BODY)]
    (message,) = mail.received
    assert message["Subject"] == TITLE
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content().splitlines() == BODY.splitlines()


def test_it_is_known_why_a_service_did_not_take_a_message(
    ntfy: Ntfy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with MailServer() as mail:
        urls = [ntfy.url("house", "secret"), mail.url("secret"), f"ntfy://secret@{HOST}:{free_port()}/house"]
        urls += ["ntfy://secret.invalid/house", "nothing://secret/house", f"ntfys://secret@{HOST}:{ntfy.port}/house"]
        found = send(tmp_path, *urls)
    assert {to: delivery.why for to, delivery in found.items()} == {
        "ntfy 1": "http 401",
        "mailto 1": "smtp 535",
        "ntfy 2": "refused",
        "ntfy 3": "host",
        "nothing 1": "address",
        "ntfys 1": "tls",
    }
    assert mail.received == []
    assert "secret" not in f"{caplog.text} {found}"


def test_the_command_sends_a_test_and_says_which_address_failed(ntfy: Ntfy, tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(json.dumps({"state": str(tmp_path), "database": {"host": "127.0.0.1", "port": 1}}))
    with MailServer() as mail:
        write_addresses(tmp_path, SavedAddresses(1, (ntfy.url("test"), mail.url("secret"), mail.url())))
        result = run_command("monitor", "alerts", "--test", "--config", file, "--language", "fr")
    assert result.stdout.replace("\xa0", " ").splitlines() == [
        "ntfy 1 : envoyé",
        "mailto 1 : échec, identifiant ou mot de passe refusé (535)",
        "mailto 2 : envoyé",
    ]
    assert result.stderr == ""
    assert result.returncode == 1
    assert [title for title, _ in ntfy.messages("test")] == ["TeleInfo Monitor\xa0: essai"]
    assert len(mail.received) == 1


class Service(ThreadingHTTPServer):
    """Counts what it is sent, and answers when a test wants."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.answers = threading.Event()
        self.answers.set()
        super().__init__((HOST, 0), _Handler)

    @property
    def url(self) -> str:
        return f"json://me:{PASSWORD}@{HOST}:{self.server_port}/house"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.received[json.loads(self.rfile.read(int(self.headers["Content-Length"])))["title"]] += 1
        self.server.answers.wait()
        with contextlib.suppress(OSError):  # the process that asked was killed
            self.send_response(200)
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,))
        thread.start()
        yield service
        service.answers.set()
        service.shutdown()
        thread.join()


def start(folder: Path, service: Service, *ids: str) -> "subprocess.Popen[bytes]":
    """Start a monitor of which only the queue works."""
    arguments = [str(folder), service.url, *ids]
    return subprocess.Popen(command_line("tests.support.send_queue_program", *arguments), cwd=ROOT, env=ENVIRONMENT)


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def children_of(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:  # it has ended
        return []


def test_a_message_that_left_is_not_sent_again_while_the_service_takes_its_time(
    service: Service, tmp_path: Path
) -> None:
    """Neither a kill of the monitor nor a stop of all its processes, as systemd stops them, ends what is on its way."""
    service.answers.clear()
    first = start(tmp_path, service, "slow")
    wait_until(lambda: service.received.total() == 1, WITHIN, "the message is on its way")
    (child,) = children_of(first.pid)
    kill(first)
    os.kill(child, signal.SIGTERM)
    second = start(tmp_path, service, "slow")
    time.sleep(2)
    service.answers.set()
    assert second.wait(WITHIN) == 0
    assert service.received == {"slow": 1}


def test_a_message_whose_process_was_killed_on_its_way_is_sent_again(service: Service, tmp_path: Path) -> None:
    service.answers.clear()
    first = start(tmp_path, service, "lost")
    wait_until(lambda: service.received.total() == 1, WITHIN, "the message is on its way")
    (child,) = children_of(first.pid)
    kill(first)
    os.kill(child, signal.SIGKILL)
    service.answers.set()
    assert start(tmp_path, service, "lost").wait(WITHIN) == 0
    assert service.received == {"lost": 2}


def test_a_service_that_hangs_is_given_up(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from monitor.alerts import child; child.LIMIT = 1; child.main()"
    monkeypatch.setattr("monitor.alerts.send_queue.CHILD", ("-c", script))
    service.answers.clear()
    assert send(tmp_path, service.url)["json 1"].why == "timeout"


def test_a_service_that_hangs_holds_up_nothing(service: Service, ntfy: Ntfy, tmp_path: Path) -> None:
    service.answers.clear()

    def answer_after_the_other() -> None:
        wait_until(lambda: bool(ntfy.messages("cellar")), WITHIN, "the other service has the message")
        service.answers.set()

    with ThreadPoolExecutor() as beside:
        beside.submit(answer_after_the_other)
        found = send(tmp_path, service.url, ntfy.url("cellar"))
    assert all(one.sent_at for one in found.values())


def test_an_address_is_in_no_argument_and_no_environment_and_no_file(service: Service, tmp_path: Path) -> None:
    service.answers.clear()
    queue = SendQueue([service.url], tmp_path)
    now = datetime.now(UTC)
    queue.put(Message("a", TITLE, BODY, now, now + timedelta(hours=1)))
    queue.saved()
    others = set(children_of(os.getpid()))
    queue.tick(now)
    wait_until(lambda: service.received.total() == 1, WITHIN, "the message is on its way")
    (child,) = set(children_of(os.getpid())) - others
    shown = b"".join(Path(f"/proc/{child}/{name}").read_bytes() for name in ("cmdline", "environ"))
    shown += b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert PASSWORD.encode() not in shown
    service.answers.set()

    def is_sent() -> bool:
        queue.tick(now)
        return queue.deliveries()[0].sent_at is not None

    wait_until(is_sent, WITHIN, "it was sent")

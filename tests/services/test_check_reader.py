"""The reader's check on a real line and at a real broker, with what goes wrong there provoked."""

import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.check.broker_probe import BrokerFacts, Failure, Probe, probe_broker
from common.check.findings import Report
from common.machine.host import Host
from common.settings import config
from reader.check.command import check
from reader.simulator.meter import SimulatedMeter
from tests.support.certificates import CertificateAuthority
from tests.support.mqtt_client import WITHIN, log_in
from tests.support.servers import PASSWORD, READER_RULES, Broker, account, careful_broker, die_with, free_port

METER = "032161115747"
KIND = "standard-single-phase-tempo"
LINE = f"simulate://{KIND}?speed=20"
TOPICS = [f"teleinfo/{METER}/{leaf}" for leaf in ("frame", "state", "link")]


@pytest.fixture(scope="module")
def household(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    SimulatedMeter(KIND).frame(datetime.now(UTC))  # adds up its past, for which a busy machine needs seconds
    with careful_broker(tmp_path_factory.mktemp("household")) as broker:
        yield broker


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"), "our own")


def probe(settings: config.Broker, publish: list[str] | None = None, timeout: float = WITHIN) -> BrokerFacts:
    return probe_broker(settings, publish=publish or [], subscribe=["teleinfo/+/stored"], seconds=0.1, timeout=timeout)


# -- connecting --------------------------------------------------------------------------------------------------------


def test_why_there_is_no_connection_is_known(household: Broker) -> None:
    for user, password in ((None, None), ("reader", "wrong"), ("stranger", PASSWORD)):
        assert probe(account(household, user, password=password)).failure is Failure.CREDENTIALS
    assert probe(config.Broker(host="127.0.0.1", port=free_port())).failure is Failure.REFUSED
    assert probe(config.Broker(host="no-such-machine.invalid")).failure is Failure.NAME


def test_a_broker_that_hangs_is_silent(household: Broker) -> None:
    household.pause()
    try:
        assert probe(account(household, "reader"), timeout=0.5).failure is Failure.SILENT
    finally:
        household.resume()


# -- TLS ---------------------------------------------------------------------------------------------------------------


@contextmanager
def tls_broker(
    folder: Path, authority: CertificateAuthority, valid: str, years: tuple[int, int] = (2020, 2099), extra: str = ""
) -> Iterator[tuple[Broker, Callable[..., config.Broker]]]:
    """Run a broker with such a certificate on a second port; give it, and what makes the settings for that port."""
    certificate, key = authority.sign("broker", valid, years=years)
    lines, port = f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}\n{extra}", free_port()
    with Broker(folder, config=f"listener {port} 127.0.0.1\n{lines}") as broker:

        def settings(ca: Path | None, at: int = port, **changes: Any) -> config.Broker:
            return config.Broker(host=broker.host, port=at, tls=config.Tls(ca=str(ca) if ca else None, **changes))

        yield broker, settings


def test_certificates_are_distinguished(programs: None, authority: CertificateAuthority, tmp_path: Path) -> None:
    with tls_broker(tmp_path, authority, "IP:127.0.0.1") as (broker, settings):
        facts = probe(settings(authority.certificate), TOPICS)
        assert facts.failure is None
        assert facts.certificate_ends

        stranger = CertificateAuthority(tmp_path / "stranger", "somebody else")
        assert probe(settings(stranger.certificate)).failure is Failure.TLS_CERTIFICATE
        assert probe(settings(None)).failure is Failure.TLS_CERTIFICATE
        assert probe(settings(tmp_path / "none.crt")).failure is Failure.TLS_FILES
        assert probe(replace(settings(None), tls=None)).failure is Failure.NOT_MQTT
        assert probe(settings(authority.certificate, broker.port)).failure is Failure.TLS_NONE


@pytest.mark.parametrize(
    ("name", "years", "why"),
    [
        ("IP:127.0.0.1", (2020, 2021), "certificate has expired"),
        ("IP:127.0.0.1", (2090, 2099), "certificate is not yet valid"),
        ("DNS:pi.lan, IP:10.9.8.7", (2020, 2099), "certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_certificate_of_another_time_or_name_is_refused_and_why_is_known(
    programs: None, authority: CertificateAuthority, tmp_path: Path, name: str, years: tuple[int, int], why: str
) -> None:
    with tls_broker(tmp_path, authority, name, years) as (_, settings):
        facts = probe(settings(authority.certificate))
    assert facts.failure is Failure.TLS_CERTIFICATE
    assert why in facts.detail


def test_a_broker_that_wants_our_certificate_says_so(
    programs: None, authority: CertificateAuthority, tmp_path: Path
) -> None:
    with tls_broker(tmp_path, authority, "IP:127.0.0.1", extra="require_certificate true") as (_, settings):
        assert probe(settings(authority.certificate)).failure is Failure.TLS_REFUSED
        certificate, key = authority.sign("reader", "DNS:reader")
        ours = settings(authority.certificate, certificate=str(certificate), key=str(key))
        assert probe(ours).failure is None


# -- rights ------------------------------------------------------------------------------------------------------------


def test_a_forbidden_topic_is_named_and_nobody_receives_the_question(programs: None, tmp_path: Path) -> None:
    rules = READER_RULES.replace("topic write teleinfo/+/state\n", "")
    strict = careful_broker(tmp_path / "strict", reader=rules)
    with strict as broker, Probe(account(broker, "everybody")) as everybody:
        everybody.subscribe(["#"])
        facts = probe(account(broker, "reader"), TOPICS)
        heard = everybody.listen(0.5)
    assert facts.published == tuple(TOPICS)
    assert facts.denied == (f"teleinfo/{METER}/state",)
    assert heard == []


def test_more_topics_than_a_broker_takes_at_a_time_are_asked_for_in_turn(programs: None, tmp_path: Path) -> None:
    with careful_broker(tmp_path / "narrow", extra="max_inflight_messages 2") as broker:
        topics = [f"teleinfo/{number}/frame" for number in range(5)]
        facts = probe(account(broker, "reader"), [*topics, "elsewhere"])
    assert facts.published == (*topics, "elsewhere")
    assert facts.denied == ("elsewhere",)


def test_a_broker_that_would_deliver_the_question_is_not_asked() -> None:
    topic = b"\x00\x05a/b/c"
    answers = {
        0x10: b"\x20\x03\x00\x00\x00",
        0x82: b"\x90\x04\x00\x01\x00\x00",
        0x34: b"\x50\x02\x00\x02" + b"\x30\x08" + topic + b"\x00",  # PUBREC, and the message itself
    }
    asked: list[int] = []

    def serve(server: socket.socket) -> None:
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(1000):
                    asked.append(data[0])
                    connection.sendall(answers.get(data[0], b""))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        facts = probe(config.Broker(host="127.0.0.1", port=server.getsockname()[1]), ["a/b/c", "d"])
        thread.join()
    assert facts.failure is None
    assert facts.not_asked
    assert asked.count(0x34) == 1


# -- the command -------------------------------------------------------------------------------------------------------


def write(tmp_path: Path, broker: Broker, port: str = LINE, **changes: object) -> Path:
    file = tmp_path / "reader.yaml"
    mqtt = {"host": broker.host, "port": broker.port, "username": "reader", "password": PASSWORD}
    spool = {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")}
    document = {"name": "cellar", "port": port, "mqtt": mqtt, "spool": spool} | changes
    file.write_text(yaml.safe_dump(document))
    file.chmod(0o600)
    return file


def examine(file: Path, tmp_path: Path, seconds: float = 1.0) -> tuple[int, str]:
    stream = io.StringIO()
    code = check(file, seconds, Report(stream), Host(tmp_path / "machine"))
    return code, stream.getvalue()


def test_a_healthy_household_has_no_problem(household: Broker, tmp_path: Path) -> None:
    code, text = examine(write(tmp_path, household), tmp_path, seconds=3)
    assert code == 0, text
    assert f"number {METER}" in text
    assert "all 8 topics may be published" in text


def test_rights_are_checked_for_the_meter_on_the_line(household: Broker, tmp_path: Path) -> None:
    rules = READER_RULES.replace("teleinfo/+/frame", "teleinfo/031961999999/frame")
    with careful_broker(tmp_path / "per-meter", reader=rules) as broker:
        code, text = examine(write(tmp_path, broker), tmp_path, seconds=3)
    assert code == 1
    assert "publish on teleinfo/+/frame →" in text


def test_a_password_that_every_user_can_read_is_a_notice(household: Broker, tmp_path: Path) -> None:
    file = write(tmp_path, household)
    file.chmod(0o644)
    assert "! note Configuration: " in examine(file, tmp_path)[1]


def test_while_a_reader_runs_its_port_is_left_alone(household: Broker, tmp_path: Path) -> None:
    """Somebody who looks like a reader, at the other end of a port that can be connected to once only."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        line = {"port": port, "open": True, "meter": METER, "mode": "standard", "frames": 12, "groups_dropped": {}}
        health = {"uptime": 60, "connects": 1, "lines": [line]}
        with log_in(account(household, "everybody")) as reader:
            reader.retain("teleinfo/reader/cellar/status", "online")
            reader.retain("teleinfo/reader/cellar/health", json.dumps(health))
            reader.retain(f"teleinfo/{METER}/link", "online")
            _, text = examine(write(tmp_path, household, port), tmp_path)
            for topic in ("teleinfo/reader/cellar/status", "teleinfo/reader/cellar/health", f"teleinfo/{METER}/link"):
                reader.retain(topic, "")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "problem Line" not in text
    assert "12 frames in standard mode" in text
    assert "a reader named cellar is connected" in text


def test_a_reader_that_has_the_port_is_named_and_asked(household: Broker, tmp_path: Path) -> None:
    master, slave = os.openpty()
    port = os.ttyname(slave)
    os.close(slave)
    file = write(tmp_path, household, port, name="attic")
    command = [sys.executable, "-m", "reader", "run", "--config", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with(os.getpid()))
    try:
        assert process.stdout
        said = ""
        while "Listening on" not in said or "Connected to the broker" not in said:
            line = process.stdout.readline()
            assert line, said  # else it has ended
            said += line
        with log_in(account(household, "everybody")) as heard:
            heard.subscribe("teleinfo/reader/attic/health")
            heard.wait_for("teleinfo/reader/attic/health")
        stream = io.StringIO()
        check(file, 1.0, Report(stream))
    finally:
        process.terminate()
        process.communicate()
        os.close(master)
    assert f"ok Port: {port}: in use by the running reader (process {process.pid})" in stream.getvalue()
    assert "ok Reader: attic is running and connected" in stream.getvalue()
    assert "note Line: the reader has just started" in stream.getvalue()


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ("prot: /dev/ttyAMA0", 2, "unknown option 'prot', did you mean 'port'?"),
        ("port: /dev/null\nmqtt: {password: a, password_file: /none}", 2, "'password_file' is given, too"),
        # The service waits for this file: it is no error of the configuration.
        (
            "port: /dev/null\nmqtt: {username: reader, password_file: /none}",
            1,
            "mqtt.password_file: /none cannot be read: No such file or directory",
        ),
    ],
)
def test_a_wrong_configuration_is_a_finding(tmp_path: Path, document: str, code: int, words: str) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text(document)
    found, text = examine(file, tmp_path)
    assert found == code
    assert text.count(words) == 1
    assert text.startswith(f"✗ problem Configuration: {file}") == (code == 2)

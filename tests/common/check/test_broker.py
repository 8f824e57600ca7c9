"""What is said of a broker, a database and a configuration, whatever the program."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.check.broker import diagnose_broker
from common.check.broker_probe import BrokerFacts, Failure
from common.check.config_file import config_finding, diagnose_secrets
from common.check.database import Needs, Refusal, diagnose_refusal
from common.check.findings import Finding, Status
from common.check.program import ProgramFacts, find_conflict, not_connected
from common.errors import ConfigError
from common.mqtt.events import Limits
from common.settings.config import Broker, load
from tests.support.golden import check_golden

NOW = 1_800_000_000.0
OK, NOTICE, PROBLEM = Status
NEEDS = Needs(program="teleinfo-storer", account="storer", rights=["SELECT", "INSERT"])
REFUSED = "Can't connect ([Errno 111] Connection refused) (2003)"
DETAILS = {
    Failure.NAME: "Name or service not known",
    Failure.REFUSED: "Connection refused",
    Failure.UNREACHABLE: "timed out",
    Failure.SILENT: "no answer within 5 s",
    Failure.PASSWORD_FILE: "mqtt.password_file: /etc/secret cannot be read: Permission denied",
    Failure.TLS_FILES: "/etc/ca.crt: No such file or directory",
    Failure.TLS_CERTIFICATE: "certificate has expired",
    Failure.NOT_MQTT: "what it sends is not MQTT",
    Failure.CLOSED: "it closed the connection",
}


@dataclass(frozen=True, slots=True)
class Settings:
    name: str = "main"


def facts(**changes: object) -> BrokerFacts:
    return BrokerFacts(**{"host": "pi.lan", "port": 1883, "username": "reader"} | changes)  # type: ignore[arg-type]


def refusal(code: int, error: str = "no", **changes: object) -> Finding:
    at = {"where": "db.lan:3306", "user": "teleinfo", "name": "teleinfodb", "local": False} | changes
    return diagnose_refusal(Refusal(**at, code=code, error=error), NEEDS)  # type: ignore[arg-type]


def configuration(file: Path) -> Finding:
    with pytest.raises(ConfigError) as error:
        load(Settings, file)
    return config_finding(error.value, file, "teleinfo-reader")


def everything() -> Iterator[Finding]:
    for failure in Failure:
        yield from diagnose_broker(facts(failure=failure, detail=DETAILS.get(failure, "so")), NOW)
    changes: list[dict[str, object]] = [
        {"failure": Failure.REFUSED, "host": "localhost"},
        {"failure": Failure.REFUSED, "host": "mosquitto"},
        {"failure": Failure.NAME, "host": "mosquitto", "detail": DETAILS[Failure.NAME]},
        {"failure": Failure.CREDENTIALS, "host": "mosquitto", "detail": "so"},
        {"failure": Failure.CREDENTIALS, "username": None, "detail": "so"},
        {"username": None},
        {"tls": True, "certificate_ends": NOW + 3.5 * 86400},
        {"limits": Limits(retain=False, max_packet_size=1000)},
        {"limits": Limits(wildcards=False)},
        {"published": ("a", "b")},
        {"published": ("a", "b"), "denied": ("a", "b"), "refused": ("c/+",)},
        {"not_asked": True},
    ]
    for change in changes:
        yield from diagnose_broker(facts(**change), NOW)
    for code in (1045, 1698, 1044, 1049, 1130, 2013):
        yield refusal(code)
    yield refusal(2003, REFUSED)
    yield refusal(2003, "Can't connect (timed out)", where="localhost:3306", local=True)
    yield refusal(2003, REFUSED, where="mariadb:3306")
    yield refusal(2003, "([SSL: X] certificate verify failed: self-signed (_ssl.c:1000))")
    yield refusal(0, "database.password_file: /x cannot be read: No such file or directory")
    yield refusal(1, "no")
    yield refusal(1045, "Access denied for user 'teleinfo'@'172.18.0.5'")
    for error in (PermissionError(13, "no"), FileNotFoundError(2, "no")):
        wrong = ConfigError("ca.crt: cannot be read: no; so")
        wrong.__cause__ = error
        yield config_finding(wrong, Path("/etc/reader.yaml"), "teleinfo-reader")
    running = ProgramFacts(name="main", health={"taken_over": 3})
    taken = find_conflict(running, "Reader", "reader")
    assert taken is not None
    yield taken
    for status in ("offline", ""):
        yield not_connected(replace(running, status=status), "Reader", "reader")


def test_all_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check_golden(Path(__file__).with_name("check"), everything, monkeypatch, tmp_path)


def test_all_that_is_said_of_a_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of this test, whose name is not in the golden file."""
    monkeypatch.chdir(tmp_path)
    file, secret = Path("reader.yaml"), Path("secret")
    secret.write_text("x")
    secret.chmod(0o644)

    def said() -> Iterator[Finding]:
        file.unlink(missing_ok=True)
        yield configuration(file)
        file.write_text("nmae: main\n")
        yield configuration(file)
        yield configuration(Path())
        yield from diagnose_secrets({"mqtt": Broker(password_file="secret")}, file)

    check_golden(Path(__file__).with_name("configuration"), said, monkeypatch, tmp_path)


def test_each_host_that_fails_beside_the_one_that_answers_is_a_problem() -> None:
    others = tuple(facts(host=f"node{number}", failure=Failure.REFUSED) for number in (2, 3))
    found = diagnose_broker(facts(failed=others), NOW)
    assert [finding.status for finding in found] == [OK, PROBLEM, PROBLEM]
    assert ["node2" in found[1].what, "node3" in found[2].what] == [True, True]
    found = diagnose_broker(facts(failure=Failure.REFUSED, failed=others), NOW)
    assert [finding.status for finding in found] == [PROBLEM] * 3


def test_a_certificate_that_lasts_is_not_mentioned() -> None:
    found = diagnose_broker(facts(tls=True, certificate_ends=NOW + 90 * 86400), NOW)
    assert [finding.status for finding in found] == [OK]

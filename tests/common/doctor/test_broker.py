import itertools

import pytest

from common.doctor.broker import diagnose_broker
from common.doctor.broker_facts import BrokerFacts
from common.doctor.connection_failure import Failure
from common.doctor.findings import Status
from common.mqtt.limits import Limits
from tests.support.findings import worst

NOW = 1_800_000_000.0
OK, NOTICE, PROBLEM = Status


def facts(**changes: object) -> BrokerFacts:
    return BrokerFacts(**{"host": "broker.local", "port": 1883, "username": "reader"} | changes)  # type: ignore[arg-type]


def test_each_problem_is_one_finding_that_names_the_broker_and_a_fix() -> None:
    for failure, tls, username in itertools.product(Failure, (False, True), (None, "reader")):
        (finding,) = diagnose_broker(facts(failure=failure, detail="why", tls=tls, username=username), NOW)
        assert finding.status is PROBLEM
        assert finding.fix, failure
        assert "broker.local" in finding.what or "mqtt.tls" in finding.what, failure


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        ({"failure": Failure.NAME}, "no machine named broker.local", "mqtt.host"),
        ({"failure": Failure.REFUSED}, "nothing listens at broker.local:1883", "`listener 1883`"),
        ({"failure": Failure.REFUSED, "host": "localhost"}, "nothing listens", "systemctl enable --now mosquitto"),
        (
            {"failure": Failure.TLS_NAME, "detail": "pi.lan, 10.0.0.2"},
            "not for broker.local, but for",
            "mqtt.host: pi.lan",
        ),
        ({"failure": Failure.TLS_AUTHORITY}, "trusted authority", "mqtt.tls.ca"),
        ({"failure": Failure.TLS_NOT_YET}, "not valid yet", "timedatectl"),
        ({"failure": Failure.NOT_MQTT}, "MQTT 5", "8883"),
        ({"failure": Failure.NOT_MQTT}, "MQTT 5", "mosquitto 2.0 or newer"),
        ({"failure": Failure.VERSION}, "MQTT 5", "mosquitto 2.0 or newer"),
        ({"failure": Failure.QOS}, "QoS 0", "max_qos 0"),
        (
            {"failure": Failure.PASSWORD_FILE, "detail": "mqtt.password_file: /f cannot be read: Permission denied"},
            "mqtt.password_file: /f cannot be read: Permission denied",
            "sudo",
        ),
        ({"limits": Limits(max_packet_size=1000)}, "1000 bytes", "max_packet_size"),
        ({"limits": Limits(retain=False)}, "retains no messages", "retain_available true"),
        ({"limits": Limits(wildcards=False)}, "no subscriptions with wildcards", "docs/brokers.md"),
        ({"failure": Failure.CREDENTIALS}, "the user reader with this password", "mosquitto_passwd FILE reader"),
        ({"failure": Failure.CREDENTIALS, "username": None}, "user name", "mqtt.username"),
        ({"published": ("a", "b"), "denied": ("b",)}, "publish on b", "the user reader to write"),
        ({"refused": ("c/+",)}, "subscribe to c/+", "to read"),
    ],
)
def test_a_problem_has_its_fix(changes: dict[str, object], what: str, fix: str) -> None:
    finding = worst(diagnose_broker(facts(**changes), NOW))
    assert finding.status is PROBLEM
    assert what in finding.what
    assert fix in finding.fix


def test_each_host_that_fails_beside_the_one_that_answers_is_a_problem() -> None:
    others = tuple(facts(host=f"node{number}", failure=Failure.REFUSED) for number in (2, 3))
    found = diagnose_broker(facts(failed=others), NOW)
    assert [finding.status for finding in found[:3]] == [OK, PROBLEM, PROBLEM]
    assert ["node2" in found[1].what, "node3" in found[2].what] == [True, True]
    found = diagnose_broker(facts(failure=Failure.REFUSED, failed=others), NOW)
    assert [finding.status for finding in found] == [PROBLEM] * 3


def test_a_broker_that_allows_everything_is_ok() -> None:
    found = diagnose_broker(facts(host="localhost", published=("a", "b")), NOW)
    assert [finding.status for finding in found] == [OK, OK]
    assert "all 2 topics" in found[1].what


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"not_asked": True, "host": "localhost"}, "QoS 2"),
        ({"tls": True, "certificate_ends": NOW + 3.5 * 86400}, "3 days"),
        ({"host": "192.168.1.10"}, "unencrypted"),
    ],
)
def test_what_works_but_should_be_known_is_a_notice(changes: dict[str, object], what: str) -> None:
    finding = worst(diagnose_broker(facts(**changes), NOW))
    assert finding.status is NOTICE
    assert what in finding.what


def test_a_certificate_that_lasts_is_not_mentioned() -> None:
    found = diagnose_broker(facts(tls=True, certificate_ends=NOW + 90 * 86400), NOW)
    assert [finding.status for finding in found] == [OK]


@pytest.mark.parametrize("failure", [Failure.NAME, Failure.REFUSED])
def test_in_a_container_the_bundled_broker_is_started_with_compose(
    monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    (finding,) = diagnose_broker(facts(failure=failure, host="mosquitto"), NOW)
    assert "docker compose up -d mosquitto" in finding.fix
    (finding,) = diagnose_broker(facts(failure=failure, host="192.168.1.20"), NOW)
    assert "docker compose up -d mosquitto" not in finding.fix
    assert "in .env" in finding.fix


@pytest.mark.parametrize(
    ("host", "username", "command"),
    [
        ("mosquitto", "reader", "docker compose up -d && docker compose restart mosquitto"),
        ("192.168.1.20", "their-reader", "docker compose run --rm setup password"),
    ],
)
def test_in_a_container_passwords_are_set_by_the_setup_service(
    monkeypatch: pytest.MonkeyPatch, host: str, username: str, command: str
) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    (finding,) = diagnose_broker(facts(failure=Failure.CREDENTIALS, host=host, username=username), NOW)
    assert command in finding.fix
    assert "sudo" not in finding.fix

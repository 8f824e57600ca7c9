"""What apprise makes of the addresses that the page makes: tests/page/places/settings/address_urls.test.js."""

import json
from pathlib import Path
from typing import Any

import apprise
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise, on 3.11

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "page/places/settings/address_urls.json").read_text()
)


def service(case: dict[str, Any]) -> Any:
    found = apprise.Apprise.instantiate(case["url"])
    assert found is not None, case["url"]
    return found


def services(name: str) -> list[Any]:
    return [service(case) for case in CASES if case["service"] == name]


def test_a_topic_of_ntfy_has_its_server_and_account() -> None:
    found = [(one.secure, one.host, one.port, one.user, one.password, one.topics, one.mode) for one in services("ntfy")]
    assert found == [
        (True, "ntfy.sh", None, None, None, ["teleinfo-abc234"], "private"),
        (True, "ntfy.example.org", 8443, "us@er", "p/w:x", ["house"], "private"),
        (False, "192.168.1.4", 8080, None, None, ["house"], "private"),
    ]


def test_a_mail_goes_through_the_server_that_was_entered_whosever_the_sender_is() -> None:
    found = [
        (one.smtp_host, one.port, one.secure_mode, one.user, one.password, one.from_addr[1], one.targets[0][1])
        for one in services("mail")
    ]
    assert found == [
        ("smtp.example.org", 587, "starttls", "me@gmail.com", "p&w x+", "me@gmail.com", "you@example.org"),
        ("smtp.example.org", 4650, "ssl", "me", "pw", "you@example.org", "you@example.org"),
        ("192.168.1.4", 25, "insecure", None, None, "you@example.org", "you@example.org"),
    ]


def test_a_bot_writes_to_its_chat() -> None:
    (found,) = services("telegram")
    assert (found.bot_token, found.targets[0][0]) == ("123456789:AAbc_de-fgh", -1001234567)


def test_a_subscriber_of_free_mobile_has_an_identifier_and_a_key() -> None:
    (found,) = services("freemobile")
    assert (found.user, found.password) == ("12345678", "abCD12ef")


def test_any_other_address_is_left_as_it_is() -> None:
    assert [type(one).__name__ for one in services("other")] == ["NotifyGotify"]

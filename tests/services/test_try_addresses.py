"""Test messages over the API, at real services, one that refuses and one that never answers."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.places.settings import try_addresses
from tests.services.test_settings_page import Page, account, errors, read
from tests.support.ntfy import Ntfy
from tests.support.servers import HOST
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

TEST = "alerts/test"
TITLE = "TeleInfo Monitor\u00a0: essai"


@pytest.fixture(scope="module")
def ntfy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ntfy]:
    with Ntfy(tmp_path_factory.mktemp("ntfy")) as ntfy:
        yield ntfy


@pytest.fixture
def page(fresh_database: Server, tmp_path: Path) -> Iterator[Page]:
    make_tables(fresh_database)
    with account(fresh_database), contextlib.closing(Page(fresh_database, tmp_path)) as page:
        yield page


def test_each_address_is_answered_for_before_it_is_saved(page: Page, ntfy: Ntfy) -> None:
    urls = [ntfy.url("entered"), ntfy.url("entered", password="wrong")]
    taken, refused = read(page.send("POST", TEST, {"addresses": urls}, language="fr"))
    assert taken == {"service": "ntfy", "id": None, "ok": True, "said": "le service a accepté le message"}
    assert (refused["ok"], refused["said"][:19]) == (False, "accès refusé (401) ")
    assert [title for title, _ in ntfy.messages("entered")] == [TITLE]
    assert "wrong" not in "".join(page.answers)


def test_a_saved_address_is_tried_by_its_id_and_without_any_all_are(page: Page, ntfy: Ntfy) -> None:
    read(page.save("addresses", [ntfy.url("first"), ntfy.url("second")], 0))
    (one,) = read(page.send("POST", TEST, {"addresses": [{"id": "a2"}]}))
    assert one == {"service": "ntfy", "id": "a2", "ok": True, "said": "the service accepted the message"}
    assert [one["id"] for one in read(page.send("POST", TEST, {"addresses": None}))] == ["a1", "a2"]
    assert [len(ntfy.messages(topic)) for topic in ("first", "second")] == [1, 2]


def test_a_service_that_never_answers_is_given_up(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(try_addresses, "_PATIENCE", 1.0)
    with socket.create_server((HOST, 0)) as silent:
        address = f"ntfy://{HOST}:{silent.getsockname()[1]}/house"
        (one,) = read(page.send("POST", TEST, {"addresses": [address]}))
    assert (one["ok"], one["said"]) == (False, "no answer in time")


def test_what_is_no_address_is_refused_at_its_place(page: Page) -> None:
    sent = page.send("POST", TEST, {"addresses": ["house", {"id": "a1"}]})
    assert errors(sent) == {"addresses[1]": "this address is not there any more"}
    assert list(errors(page.send("POST", TEST, {"addresses": ["house"]}))) == ["addresses[0]"]
    assert read(page.send("POST", TEST, {}), 422)["detail"].startswith("What is sent is")
    many = page.send("POST", TEST, {"addresses": ["ntfy://house"] * 11})
    assert "10 addresses" in read(many, 422)["detail"]

import re
from pathlib import Path

import pytest

from monitor.alerts.addresses import destinations
from monitor.alerts.child import is_known
from monitor.base.household import Address

ROOT = Path(__file__).resolve().parents[3]


def test_addresses_are_named_by_kind_and_number(tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_text(
        "# of the family\n\n  mailtos://me:secret@example.org  \nntfys://secret/house\nsecret, not an address\n"
    )
    found = destinations((Address(text="NTFYS://secret/cellar"), Address(file=file)))
    assert [(each.name, each.url) for each in found] == [
        ("ntfys 1", "NTFYS://secret/cellar"),
        ("mailtos 1", "mailtos://me:secret@example.org"),
        ("ntfys 2", "ntfys://secret/house"),
        ("address 1", "secret, not an address"),
    ]
    assert "secret" not in repr(found)


def test_a_file_of_an_editor_of_windows_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_bytes(b"\xef\xbb\xbf# of the family\r\nntfys://secret/house\r\n")
    assert [(each.name, each.url) for each in destinations((Address(file=file),))] == [
        ("ntfys 1", "ntfys://secret/house")
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "No such file"), (b"# only a comment\n", "contains no address"), (b"ntfy://\xe9", "UTF-8")],
)
def test_a_file_without_an_address_is_a_destination_with_a_problem(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "mail"
    if content is not None:
        file.write_bytes(content)
    (found,) = destinations((Address(file=file),))
    assert (found.name, found.url) == ("file 1", None)
    assert str(file) in (found.problem or "")
    assert problem in (found.problem or "")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise, on 3.11
def test_apprise_understands_the_addresses_of_the_documents() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    examples = re.findall(r"`([a-z]+://[^`]+)`", text)
    assert len(examples) > 10
    assert [url for url in examples if not is_known(url)] == []
    assert not is_known("smoke://signal")

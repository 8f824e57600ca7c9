from pathlib import Path

import pytest

from deploy.compose.accounts import ACCOUNTS, PasswordStore, SetupError

READER = ACCOUNTS[0]


def test_each_account_of_each_installation_has_its_own_password(tmp_path: Path) -> None:
    passwords = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        passwords += [PasswordStore(tmp_path / name).password(account) for account in ACCOUNTS]
    assert len(set(passwords)) == 2 * len(ACCOUNTS)
    assert min(map(len, passwords)) >= 32


def test_a_password_stays_until_it_is_renewed(tmp_path: Path) -> None:
    vault = PasswordStore(tmp_path)
    first = vault.password(READER)
    assert PasswordStore(tmp_path).password(READER) == first
    vault.renew(READER)
    assert vault.password(READER) != first


def test_nobody_else_can_read_a_password(tmp_path: Path) -> None:
    PasswordStore(tmp_path).password(READER)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_given_password_is_known_as_one_until_it_is_renewed(tmp_path: Path) -> None:
    vault = PasswordStore(tmp_path)
    vault.set_external(READER, "of my own broker")
    assert vault.password(READER) == "of my own broker"
    assert vault.is_external(READER)
    vault.renew(READER)
    assert not vault.is_external(READER)


@pytest.mark.parametrize("password", ["", "two\nlines", "x" * 201, "\0"])
def test_what_cannot_be_a_password_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(SetupError, match="printable"):
        PasswordStore(tmp_path).set_external(READER, password)


def test_an_added_account_is_there_until_it_is_removed(tmp_path: Path) -> None:
    vault = PasswordStore(tmp_path)
    attic = vault.add("reader-attic", "reader")
    vault.password(attic)
    assert attic in PasswordStore(tmp_path).accounts()
    vault.remove("reader-attic")
    assert vault.accounts() == list(ACCOUNTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "role"), [("reader", "reader"), ("../x", "reader"), ("a b", "phone"), ("x", "sql"), ("x", "health")]
)
def test_no_account_takes_another_place_or_role(tmp_path: Path, name: str, role: str) -> None:
    with pytest.raises(SetupError):
        PasswordStore(tmp_path).add(name, role)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("role", ["phone", "home-assistant"])
def test_no_guest_has_the_client_id_of_a_program_for_a_name(tmp_path: Path, role: str) -> None:
    with pytest.raises(SetupError, match="client ids"):
        PasswordStore(tmp_path).add("teleinfo-storer-main", role)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_account_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="home-assistant"):
        PasswordStore(tmp_path).find("homeassistant")


def test_what_is_always_there_cannot_be_removed(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"reader.*added"):
        PasswordStore(tmp_path).remove("reader")

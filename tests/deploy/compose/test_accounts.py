from pathlib import Path

import pytest

from deploy.compose.accounts import ACCOUNTS, Account, PasswordStore, SetupError

READER = ACCOUNTS[0]
ATTIC = Account("reader-attic", "reader", "added")


def test_each_account_of_each_installation_has_its_own_password(tmp_path: Path) -> None:
    passwords = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        passwords += [PasswordStore(tmp_path / name).password(account) for account in ACCOUNTS]
    assert len(set(passwords)) == 2 * len(ACCOUNTS)
    assert min(map(len, passwords)) >= 32


def test_a_password_stays_until_it_is_renewed_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    vault = PasswordStore(tmp_path)
    first = vault.password(READER)
    assert PasswordStore(tmp_path).password(READER) == first
    vault.renew(READER)
    assert vault.password(READER) != first
    vault.set_external(READER, "x" * 200)
    assert vault.password(READER) == "x" * 200
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("password", ["", "two\nlines", "x" * 201, "\0"])
def test_what_cannot_be_a_password_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(SetupError, match="printable"):
        PasswordStore(tmp_path).set_external(READER, password)


def test_of_an_account_that_is_removed_nothing_is_left(tmp_path: Path) -> None:
    vault = PasswordStore(tmp_path)
    vault.add("reader-attic", "reader")
    vault.set_external(ATTIC, "x")
    assert PasswordStore(tmp_path).accounts() == [*ACCOUNTS, ATTIC]
    vault.remove("reader-attic")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "role", "why"),
    [
        ("reader", "reader", "exists"),
        ("../x", "reader", "valid name"),
        ("a b", "phone", "valid name"),
        ("teleinfo-storer-main", "phone", "client ids"),  # a guest's name is its client id
        ("teleinfo-storer-main", "home-assistant", "client ids"),
    ],
)
def test_no_account_takes_another_place(tmp_path: Path, name: str, role: str, why: str) -> None:
    with pytest.raises(SetupError, match=why):
        PasswordStore(tmp_path).add(name, role)
    assert list(tmp_path.iterdir()) == []


def test_who_is_not_known_or_always_there_cannot_be_shown_or_removed(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"known: .*home-assistant"):
        PasswordStore(tmp_path).find("homeassistant")
    with pytest.raises(SetupError, match=r"reader.*added"):
        PasswordStore(tmp_path).remove("reader")

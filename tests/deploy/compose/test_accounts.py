from pathlib import Path

import pytest

from deploy.compose.accounts import ACCOUNTS, Account, PasswordStore, SetupError

READER = ACCOUNTS[0]


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
    for password in ("", "two\nlines", "x" * 201, "\0"):
        with pytest.raises(SetupError, match="printable"):
            vault.set_external(READER, password)
    assert vault.password(READER) == "x" * 200
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_of_an_account_that_is_removed_nothing_is_left(tmp_path: Path) -> None:
    vault, attic = PasswordStore(tmp_path), Account("reader-attic", "reader", "added")
    vault.add("reader-attic", "reader")
    vault.set_external(attic, "x")
    assert PasswordStore(tmp_path).accounts() == [*ACCOUNTS, attic]
    vault.remove("reader-attic")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (("add", "reader", "reader"), "exists"),
        (("add", "../x", "reader"), "valid name"),
        (("add", "a b", "phone"), "valid name"),
        (("add", "teleinfo-storer-main", "phone"), "client ids"),  # a guest's name is its client id
        (("add", "teleinfo-storer-main", "home-assistant"), "client ids"),
        (("find", "homeassistant"), r"known: .*home-assistant"),
        (("remove", "reader"), r"reader.*added"),
    ],
)
def test_no_account_takes_another_place_and_who_is_always_there_stays(
    tmp_path: Path, action: tuple[str, ...], why: str
) -> None:
    name, *arguments = action
    with pytest.raises(SetupError, match=why):
        getattr(PasswordStore(tmp_path), name)(*arguments)
    assert list(tmp_path.iterdir()) == []

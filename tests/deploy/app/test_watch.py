from typing import Any

import pytest

from deploy.app.options import Options
from deploy.app.watch import has_accounts

SERVER = {"host": "core-mariadb", "password": "s"}


@pytest.mark.parametrize(
    ("database", "answers", "expected"),
    [
        ("internal", {}, True),
        ("internal", {"mysql": SERVER, "accounts": SERVER | {"password": "old"}}, True),  # of an option of before
        ("mariadb", {}, True),  # there is no server yet
        ("mariadb", {"mysql": SERVER}, False),
        ("mariadb", {"mysql": SERVER, "accounts": SERVER}, True),
        ("mariadb", {"mysql": SERVER, "accounts": SERVER | {"host": "elsewhere"}}, False),
    ],
)
def test_accounts_are_made_once_at_each_server(database: str, answers: Any, expected: bool) -> None:
    assert has_accounts(Options(database=database), answers) is expected

"""The SQL of our accounts, for the ways to deploy."""

from deploy.database_accounts import account_sql, hashed
from tests.test_layers import ROOT

STORER = (ROOT / "mariadb" / "storer.sql").read_text()


def test_with_the_apps_own_database_nobody_has_a_password() -> None:
    sql = account_sql(STORER, None, "localhost")
    assert "ALTER USER 'teleinfo'@'localhost' IDENTIFIED VIA unix_socket OR unix_socket AS 'root';" in sql.splitlines()
    assert "BY" not in sql
    assert all(line.endswith(";") for line in sql.splitlines())


def test_at_another_server_the_account_is_for_any_host_with_the_hash_of_its_password() -> None:
    sql = account_sql(STORER, "secret", "%")
    assert f"'teleinfo'@'%' IDENTIFIED VIA mysql_native_password USING '{hashed('secret')}'" in sql
    assert "localhost" not in sql.replace("DEFINER = root@localhost", "")
    assert "'secret'" not in sql

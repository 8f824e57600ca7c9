import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.compose import broker
from deploy.compose.accounts import ACCOUNTS, Account, SetupError

ACL = (Path(__file__).parents[3] / "mosquitto" / "acl").read_text()


def test_a_line_is_what_mosquitto_writes(tmp_path: Path) -> None:
    """mosquitto_passwd makes one, and we find it right: so we compute what the broker computes."""
    program = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/local/bin:/usr/sbin:/usr/local/sbin")
    assert program, "mosquitto_passwd comes with mosquitto"
    file = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", str(file), "reader", "sesame"], check=True, capture_output=True)
    (line,) = file.read_text().splitlines()
    assert broker.verifies(line, "reader", "sesame")
    assert not broker.verifies(line, "reader", "sesam")
    assert line.count("$") == broker.password_line("reader", "sesame").count("$")


@pytest.mark.parametrize(
    "line", ["", "reader", "reader:", "reader:$7$101$x$y", "reader:$6$a$b", "storer:$7$101$AA==$AA=="]
)
def test_a_line_of_another_kind_verifies_nothing(line: str) -> None:
    assert not broker.verifies(line, "reader", "")


def test_a_line_that_is_right_stays_as_it_is() -> None:
    before = broker.password_file([("reader", "one"), ("storer", "two"), ("gone", "x")], "")
    after = broker.password_file([("reader", "one"), ("storer", "new")], before)
    assert after.splitlines()[0] == before.splitlines()[0]
    assert broker.verifies(after.splitlines()[1], "storer", "new")
    assert len(after.splitlines()) == 2


def test_an_added_account_has_the_rules_of_its_role() -> None:
    rules = broker.access_rules(ACL, [ACCOUNTS[0], Account("reader-attic", "reader")])
    first, second = rules.strip().split("\n\n")
    assert first.replace("user reader\n", "user reader-attic\n") == second
    assert "topic readwrite teleinfo/+/frame" in second


def test_a_role_without_rules_is_refused() -> None:
    with pytest.raises(SetupError, match="no rules"):
        broker.access_rules(ACL, [Account("x", "nobody")])

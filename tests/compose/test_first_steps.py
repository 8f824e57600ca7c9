"""A beginner's first steps: what the log says to do next, local time, finding one's own meter."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.compose.stack import SERVICES, Stack
from tests.support.meters import meter_on_a_port
from tests.support.programs import wait_until

METER = re.compile(r"The meter (\d{12}) is read: [\d,]+ VA, period [^,]+, index [\d,]+ Wh")
PARIS = ZoneInfo("Europe/Paris")


def log_of(stack: Stack, service: str, *options: str) -> str:
    return stack.compose("logs", "--no-log-prefix", *options, service).replace("\x1b[2K", "")


def since_the_last_start(stack: Stack) -> str:
    """The reader's log since it started last: other tests restart it."""
    return log_of(stack, "reader").rpartition("NO METER")[2]


@pytest.fixture(scope="module")
def commands(stack: Stack) -> list[str]:
    """The commands that the log tells."""
    wait_until(
        lambda: "Show the stored frames" in since_the_last_start(stack), 180, "the reader to say what to do next"
    )
    return re.findall(r": (docker compose exec .*)", since_the_last_start(stack))


def test_the_log_says_once_what_the_meter_says_and_what_to_do_next(stack: Stack, commands: list[str]) -> None:
    assert len(METER.findall(since_the_last_start(stack))) == 1
    assert [re.search(r"watch$|mosquitto_sub|SELECT", command) is not None for command in commands] == [True] * 3


def test_watch_works_on_terminal(stack: Stack, commands: list[str]) -> None:
    code, text = stack.on_terminal(commands[0], lambda text: "VA " in text, b"q")
    assert code == 0, text
    assert "VA " in text


def test_mosquitto_sub_works_on_terminal(stack: Stack, commands: list[str]) -> None:
    code, text = stack.on_terminal(commands[1], lambda text: "/state {" in text, b"\x03")
    assert "/state {" in text, (code, text)


def test_sql_works_on_terminal(stack: Stack, commands: list[str]) -> None:
    code, text = stack.on_terminal(commands[2], lambda _: False, b"")
    assert code == 0, text
    assert re.search(r"\d{12}", text), text


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_the_time_of_the_house(stack: Stack, service: str) -> None:
    now = datetime.now(PARIS)
    assert stack.inside(service, "date +%z").strip() == now.strftime("%z")


@pytest.mark.parametrize("service", ["reader", "storer", "mariadb"])  # mosquitto says nothing while all is well
def test_a_log_has_the_time_of_the_house(stack: Stack, service: str) -> None:
    # Docker puts its own time before each line, which may be old.
    line = re.compile(r"^(\S+:\d\d)\.\d+Z (\d{4}-\d\d-\d\d)[ T]+(\d{1,2}:\d\d:\d\d)", re.MULTILINE)
    times = line.findall(log_of(stack, service, "--timestamps"))
    assert times
    written, day, clock = times[-1]
    at = datetime.fromisoformat(f"{written}Z")
    said = datetime.fromisoformat(f"{day}T{clock:0>8}").replace(tzinfo=PARIS)
    # At the end of summer time an hour comes twice.
    assert min(abs(at - said.replace(fold=fold)) for fold in (0, 1)) < timedelta(minutes=10)


def test_sql_of_a_person_has_the_time_of_the_house(stack: Stack) -> None:
    ((offset,),) = stack.sql("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())")
    expected = datetime.now(PARIS).utcoffset()
    assert expected is not None
    assert int(offset) == expected.total_seconds()


def test_setup_meter_listens_to_a_port_and_writes_env(stack: Stack) -> None:
    env = stack.root / ".env"
    try:
        with meter_on_a_port() as port:
            output = stack.setup("meter", port)
        assert re.search(rf"1\.\s+{port}: Linky .* number \d{{12}}, standard mode", output)
        assert f"\nTIC_PORT={port}\n" in env.read_text()
        assert "# READER_NAME=home" in env.read_text()  # all of .env.example is there
        assert (env.stat().st_uid, env.stat().st_gid) == (stack.root.stat().st_uid, stack.root.stat().st_gid)
    finally:
        env.unlink(missing_ok=True)


def test_setup_has_the_rights_of_who_hands_out_passwords_and_no_others(stack: Stack) -> None:
    script = "from deploy.compose.__main__ import become; become(['credentials']); "
    script += "print(open('/proc/self/status').read())"
    output = stack.compose("run", "--rm", "-T", "--entrypoint", "python", "setup", "-c", script)
    status = dict(line.split(":", 1) for line in output.splitlines() if ":" in line)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"1883"}
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff")} == {0}

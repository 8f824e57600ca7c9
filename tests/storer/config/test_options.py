from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.config import load
from storer.config.options import StorerConfig
from tests.support.wording import says


def settings(folder: Path, text: str) -> StorerConfig:
    file = folder / "storer.yaml"
    file.write_text(text)
    return load(StorerConfig, file)


def test_an_empty_file_will_do(tmp_path: Path) -> None:
    assert settings(tmp_path, "") == StorerConfig()


def test_the_defaults_are_those_of_the_design() -> None:
    defaults = StorerConfig()
    assert defaults.name == "main"
    assert (defaults.mqtt.host, defaults.mqtt.port, defaults.mqtt.topic) == ("localhost", 1883, ("teleinfo",))
    assert (defaults.mqtt.username, defaults.mqtt.secret(), defaults.mqtt.tls) == (None, None, None)
    assert (defaults.database.host, defaults.database.port) == (("localhost",), 3306)
    assert (defaults.database.user, defaults.database.name) == ("teleinfo", "teleinfodb")
    assert (defaults.database.unix_socket, defaults.database.secret()) == (None, None)
    assert (defaults.batch.size, defaults.batch.wait) == (500, 0.0)


def test_hosts_and_topics_may_be_lists(tmp_path: Path) -> None:
    text = "mqtt: {topic: [a, b/c, a]}\ndatabase: {host: [one, two]}\nbatch: {size: 100, wait: 60s}"
    given = settings(tmp_path, text)
    assert given.mqtt.topic == ("a", "b/c")
    assert given.database.host == ("one", "two")
    assert (given.batch.size, given.batch.wait) == (100, 60.0)


def test_what_the_page_sets_now_is_refused_with_the_command_that_takes_it_over(tmp_path: Path) -> None:
    text = "name: other\nretention: {frames: 1 month}\nsources: []\n"
    with pytest.raises(ConfigError, match=r"line 2: .*retention, sources.*teleinfo-monitor settings load .*storer"):
        settings(tmp_path, text)
    assert load(StorerConfig, tmp_path / "storer.yaml", moved=True) == StorerConfig(name="other")


@pytest.mark.parametrize(
    ("text", "facts"),  # the key, what is expected, and what was given
    [
        ("mqtt: {topic: []}", "mqtt.topic: ...list..., not []"),
        ("mqtt: {topic: 5}", "mqtt.topic: ...list..., not 5"),
        ("mqtt: {topic: [5]}", "mqtt.topic: ...'+'...'#'...'/'..., not 5"),
        ("mqtt: {topic: a/#}", "mqtt.topic: ...'+'...'#'...'/'..., not 'a/#'"),
        ("database: {host: []}", "database.host: ...list..., not []"),
        ("database: {host: ['']}", "database.host: ...list..., not ['']"),
        ("database: {host: 5}", "database.host: ...list..., not 5"),
        ("batch: {size: 0}", "batch.size: ...1...10000..., not 0"),
        ("batch: {size: 10001}", "batch.size: ...1...10000..., not 10001"),
        ("batch: {wait: 60}", "batch.wait: ...30s..., not 60"),
        ("database: {username: u}", "...'database.username'...'database.user'..."),
        ("name: a/b", "name: ...'-', '_'...'.'..., not 'a/b'"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, text: str, facts: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    assert says(str(caught.value), f"{tmp_path / 'storer.yaml'}...: {facts}")

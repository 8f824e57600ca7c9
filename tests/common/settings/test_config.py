import dataclasses
import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from common.errors import ConfigError, NotReady
from common.settings import config
from common.settings.config import Secret, Tls, duration, load, option, section, size, whole
from reader.config import ReaderConfig
from storer.config.options import StorerConfig
from tests.support.wording import says


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner(Secret):
    host: str = "localhost"
    port: int = option(1883, read=whole(1, 65535))
    retries: int = 3
    factor: float = 1.5
    loud: bool = False
    words: tuple[str, ...] = ()
    note: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    device: str
    wait: float = option(0.0, read=duration)
    room: int = option(64_000_000, read=size)
    inner: Inner = section(Inner)
    maybe: Inner | None = None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "program.yaml"


def settings(file: Path, text: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(Settings, file)


def refusal(file: Path, text: str) -> str:
    """Return what is wrong, without the file and the line."""
    with pytest.raises(ConfigError) as caught:
        settings(file, text)
    where, _, rest = str(caught.value).partition(f"{file}")
    assert where == ""
    assert "\n" not in rest
    return re.sub(r"^(, line \d+)?: ", "", rest)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# mine\ndevice: 5", ", line 2"),
        ("device: d\nxyz: 1", ", line 2"),
        ("device: d\ninner:\n  host: h\n  port: 0", ", line 4"),
        ("device: d\n\ninner:\n  host: h\n  prot: 1", ", line 5"),
        ("device: d\ninner: {host: h,\n  port: 0}", ", line 3"),
        ("device: d\ninner: {password: a, password_file: b}", ", line 2"),
        ("wait: 5s", ""),  # that an option is missing is in no line
    ],
)
def test_errors_name_the_line(file: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(str(file))}{line}: "):
        settings(file, text)


def test_missing_options_have_their_defaults(file: Path) -> None:
    assert settings(file, "device: /dev/ttyS0") == Settings(device="/dev/ttyS0")


def test_given_options_are_read(file: Path) -> None:
    text = """
        device: "5"
        wait: 1.5h
        room: 3kB
        inner: {host: h, port: 1, retries: -1, factor: 0.5, loud: true, words: [a, b], note: n, password: secret}
        maybe: {}
    """
    inner = Inner(host="h", port=1, retries=-1, factor=0.5, loud=True, words=("a", "b"), note="n", password="secret")
    assert settings(file, text) == Settings(device="5", wait=5400.0, room=3000, inner=inner, maybe=Inner())


def test_an_empty_section_has_all_defaults(file: Path) -> None:
    assert settings(file, "device: d\ninner:\n") == Settings(device="d")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        # what is missing
        ("", "...'device'...missing..."),
        ("# only a comment\n", "...'device'...missing..."),
        # what is too much
        ("devcie: d", "unknown...'devcie'...'device'..."),
        ("device: d\nxyz: 1", "unknown...'xyz'...: device, wait, room, inner, maybe"),
        ("device: d\n1883: 1", "unknown...'1883'...: device, wait, room, inner, maybe"),
        ("device: d\ninner: {prot: 1}", "unknown...'inner.prot'...'inner.port'..."),
        ("device: d\nmaybe: {prot: 1}", "unknown...'maybe.prot'...'maybe.port'..."),
        (
            "device: d\ninner: {xyz: 1}",
            "unknown...'inner.xyz'...: password, password_file, host, port, retries, factor, loud, words, note",
        ),
        # what is of another type
        ("device: 5", "device: text ... not 5...quotes"),
        ("device: 1.5", "device: text ... not 1.5...quotes"),
        ("device: no", "device: text ... not False...quotes"),
        ("device:", "device: text ... not None"),
        ("device: [d]", "device: text ... not ['d']"),
        ("device: 2026-11-24", "device: text ... not datetime.date(2026, 11, 24)...quotes"),
        ("device: d\ninner: {note: 5}", "inner.note: text ... not 5...quotes"),
        ("device: d\ninner: {retries: '3'}", "inner.retries: ...whole number... not '3'"),
        ("device: d\ninner: {retries: 3.0}", "inner.retries: ...whole number... not 3.0"),
        ("device: d\ninner: {retries: true}", "inner.retries: ...whole number... not True"),
        ("device: d\ninner: {factor: x}", "inner.factor: a number... not 'x'"),
        ("device: d\ninner: {loud: 1}", "inner.loud: true...false... not 1"),
        ("device: d\ninner: {words: a}", "inner.words: ...list... not 'a'"),
        ("device: d\ninner: {words: [1]}", "inner.words: ...list... not [1]"),
        ("device: d\ninner: {port: 0}", "inner.port: ...1...65535... not 0"),
        ("device: d\ninner: {port: 65536}", "inner.port: ...1...65535... not 65536"),
        ("device: d\ninner: {port: '1'}", "inner.port: ...1...65535... not '1'"),
        ("device: d\ninner: {port: true}", "inner.port: ...1...65535... not True"),
        ("device: d\ninner: {port: }", "inner.port: ...1...65535... not None"),
        ("device: d\nwait: 5", "wait: ...30s... not 5"),
        ("device: d\nwait: 5 minutes", "wait: ...30s... not '5 minutes'"),
        ("device: d\nwait: -5s", "wait: ...30s... not '-5s'"),
        ("device: d\nroom: 64", "room: ...64MB... not 64"),
        ("device: d\nroom: 1.5MB", "room: ...64MB... not '1.5MB'"),
        # what is no set of options
        ("- device: d", "options...key: value... list"),
        ("device", "options...key: value... text"),
        ("5", "options...key: value... number"),
        ("device: d\ninner: localhost", "inner: ...key: value... text"),
        ("device: d\ninner: [host, h]", "inner: ...key: value... list"),
        ("device: d\nmaybe: true", "maybe: ...key: value... true or false"),
    ],
)
def test_errors_name_the_key_and_the_fix(file: Path, text: str, facts: str) -> None:
    assert says(refusal(file, text), facts)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("device:/dev/ttyUSB0", "device: ...space...colon"),
        ("device: d\ninner:\n  host:localhost", "inner.host: ...space...colon"),
        ("device: d\ninner: {password:hunter2}", "inner.password: ...space...colon"),
    ],
)
def test_a_missing_space_after_the_colon_is_explained(file: Path, text: str, facts: str) -> None:
    assert says(refusal(file, text), facts)


def test_a_missing_file_is_named_with_the_fix(file: Path, tmp_path: Path) -> None:
    for missing, error in ((file, errno.ENOENT), (tmp_path, errno.EISDIR)):
        with pytest.raises(ConfigError, match=rf"^{missing}: .*{os.strerror(error)}.*--config$"):
            load(Settings, missing)


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NOT_SET", raising=False)
        for name, value in {"WORD": "cellar", "NUMBER": "42", "EMPTY": "", "ODD": "[1", "NESTED": "${WORD}"}.items():
            monkeypatch.setenv(name, value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("${WORD}", "cellar"),
            ("pi-${WORD}-${NUMBER}", "pi-cellar-42"),
            ("${NUMBER}", "42"),  # text stays text
            ("'${EMPTY}'", ""),
            ("${NESTED}", "${WORD}"),  # what the environment says is not looked through again
            ("$WORD ${} ${1}", "$WORD ${} ${1}"),
        ],
    )
    def test_a_variable_is_replaced_in_a_text(self, file: Path, text: str, value: str) -> None:
        assert settings(file, f"device: {text}").device == value

    def test_a_variable_may_be_a_number_or_a_list(self, file: Path) -> None:
        inner = "inner: {port: '${NUMBER}', retries: '${NUMBER}', words: ['${WORD}', '${NUMBER}']}"
        given = settings(file, f"device: d\nwait: ${{NUMBER}}s\n{inner}")
        assert given.wait == 42.0
        assert given.inner == Inner(port=42, retries=42, words=("cellar", "42"))

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("device: ${NOT_SET}", "device: ...variable NOT_SET"),
            ("device: d\ninner: {port: '${NOT_SET}'}", "inner.port: ...variable NOT_SET"),
            ("device: d\ninner: {password: 'x${NOT_SET}'}", "inner.password: ...variable NOT_SET"),
            ("device: d\ninner: {words: ['${NOT_SET}']}", "inner.words: ...variable NOT_SET"),
            (
                "device: d\ninner: {retries: '${WORD}'}",
                "inner.retries: ...whole number... not 'cellar'...variable WORD",
            ),
            (
                "device: d\ninner: {port: '${EMPTY}'}",
                "inner.port: ...1...65535... not None...variable EMPTY",
            ),
            ("device: d\ninner: {port: '${ODD}'}", "inner.port: ...variable ODD...YAML"),
        ],
    )
    def test_an_invalid_variable_is_named(self, file: Path, text: str, facts: str) -> None:
        assert says(refusal(file, text), facts)

    def test_the_line_is_that_of_the_file_not_one_of_the_variable(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INNER", "{prt: 1}")
        with pytest.raises(ConfigError, match=r", line 3: .*inner\.prt.*variable INNER"):
            settings(file, "device: d\n\ninner: ${INNER}")


def test_all_mistakes_are_named_in_the_order_of_their_lines(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(file, "wait: soon\nroom: 1\ninner:\n  port: 0\n  hots: h\n  loud: 3\nwords: x\n")
    facts = ("1: wait", "2: room", "4: inner.port", "5: ...'inner.hots'", "6: inner.loud", "7: ...'words'")
    said = [str(one) for one in caught.value.all]
    assert [text.partition(", line ")[2][:1] for text in said] == [*"124567", ""]
    assert all(says(text, f"{file}, line {fact}...") for text, fact in zip(said, facts, strict=False))
    assert "'device' is missing" in said[-1]


class TestSecrets:
    def test_a_password_may_be_in_a_file(self, file: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text(" pass word \r\n", encoding="utf-8")
        assert settings(file, f"device: d\ninner: {{password_file: {secret}}}").inner.secret() == " pass word "
        assert settings(file, "device: d\ninner: {password: ' pass word '}").inner.secret() == " pass word "
        assert settings(file, "device: d").inner.secret() is None

    def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_a_password(
        self, file: Path, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("pass\r\n", encoding="utf-8-sig")
        assert settings(file, f"device: d\ninner: {{password_file: {secret}}}").inner.secret() == "pass"

    def test_two_passwords_are_refused(self, file: Path) -> None:
        text = "device: d\ninner: {password: p, password_file: /f}"
        reason = refusal(file, text)
        assert reason.startswith("inner.password: ")
        assert "'password_file'" in reason

    def test_a_missing_password_file_is_no_error_of_the_configuration(self, file: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        inner = settings(file, f"device: d\ninner: {{password_file: {secret}}}").inner
        with pytest.raises(NotReady, match=f"^password_file: {secret} .*{os.strerror(errno.ENOENT)}$"):
            inner.secret()
        secret.write_bytes(b"\xff")
        with pytest.raises(NotReady, match=f"^password_file: {secret} .*UTF-8"):
            inner.secret()
        secret.write_text("first")
        assert inner.secret() == "first"
        secret.write_text("second")
        assert inner.secret() == "second"

    @pytest.mark.parametrize("kind", [ReaderConfig, StorerConfig])
    def test_a_password_is_never_shown(self, kind: type[Any], file: Path) -> None:
        file.write_text(
            "{port: /dev/x, mqtt: {password: hunter2}}"
            if kind is ReaderConfig
            else "{mqtt: {password: hunter2}, database: {password: hunter2}}",
            encoding="utf-8",
        )
        loaded = load(kind, file)
        assert loaded.mqtt.password == "hunter2"
        assert "hunter2" not in repr(loaded)
        assert "hunter2" not in str(loaded)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("inner: {password: 4711}", "inner.password: text ...quotes"),
            ("inner: {password: [4711]}", "inner.password: text ..."),
            ("inner: 4711", "inner: ...key: value... number"),
            ("inner: [password, 4711]", "inner: ...key: value... list"),
            ("inner: password=4711", "inner: ...key: value... text"),
        ],
    )
    def test_an_error_never_shows_a_password(self, file: Path, text: str, facts: str) -> None:
        found = refusal(file, f"device: d\n{text}")
        assert says(found, facts)
        assert "4711" not in found


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        *((duration, *row) for row in {
            "0s": 0, "250ms": 0.25, "30s": 30, "5m": 300, "1.5h": 5400, "14d": 1_209_600, "2 m": 120,
        }.items()),
        *((size, *row) for row in {
            "0B": 0, "512B": 512, "1kB": 1000, "1KB": 1000, "64 MB": 64_000_000, "2GB": 2 * 10**9,
        }.items()),
        *((config.topic_name, name, name) for name in ("teleinfo", "home/teleinfo", "é", "a b")),
        *((config.client_name, name, name) for name in ("main", "pi-cellar", "A_1.b", "x" * 64)),
        *((config.choice("fr", "en", "de"), name, name) for name in ("fr", "en", "de")),
    ],
)  # fmt: skip
def test_a_value_is_read(read: Callable[[Any], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "hint", "values"),
    [
        (duration, "30s", ["", "5", "s", "5 s s", "5S", ".5s", "1e3s", "inf s", "-1s", "5s\n", 5, 5.0, None, [], True]),
        (size, "64MB", ["", "64", "MB", "64M", "64mb", "1.5GB", "-1B", "1TB", "64MB\n", 64, None, True]),
        (config.topic_name, "'+'...'#'...'/'", ["", "/a", "a/", "a/+", "#", "a\0b", "a//", 5, None, ["a"]]),
        (config.client_name, "'-', '_'...'.'", ["", "a/b", "a b", "é", "a+", "x" * 65, "main\n", 5, None, ["a"]]),
        (config.choice("fr", "en", "de"), "fr, en or de", ["", "FR", "fr ", 5, None, ["fr"], {}]),
    ],
)
def test_a_value_that_is_none_is_refused_with_what_is_expected(
    read: Callable[[Any], Any], hint: str, values: list[Any]
) -> None:
    for value in values:
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - what it says is checked below
            read(value)
        assert says(str(refused.value), f"...{hint}..., not {value!r}")


def test_a_tls_section_without_options_is_refused_not_ignored(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("mqtt:\n  tls:\n    # ca: /etc/ca.pem\n")
    with pytest.raises(ConfigError, match=r"mqtt\.tls: .*\{\}"):
        load(StorerConfig, file)


def test_an_empty_variable_leaves_a_section_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("mqtt: {tls: '${BROKER_TLS}'}\n")
    for given, tls in (("", None), ("ca: /etc/ca.pem", Tls(ca="/etc/ca.pem")), ("{}", Tls())):
        monkeypatch.setenv("BROKER_TLS", given)
        assert load(StorerConfig, file).mqtt.tls == tls


@pytest.mark.parametrize(
    ("value", "hosts"),
    [("{}", ("localhost",)), ("{host: a}", ("a",)), ("{host: [a, b, a]}", ("a", "b")), ("{host: [a]}", ("a",))],
)
def test_a_broker_may_have_several_hosts(tmp_path: Path, value: str, hosts: tuple[str, ...]) -> None:
    file = tmp_path / "mqtt.yaml"
    file.write_text(value)
    broker = config.load(config.Broker, file)
    assert broker.hosts == hosts
    assert broker.address == f"{hosts[0]}:1883"
    assert broker.at("other").hosts == ("other",)


@pytest.mark.parametrize("value", ["[]", "[1]", "''", "['']", "7", "{a: b}"])
def test_hosts_of_a_broker_that_are_none_are_refused(tmp_path: Path, value: str) -> None:
    file = tmp_path / "mqtt.yaml"
    file.write_text(f"host: {value}")
    with pytest.raises(ConfigError, match="host"):
        config.load(config.Broker, file)


@pytest.mark.parametrize("host", ["mqtt://nas", "nas:1883", "user:secret@nas", "[::1]", "nas/", "my nas"])
@pytest.mark.parametrize("section", ["mqtt", "database"])
def test_a_host_is_given_without_port_account_and_protocol(tmp_path: Path, section: str, host: str) -> None:
    file = tmp_path / "storer.yaml"
    for value in (f"'{host}'", f"[good, '{host}']"):
        file.write_text(f"{section}: {{host: {value}}}\n")
        with pytest.raises(ConfigError, match=rf"{section}\.host: ") as refused:
            load(StorerConfig, file)
        assert "secret" not in str(refused.value)


def test_an_address_of_ipv6_is_a_host(tmp_path: Path) -> None:
    file = tmp_path / "storer.yaml"
    file.write_text("mqtt: {host: 'fe80::1%eth0'}\n")
    assert load(StorerConfig, file).mqtt.hosts == ("fe80::1%eth0",)


def test_an_option_of_an_earlier_version_is_ignored_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "reader.yaml"
    file.write_text("port: /dev/ttyAMA0\nhome_assistant: {compatible_with: teleinfo2mqtt, language: en}\n")
    assert load(ReaderConfig, file).home_assistant.language == "en"
    assert "'home_assistant.compatible_with' has no effect" in caplog.text


def test_options_for_many_meters_of_an_earlier_version_stop_neither_reader_nor_storer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader, storer = tmp_path / "reader.yaml", tmp_path / "storer.yaml"
    reader.write_text("port: /dev/ttyAMA0\ndelivery: {confirmed_by: [main, attic], batch: 10s}\n")
    storer.write_text("storage: {subpartitions: 32}\n")
    assert load(ReaderConfig, reader).delivery.confirmed_by == "auto"
    load(StorerConfig, storer)
    for gone in ("delivery.confirmed_by", "'delivery.batch'", "'storage'"):
        assert gone in caplog.text


@pytest.mark.parametrize(("kind", "text"), [(ReaderConfig, "port: /dev/ttyAMA0\n"), (StorerConfig, "")])
def test_a_port_for_prometheus_of_an_earlier_version_does_not_stop_reader_or_storer(
    kind: type, text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text + 'metrics: {host: 0.0.0.0, port: "${METRICS_PORT}"}\n')
    load(kind, file)
    assert "'metrics' has no effect" in caplog.text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A file of which the household's keys have moved into the page."""

    port: int = 1
    household: str = option("of the tables", in_file=False)
    MOVED: ClassVar = ("contracts", "notes")

    @staticmethod
    def take_over(file: Path) -> str:
        return f"load {file}"


def test_a_key_that_the_page_sets_now_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("port: 2\nnotes: []\ncontracts: []\n")
    with pytest.raises(ConfigError, match=f"line 2: .*notes, contracts.*; load {file}"):
        load(Machine, file)
    assert load(Machine, file, moved=True) == Machine(port=2)


def test_a_field_that_is_not_of_the_file_cannot_be_written_there(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("household: mine\n")
    with pytest.raises(ConfigError, match="unknown option 'household'"):
        load(Machine, file)

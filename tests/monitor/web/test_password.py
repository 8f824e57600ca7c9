import base64
import hashlib
import re
from pathlib import Path

import pytest

from common.errors import ConfigError, NotReady
from monitor.web import password
from tests.support.passwords import quick_hash


def test_the_line_is_a_salted_scrypt_hash_of_the_strength_that_owasp_asks_for() -> None:
    line = password.hashed("correct horse")
    match = re.fullmatch(r"\$scrypt\$ln=13,r=8,p=10\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)", line)
    assert match is not None
    digest = hashlib.scrypt(b"correct horse", salt=base64.b64decode(match[1]), n=8192, r=8, p=10, dklen=32)
    assert base64.b64encode(digest).decode() == match[2] + "="
    assert password.is_hash(line)
    assert password.hashed("correct horse") != line
    assert password.matches("correct horse", line)
    assert not password.matches("correct horsf", line)


def test_only_the_password_matches() -> None:
    line = quick_hash("clé & co")
    assert password.matches("clé & co", line)
    for attempt in ("clé & co\n", "", line, "Clé & co"):
        assert not password.matches(attempt, line)


def test_a_line_that_is_none_matches_nothing() -> None:
    line = quick_hash("secret")
    for wrong in ("", "secret", "$scrypt$", line[:-1], line.replace("ln=4", "ln=19"), line.replace("ln=4", "ln=99")):
        assert not password.matches("secret", wrong)
        assert not password.matches(wrong, wrong)


def test_a_file_that_is_missing_empty_or_no_text_is_said(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with pytest.raises(NotReady, match="cannot be read: No such file"):
        password.read(file)
    file.write_text("\n")
    with pytest.raises(NotReady, match="empty"):
        password.read(file)
    file.write_bytes(b"\xff")
    with pytest.raises(NotReady, match="UTF-8"):
        password.read(file)


def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_the_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\r\n", encoding="utf-8-sig")
    password.hash_in_place(file)
    assert password.matches("correct horse", password.read(file))


def test_a_password_that_stands_in_the_file_is_replaced_by_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o644)
    password.hash_in_place(file)
    line = password.read(file)
    assert password.is_hash(line)
    assert password.matches("correct horse", line)
    assert file.stat().st_mode & 0o777 == 0o640
    password.hash_in_place(file)
    assert password.read(file) == line
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_a_password_that_cannot_be_replaced_is_refused_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("monitor.web.password.write", refuse)
    with pytest.raises(ConfigError, match=f"{file} holds the password itself.*teleinfo-monitor password"):
        password.hash_in_place(file)


def test_a_short_password_is_refused_and_one_that_cannot_be_read_yet_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "password"
    password.hash_in_place(file)
    file.write_text("seven77\n")
    with pytest.raises(ConfigError, match="7 characters: take 8 or more"):
        password.hash_in_place(file)
    assert file.read_text() == "seven77\n"


def test_a_new_file_is_for_those_who_may_read_the_configuration(tmp_path: Path) -> None:
    like, file = tmp_path / "monitor.yaml", tmp_path / "password"
    like.write_text("")
    like.chmod(0o640)
    password.write(file, "correct horse", like)
    assert file.stat().st_mode & 0o777 == 0o640
    like.chmod(0o600)
    password.write(tmp_path / "own", "correct horse", like)
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o600

import json
import re
from pathlib import Path

import pytest

from monitor.web.code import MOST_WRONG, VALID, LoginCode, new_code, write_code

NOW = 1_795_613_527.0


class Kept:
    """A code of a monitor, the time, and what is announced."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOW
        self.announced: list[str] = []
        self.code = LoginCode(folder, lambda: self.now, self.announced.append)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "state")


def test_a_code_has_six_digits_that_are_read_in_two_groups() -> None:
    assert all(re.fullmatch(r"\d{4}-\d\d", new_code()) for _ in range(100))


def test_it_is_announced_once_and_accepted_however_it_is_typed(kept: Kept) -> None:
    kept.code.renew()
    kept.code.renew()
    (code,) = kept.announced
    for typed in (code, code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert kept.code.accepts(typed)
    assert (kept.folder / "code.json").stat().st_mode & 0o777 == 0o600


def test_without_one_and_with_another_one_nobody_enters(kept: Kept) -> None:
    assert not kept.code.accepts("")
    kept.code.renew()
    for typed in ("", "0", "x" * 300, kept.announced[0][:-1], f"{kept.announced[0]}0"):
        assert not kept.code.accepts(typed)


def test_after_a_day_there_is_another_one_and_the_first_is_none_any_more(kept: Kept) -> None:
    kept.code.renew()
    kept.now += VALID - 1
    kept.code.renew()
    assert kept.code.accepts(kept.announced[0])
    kept.now += 1
    assert not kept.code.accepts(kept.announced[0])
    kept.code.renew()
    assert len(kept.announced) == 2
    assert kept.code.accepts(kept.announced[1])


def test_a_clock_that_is_set_right_at_last_makes_another_one(kept: Kept) -> None:
    kept.now = 60.0  # a Raspberry Pi begins in 1970
    kept.code.renew()
    for now in (NOW, NOW - 3600):
        kept.now = now
        kept.code.renew()
        assert kept.code.accepts(kept.announced[-1])
    assert len(kept.announced) == 3


def test_ten_wrong_ones_make_another_one(kept: Kept) -> None:
    kept.code.renew()
    (first,) = kept.announced
    wrong = "0000-00" if first != "0000-00" else "1111-11"
    for _ in range(MOST_WRONG - 1):
        kept.code.accepts(wrong)
    assert kept.announced == [first]
    kept.code.accepts(wrong)
    assert len(kept.announced) == 2
    assert kept.code.accepts(kept.announced[1])


def test_each_start_makes_another_one(kept: Kept) -> None:
    kept.code.renew()
    again = Kept(kept.folder)
    again.code.renew()
    assert again.announced != []
    assert again.code.accepts(again.announced[0])


def test_one_that_a_command_has_made_is_accepted_at_once_and_is_not_announced(kept: Kept) -> None:
    kept.code.renew()
    write_code(kept.folder, "4821-93", NOW)
    assert kept.code.accepts("482193")
    assert len(kept.announced) == 1
    write_code(kept.folder, "1234-56", NOW - VALID)  # too old
    assert not kept.code.accepts("1234-56")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"code": "12", "made": 0}', '{"code": 482193, "made": 1}', "\udcff"])
def test_a_file_that_is_damaged_changes_nothing(kept: Kept, text: str) -> None:
    kept.code.renew()
    (kept.folder / "code.json").write_text(text, errors="surrogateescape")
    assert kept.code.accepts(kept.announced[0])


def test_without_a_place_to_write_it_is_only_in_memory_and_that_is_said(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.folder.write_text("")
    kept.code.renew()
    assert kept.code.accepts(kept.announced[0])
    assert [message for message in caplog.messages if "no password can be set" in message] == caplog.messages != []


def test_once_there_is_a_password_it_is_gone(kept: Kept) -> None:
    kept.code.renew()
    kept.code.end()
    kept.code.end()
    assert not kept.code.accepts(kept.announced[0])
    assert not (kept.folder / "code.json").exists()


def test_the_file_says_what_the_command_writes(kept: Kept) -> None:
    kept.code.renew()
    assert json.loads((kept.folder / "code.json").read_text()) == {"code": kept.announced[0], "made": NOW}

import logging
from pathlib import Path

import pytest

from monitor.fetch.state import NAME, TOKEN, Attempts, keep_token, note, read_state, read_token


def test_what_came_of_each_provider_is_kept_for_this_user_only(tmp_path: Path) -> None:
    tempo, spot = Attempts(asked_at=1.5, kept={"day": "2026-12-01"}), Attempts(failures=3, problem_fr="non")
    note(tmp_path, "tempo", tempo)
    seed = read_state(tmp_path).seed
    note(tmp_path, "spot", spot)
    state = read_state(tmp_path)
    assert (state.seed, state.of("tempo"), state.of("spot"), state.of("conso")) == (seed, tempo, spot, Attempts())
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"seed": "a", "providers": []}',
        '{"seed": "a", "providers": {"tempo": 1}}',
        '{"seed": "a", "providers": {"tempo": {"next_at": "soon"}}}',
        '{"seed": "a", "providers": {"tempo": {"next_at": 1e300}}}',
        '{"seed": "a", "providers": {"tempo": {"kept": []}}}',
        '{"seed": "a", "providers": {"tempo": {"requests": "1"}}}',
    ],
)
def test_a_damaged_file_is_as_if_nothing_was_asked(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_text(content)
    with caplog.at_level(logging.WARNING):
        assert read_state(tmp_path).of("tempo") == Attempts()
    assert NAME in caplog.text
    note(tmp_path, "tempo", Attempts(failures=1))
    assert read_state(tmp_path).of("tempo").failures == 1


def test_what_a_newer_version_kept_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"seed": "a", "providers": {"tempo": {"failures": 2, "moon": "full"}}, "more": 1}')
    assert read_state(tmp_path).of("tempo").failures == 2


def test_a_token_is_kept_for_this_user_only_and_forgotten(tmp_path: Path) -> None:
    assert read_token(tmp_path) is None
    keep_token(tmp_path / "state", "abc.def")
    assert read_token(tmp_path / "state") == "abc.def"
    assert (tmp_path / "state" / TOKEN).stat().st_mode & 0o777 == 0o600
    keep_token(tmp_path / "state", None)
    keep_token(tmp_path / "state", None)
    assert read_token(tmp_path / "state") is None

import subprocess
from pathlib import Path

import pytest

from common.machine.version import __version__, commit_of


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of three commits."""
    git(tmp_path, "init", "--quiet")
    for number in range(3):
        commit(tmp_path, str(number))
    return tmp_path


def git(clone: Path, *arguments: str) -> str:
    author = ("-c", "user.name=one", "-c", "user.email=one@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", clone, *author, *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def commit(clone: Path, text: str) -> None:
    git(clone, "commit", "--quiet", "--allow-empty", "--message", text)


def test_a_commit_after_the_release_has_its_number_and_name(clone: Path) -> None:
    git(clone, "tag", "--annotate", "--message", "it", f"v{__version__}")
    assert commit_of(clone) == ""
    commit(clone, "after it")
    commit(clone, "after that")
    name = git(clone, "rev-parse", "--short", "HEAD").strip()
    assert commit_of(clone) == f"+2.g{name}"


def test_without_a_tag_of_the_release_all_commits_count(clone: Path) -> None:
    git(clone, "tag", "v0.0.1")
    name = git(clone, "rev-parse", "--short", "HEAD").strip()
    assert commit_of(clone) == f"+3.g{name}"


def test_what_is_no_clone_has_the_version_alone(tmp_path: Path, clone: Path) -> None:
    assert commit_of(clone / "lib") == ""
    (tmp_path / "broken/.git").mkdir(parents=True)
    assert commit_of(tmp_path / "broken") == ""


def test_git_is_not_needed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert commit_of(clone) == ""

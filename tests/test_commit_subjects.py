"""`./run check` reads the subjects of the commits that are not on main yet."""

import re
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parent.parent / "run"


def problems(folder: Path, *subjects: str, author: str = "somebody") -> tuple[int, str]:
    """Commit with these subjects after origin/main, and check them."""
    found = re.search(r"^check_subjects\(\) \{\n.*?^\}\n", RUN.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    who = f"-c 'user.name={author}' -c user.email=somebody@example.org -c commit.gpgsign=false"
    script = [f"git init -q . && git {who} commit -q --allow-empty -m 'Whatever' && git branch origin/main"]
    script += [f"git {who} commit -q --allow-empty -m '{subject}'" for subject in subjects]
    script += ['say() { printf "%s\\n" "$*"; }', found[0], "check_subjects"]
    ran = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, capture_output=True, text=True, check=False)
    assert not ran.stderr
    return ran.returncode, ran.stdout


def test_an_area_and_an_imperative_verb_pass(tmp_path: Path) -> None:
    subjects = [
        "reader: stop at the first byte",
        "docs, tests: embed the picture",
        "page: pass the day on",
        "run: need git",
    ]
    assert problems(tmp_path, *subjects) == (0, "")


@pytest.mark.parametrize(
    "subject",
    [
        "Merge everything",
        "stop at the first byte",
        "reader: stopped at the first byte",
        "reader: stops at the first byte",
        "reader: stopping at the first byte",
        "docs: the three programs",
        "reader: " + "stop " * 14,
    ],
)
def test_others_are_named(tmp_path: Path, subject: str) -> None:
    code, said = problems(tmp_path, "reader: stop", subject)
    assert code == 1
    assert said.count("\n") == 1
    assert subject.strip() in said


def test_the_words_of_dependabot_are_its_own(tmp_path: Path) -> None:
    assert problems(tmp_path, "Bump the python group with 3 updates", author="dependabot[bot]") == (0, "")

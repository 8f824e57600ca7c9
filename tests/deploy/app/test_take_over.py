"""How the app tries to take over its language, and what an owner's files say of the household."""

import os
import subprocess
from pathlib import Path

import pytest

import deploy.app

SCRIPT = Path(deploy.app.__file__).with_name("services") / "take-over" / "run"
#: Ends with each of CODES, one after the other.
PROGRAM = """\
#!/bin/sh
echo "$@" >>calls
exit "$(echo "$CODES" | cut -d ' ' -f "$(grep -c settings calls)")"
"""


@pytest.mark.parametrize(
    ("files", "codes", "tries"),
    [
        ([], "1 0", [""] * 2),  # of a new app, the language of Home Assistant
        (["monitor.yaml", "storer.yaml"], "0", ["monitor.yaml storer.yaml"]),
        (["storer.yaml"], "1 3 0", ["storer.yaml"] * 3),  # no tables yet; no rights yet
        (["monitor.yaml"], "1 2", ["monitor.yaml"] * 2),  # what is written is wrong
    ],
)
def test_it_tries_until_only_the_owner_can_help(tmp_path: Path, files: list[str], codes: str, tries: list[str]) -> None:
    (tmp_path / "bin").mkdir()
    for name, text in {"teleinfo-monitor": PROGRAM, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    for name in files:
        (tmp_path / name).touch()
    script = SCRIPT.read_text().replace("/config", str(tmp_path))
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "CODES": codes}
    subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, check=True, timeout=60)
    made = (tmp_path / "calls").read_text().splitlines()
    assert made == [f"settings load --once --yes /run/teleinfo/household.yaml {one}".rstrip() for one in tries]

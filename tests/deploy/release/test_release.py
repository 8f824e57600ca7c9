"""What makes a release, in a small repository: version, date and tag, then what the workflow does with the tag."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from deploy.release.__main__ import main
from monitor.fetch.prices import FILES as ASKED
from monitor.money.price_files import read_table
from tests.support.wording import says

ROOT = Path(__file__).resolve().parents[3]
CHANGELOG = """# Changelog

## Unreleased

### Added

- The page knows [kiosks](docs/page.md#kiosk), as [others](https://example.org/page) do.

## 1.1.0 - 2026-11-30

- Older.
"""
FILES = {
    "CHANGELOG.md": CHANGELOG,
    "common/machine/version.py": (
        '"""The version."""\n\n__version__ = "1.1.0"\n\nBUILD_DATE = datetime(2026, 11, 30, tzinfo=UTC)\n'
    ),
    "homeassistant/app.yaml": 'name: TeleInfo Monitor\nversion: "0.1.0" # the image\'s tag\nslug: new\n',
    "homeassistant/config.yaml": 'name: TeleInfo Monitor\nversion: "1.1.0" # the image\'s tag\nslug: teleinfo\n',
    "homeassistant/CHANGELOG.md": "# Changelog\n\nWhat changes.\n\n## 1.1.0\n\n- Older.\n",
    "monitor/money/data/tarif_bleu.yaml": "checked: 2026-11-28\noffers: []\n",
    "monitor/money/data/offers.yaml": "checked: 2026-09-30\n",
    "repository.yaml": "name: TeleInfo Monitor\nurl: https://github.com/somebody/teleinfo-monitor\n",
    "run": "#!/bin/sh\nexit 0\n",
    "tests/released/make.py": (
        "import sys\nfrom pathlib import Path\n\nPath('tests/released', sys.argv[1]).write_text('made')\n"
    ),
}
NOTES = """### Added

- The page knows [kiosks](https://github.com/somebody/teleinfo-monitor/blob/v1.2.0/docs/page.md#kiosk), as \
[others](https://example.org/page) do.
"""


def git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "run").chmod(0o755)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


@pytest.mark.parametrize(("version", "made"), [("1.2.0", True), ("2.0.0", True), ("1.1.1", False)])
def test_what_a_release_leaves_is_kept_for_those_to_come(project: Path, version: str, made: bool) -> None:
    assert main(["prepare", version], project) == 0
    assert (project / "tests/released" / version.removesuffix(".0")).exists() == made


def test_a_release_is_committed_and_tagged(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime(2026, 12, 4, 23, 59, tzinfo=UTC)
    monkeypatch.setattr("deploy.release.__main__.datetime", SimpleNamespace(now=lambda _: today))
    assert main(["prepare", "1.2.0"], project) == 0
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "cat-file", "-t", "v1.2.0") == "tag"
    assert git(project, "rev-parse", "v1.2.0^{commit}") == git(project, "rev-parse", "HEAD")
    assert git(project, "log", "-1", "--format=%s") == "project: release 1.2.0"
    programs = (project / "common/machine/version.py").read_text()
    assert '__version__ = "1.2.0"\n' in programs
    assert "BUILD_DATE = datetime(2026, 12, 4, tzinfo=UTC)\n" in programs
    headings = [line for line in (project / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings == ["## Unreleased", "## 1.2.0 - 2026-12-04", "## 1.1.0 - 2026-11-30"]


def test_home_assistant_is_offered_a_version_only_once_its_image_is_there(project: Path) -> None:
    main(["prepare", "1.2.0"], project)
    assert (project / "homeassistant/config.yaml").read_text() == FILES["homeassistant/config.yaml"]
    assert main(["app", "1.2.0"], project) == 0
    offered = 'name: TeleInfo Monitor\nversion: "1.2.0" # the image\'s tag\nslug: new\n'
    assert (project / "homeassistant/config.yaml").read_text() == offered
    expected = f"# Changelog\n\nWhat changes.\n\n## 1.2.0\n\n{NOTES}\n## 1.1.0\n\n- Older.\n"
    assert (project / "homeassistant/CHANGELOG.md").read_text() == expected


def test_the_first_version_of_the_app_is_below_the_introduction(project: Path) -> None:
    main(["prepare", "1.2.0"], project)
    (project / "homeassistant/config.yaml").unlink()
    changes = project / "homeassistant/CHANGELOG.md"
    changes.write_text("# Changelog\n\nWhat changes.\n")
    assert main(["app", "1.2.0"], project) == 0
    assert changes.read_text() == f"# Changelog\n\nWhat changes.\n\n## 1.2.0\n\n{NOTES}"


def test_users_of_the_app_are_not_told_of_other_ways_to_install(project: Path) -> None:
    other = "**Installation**\n\n- Packages.\n\n**Reader**\n\n- Faster.\n\n### Changed, if you run a clone\n\n- Pull.\n"
    (project / "CHANGELOG.md").write_text(f"## 1.2.0 - 2026-12-04\n\n### Added\n\n{other}")
    assert main(["app", "1.2.0"], project) == 0
    told = (project / "homeassistant/CHANGELOG.md").read_text()
    assert "## 1.2.0\n\n### Added\n\n**Reader**\n\n- Faster.\n\n## 1.1.0" in told


@pytest.fixture
def unnamed(project: Path) -> Path:
    """A project that no account has published."""
    files = {
        "repository.yaml": "url: https://github.com/OWNER/teleinfo-monitor\n",
        "compose.yaml": "image: ${TELEINFO_IMAGES:-localhost/teleinfo}/reader\n",
        "homeassistant/app.yaml": 'version: "0.1.0"\nimage: ghcr.io/OWNER/teleinfo-app\n',
        "README.md": "[![](store)](https://my.example/?repository_url=https%3A%2F%2Fgithub.com%2FOWNER%2Fteleinfo-monitor)\n",
        ".github/CODEOWNERS": "* @OWNER\n",
        ".github/workflow.yml": "run: $GITHUB_REPOSITORY_OWNER\n",
        "tests/test_addresses.py": "OWNER = 1\n",
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "Not published")
    return project


def test_the_first_release_writes_the_account_into_all_addresses(unnamed: Path) -> None:
    assert main(["prepare", "1.2.0", "--account", "Some-One"], unnamed) == 0
    assert git(unnamed, "log", "-2", "--format=%s").splitlines() == [
        "project: release 1.2.0",
        "project: name the account in all addresses",
    ]
    assert git(unnamed, "status", "--porcelain") == ""
    expected = {
        "repository.yaml": "url: https://github.com/Some-One/teleinfo-monitor\n",
        "compose.yaml": "image: ${TELEINFO_IMAGES:-ghcr.io/some-one/teleinfo}/reader\n",
        "homeassistant/app.yaml": 'version: "0.1.0"\nimage: ghcr.io/some-one/teleinfo-app\n',
        "README.md": "[![](store)](https://my.example/?repository_url=https%3A%2F%2Fgithub.com%2FSome-One%2Fteleinfo-monitor)\n",
        ".github/CODEOWNERS": "* @Some-One\n",
        ".github/workflow.yml": "run: $GITHUB_REPOSITORY_OWNER\n",
        "tests/test_addresses.py": "OWNER = 1\n",
    }
    assert {name: (unnamed / name).read_text() for name in expected} == expected


@pytest.mark.parametrize("account", ["", "some/one", "x-", "a" * 40])
def test_what_is_no_account_is_written_nowhere(unnamed: Path, account: str) -> None:
    assert main(["prepare", "1.2.0", "--account", account], unnamed) == 1
    assert git(unnamed, "log", "-1", "--format=%s") == "Not published"
    assert git(unnamed, "status", "--porcelain") == ""


def test_an_account_is_named_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "1.2.0", "--account", "another"], project) == 1
    assert says(capsys.readouterr().err.strip(), "...another account...somebody...")


@pytest.mark.parametrize("version", ["1.1.0", "1.0.9"])
def test_home_assistant_is_never_offered_an_older_version_or_the_same_again(project: Path, version: str) -> None:
    assert main(["app", version], project) == 0
    assert git(project, "status", "--porcelain") == ""


def test_a_dry_run_changes_nothing_and_shows_the_notes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "1.2.0", "--dry-run"], project) == 0
    assert "The page knows [kiosks]" in capsys.readouterr().out
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "tag", "--list") == ""


def test_who_reads_the_first_lines_only_sees_no_error(project: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-P", "-m", "deploy.release", "prepare", "1.2.0", "--dry-run"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with open(write, "w") as output:
        done = subprocess.run(
            command, cwd=project, env=environment, stdout=output, stderr=subprocess.PIPE, timeout=300, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("version", "facts"),
    [
        ("1.2", "...'1.2'..."),
        ("1.02.0", "...'1.02.0'..."),
        ("v1.2.0", "...'v1.2.0'..."),
        ("1.1.0", "...1.1.0...1.1.0..."),
        ("1.0.9", "...1.0.9...1.1.0..."),
    ],
)
def test_a_version_must_be_one_and_newer(
    project: Path, version: str, facts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", version], project) == 1
    assert says(capsys.readouterr().err.strip(), facts)


def test_the_first_release_may_have_the_version_that_the_programs_show(project: Path) -> None:
    unreleased, _, _ = CHANGELOG.partition("## 1.1.0")
    (project / "CHANGELOG.md").write_text(unreleased)
    git(project, "commit", "--quiet", "--all", "--message", "Nothing is released")
    assert main(["prepare", "1.1.0"], project) == 0


def test_all_that_is_in_the_way_is_said_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "checkout", "--quiet", "-b", "other")
    git(project, "tag", "v1.2.0")
    (project / "CHANGELOG.md").write_text(CHANGELOG.replace("- The page", "The page"))
    (project / "repository.yaml").write_text("url: https://github.com/OWNER/teleinfo-monitor\n")
    assert main(["prepare", "1.2.0"], project) == 1
    lines = capsys.readouterr().err.splitlines()
    expected = [
        "...CHANGELOG.md...Unreleased...",
        "...not committed...",
        "...main...other...",
        "...v1.2.0...",
        "...--account...",
    ]
    assert len(lines) == len(expected)
    assert all(map(says, lines, expected))


def test_what_fails_the_check_is_not_released(project: Path) -> None:
    (project / "run").write_text("#!/bin/sh\nexit 1\n")
    git(project, "commit", "--quiet", "--all", "--message", "Break something")
    before = git(project, "rev-parse", "HEAD")
    assert main(["prepare", "1.2.0"], project) == 1
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "rev-parse", "HEAD") == before
    assert git(project, "tag", "--list") == ""


def test_without_a_name_for_commits_nothing_is_changed(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    git(project, "config", "user.useConfigOnly", "true")
    assert main(["prepare", "1.2.0"], project) == 1
    assert "git config" in capsys.readouterr().err
    assert git(project, "status", "--porcelain") == ""


def test_a_tag_is_verified_against_programs_changelog_and_repository(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["prepare", "1.2.0"], project)
    capsys.readouterr()
    assert main(["verify", "v1.2.0", "somebody/teleinfo-monitor"], project) == 0
    assert capsys.readouterr().out == "1.2.0\n"


@pytest.mark.parametrize(
    ("tag", "repository", "changed", "facts"),
    [
        ("1.1.0", "somebody/teleinfo-monitor", {}, "...1.1.0...v..."),
        ("v1.2.0", "somebody/teleinfo-monitor", {}, "...version.py...1.1.0...v1.2.0..."),
        ("v1.1.0", "a-fork/teleinfo-monitor", {}, "...somebody...a-fork..."),
        (
            "v1.1.0",
            "somebody/teleinfo-monitor",
            {"CHANGELOG.md": "## Unreleased\n"},
            "...CHANGELOG.md...None...v1.1.0...",
        ),
    ],
)
def test_a_tag_that_contradicts_the_rest_is_refused(
    project: Path,
    tag: str,
    repository: str,
    changed: dict[str, str],
    facts: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, content in changed.items():
        (project / name).write_text(content)
    assert main(["verify", tag, repository], project) == 1
    assert says(capsys.readouterr().err.strip(), facts)


def test_the_notes_are_those_of_the_version_and_their_links_lead_somewhere(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["prepare", "1.2.0"], project)
    capsys.readouterr()
    assert main(["notes", "1.2.0"], project) == 0
    page = "https://github.com/somebody/teleinfo-monitor/blob/v1.2.0/docs/page.md#kiosk"
    assert f"[kiosks]({page})" in NOTES
    assert capsys.readouterr().out == NOTES


def test_there_are_no_notes_on_a_version_that_was_not_released(project: Path) -> None:
    assert main(["notes", "1.3.0"], project) == 1


def test_this_project_has_all_lines_that_a_release_changes(tmp_path: Path) -> None:
    for name in FILES.keys() - {"CHANGELOG.md", "homeassistant/config.yaml", "run", "tests/released/make.py"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text("## 999.0.0 - 2026-12-31\n\n- New.\n")
    assert main(["app", "999.0.0"], tmp_path) == 0
    assert 'version: "999.0.0" #' in (tmp_path / "homeassistant/config.yaml").read_text()
    assert main(["notes", "999.0.0"], tmp_path) == 0
    assert "## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text()


def run_job(project: Path, job: str, **variables: str) -> None:
    """Run the commands of a job of the workflow, as the runner does: with its own Python, without our packages."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "VERSION": "1.2.0"} | variables
    for step in workflow["jobs"][job]["steps"]:
        if "run" in step:
            command = ["bash", "-e", "-c", step["run"]]
            ran = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr


def test_the_jobs_of_the_workflow_run_from_the_tag_to_the_commit_of_the_app(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    main(["prepare", "1.2.0"], project)
    away = tmp_path_factory.mktemp("forge")
    git(away, "init", "--quiet", "--bare", "--initial-branch", "main", "origin")
    git(project, "remote", "add", "origin", str(away / "origin"))
    git(project, "push", "--quiet", "--atomic", "origin", "main", "v1.2.0")
    (away / "gh").write_text(f'#!/bin/sh\necho "$*" >>{away}/calls\n')
    (away / "gh").chmod(0o755)
    path = f"{away}:{os.environ['PATH']}"

    output = away / "output"
    names = {"GITHUB_REF_NAME": "v1.2.0", "GITHUB_REPOSITORY": "somebody/teleinfo-monitor"}
    run_job(project, "verify", GITHUB_OUTPUT=str(output), PATH=path, **names)
    assert output.read_text() == "version=1.2.0\n"

    run_job(project, "page", PATH=path)
    notes = (project / "notes.md").read_text()
    assert notes.startswith("### Added\n")
    sha256 = hashlib.sha256(b"checked: 2026-09-30\n").hexdigest()
    assert f"    {sha256}  offers.yaml\n" in notes
    listed = json.loads((project / "prices.json").read_text())
    assert (listed["offers.yaml"], listed["checked"]) == (sha256, "2026-11-28")
    (project / "notes.md").unlink()
    run_job(project, "app", PATH=path)
    run_job(project, "app", PATH=path)  # again: nothing is left to do
    assert git(away / "origin", "log", "-2", "--format=%s", "main").splitlines() == [
        "homeassistant: offer 1.2.0",
        "project: release 1.2.0",
    ]
    calls = (away / "calls").read_text().splitlines()
    assert calls[0].startswith("release create v1.2.0 --verify-tag ")
    tables = "monitor/money/data/tarif_bleu.yaml monitor/money/data/offers.yaml"
    assert f"--notes-file notes.md prices.json {tables}" in calls[0]
    assert calls[1:] == ["auth setup-git"]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker and cosign that only write down how they are called; a build leaves a digest, as buildx does."""
    log = tmp_path / "calls"
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "docker": """
            while [ "$#" -gt 0 ]; do
                [ "$1" != --metadata-file ] || printf 'sha256:%s' "$(basename "$2" .json)" >"$2"
                shift
            done""",
        "cosign": "",
        "jq": 'cat "$4"',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\n{script}\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def images(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy/release/images"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_image_is_built_for_its_processors_and_signed_and_then_the_latest(tools: Path) -> None:
    ran = images("1.2.0", "ghcr.io/Somebody")
    assert ran.returncode == 0, ran.stderr
    calls = tools.read_text().splitlines()
    builds = [call.split() for call in calls if call.startswith("docker buildx build")]
    built = {call[call.index("--tag") + 1]: call[call.index("--platform") + 1] for call in builds}
    three = "linux/amd64,linux/arm64,linux/arm/v7"
    assert built == {
        "ghcr.io/somebody/teleinfo/reader:1.2.0": f"{three},linux/arm/v5",
        "ghcr.io/somebody/teleinfo/storer:1.2.0": three,
        "ghcr.io/somebody/teleinfo/monitor:1.2.0": three,
        "ghcr.io/somebody/teleinfo/setup:1.2.0": three,
        "ghcr.io/somebody/teleinfo:1.2.0": "linux/amd64,linux/arm64",
        "ghcr.io/somebody/teleinfo-app:1.2.0": "linux/amd64,linux/arm64",
    }
    assert all({"--sbom=true", "--provenance=mode=max", "--push", "COMMIT="} <= set(call) for call in builds)
    signed = [call.split()[-1] for call in calls if call.startswith("cosign")]
    targets = ("reader", "storer", "monitor", "setup", "teleinfo", "app")
    names = [{"teleinfo": "teleinfo", "app": "teleinfo-app"}.get(target, f"teleinfo/{target}") for target in targets]
    assert signed == [f"ghcr.io/somebody/{name}@sha256:{target}" for name, target in zip(names, targets, strict=True)]
    latest = [number for number, call in enumerate(calls) if "imagetools create" in call]
    assert latest == list(range(len(calls) - 6, len(calls)))


def test_nothing_is_built_for_what_is_no_version(tools: Path) -> None:
    assert images("latest", "ghcr.io/somebody").returncode == 1
    assert not tools.exists()


def test_the_images_are_those_of_the_dockerfile() -> None:
    stages = [line.split()[-1] for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("FROM")]
    assert {"reader", "storer", "monitor", "setup", "teleinfo", "app"} == set(stages) - {
        "page",
        "build",
        "build-mcp",
        "base",
        "program",
        "program-mcp",
    }


def test_the_list_of_the_tables_of_prices_is_what_programs_ask_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices"], ROOT) == 0
    listed = json.loads(capsys.readouterr().out)
    tables = {name: (ROOT / "monitor" / "money" / "data" / name).read_bytes() for name in ASKED}
    assert listed == {
        **{name: hashlib.sha256(content).hexdigest() for name, content in tables.items()},
        "checked": str(max(read_table(content, name).checked or date.min for name, content in tables.items())),
    }

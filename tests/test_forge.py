"""What the code forge reads in .github: it runs there only, so here its shape is compared with the rest of the project.

Whoever changes a workflow also runs actionlint or zizmor on it: CONTRIBUTING.md.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
GITHUB = ROOT / ".github"
OWNER = str(yaml.safe_load((ROOT / "repository.yaml").read_text(encoding="utf-8"))["url"]).split("/")[3]
#: The jobs that may change something, and what: all others only read the project.
WRITES = {
    ("release.yml", "images"): {"packages", "id-token"},
    ("release.yml", "page"): {"contents"},
    ("release.yml", "app"): {"contents"},
    ("scan.yml", "code"): {"security-events"},
}


def read(path: Path) -> dict[Any, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


WORKFLOWS = {path.name: read(path) for path in sorted((GITHUB / "workflows").glob("*.yml"))}
JOBS = [(file, name, job) for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()]
FORMS = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]


def steps() -> Iterator[dict[str, Any]]:
    for _, _, job in JOBS:
        yield from job.get("steps", ())


def commands() -> str:
    return "\n".join(step["run"] for step in steps() if "run" in step)


def test_there_are_the_three_workflows() -> None:
    assert set(WORKFLOWS) == {"ci.yml", "release.yml", "scan.yml"}


def test_each_action_is_pinned_to_one_commit_whose_version_is_named() -> None:
    used: dict[str, set[str]] = {}
    for file in (GITHUB / "workflows").glob("*.yml"):
        for line in re.findall(r"uses: *(.+)", file.read_text(encoding="utf-8")):
            if line.startswith("./"):
                assert (ROOT / line).exists()
                continue
            pinned = re.fullmatch(r"([\w-]+/[\w-]+)(?:/[\w-]+)?@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
            assert pinned, line
            used.setdefault(pinned[1], set()).add(pinned[2])
    assert used
    assert all(len(commits) == 1 for commits in used.values())


@pytest.mark.parametrize(("file", "name", "job"), JOBS, ids=[f"{file}-{name}" for file, name, _ in JOBS])
def test_a_job_has_no_more_rights_than_it_needs(file: str, name: str, job: dict[str, Any]) -> None:
    assert WORKFLOWS[file]["permissions"] == {}
    assert {right for right, how in job["permissions"].items() if how == "write"} == WRITES.get((file, name), set())
    for step in job.get("steps", ()):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_no_text_from_outside_becomes_a_command() -> None:
    assert "${{" not in commands()


def test_the_scripts_that_workflows_call_exist() -> None:
    scripts = re.findall(r"^ *((?:\.ci|deploy)/[\w/]+)", commands(), re.MULTILINE)
    assert set(scripts) == {".ci/run", "deploy/release/images"}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    for command in re.findall(r"\./run (test \w+|\w+)", commands()):
        assert re.search(rf"^  {command}\b", (ROOT / "run").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_app_is_offered_only_when_tests_have_passed_and_images_are_there() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    assert jobs["tests"]["needs"] == "verify"
    assert "tests" in jobs["images"]["needs"]
    assert {"images", "packages", "page"} <= set(jobs["app"]["needs"])
    assert "images" in jobs["page"]["needs"]


def test_the_page_of_a_release_has_the_packages() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    _, made, kept = jobs["packages"]["steps"]
    assert made["run"] == "./run packages"
    assert kept["with"] == {"name": "packages", "path": "dist/*.deb", "if-no-files-found": "error", "overwrite": True}
    _, taken, published = jobs["page"]["steps"]
    assert "packages" in jobs["page"]["needs"]
    assert taken["with"] == {"name": "packages", "path": "dist"}
    assert "gh release create" in published["run"]
    assert published["run"].rstrip().endswith(" dist/*.deb")


@pytest.mark.parametrize(("file", "name", "job"), JOBS, ids=[f"{file}-{name}" for file, name, _ in JOBS])
def test_who_may_write_into_the_repository_runs_no_code_of_others(file: str, name: str, job: dict[str, Any]) -> None:
    """Libraries that build something could take the token of a later step."""
    if job["permissions"].get("contents") == "write":
        assert not re.search(r"\./run|npm|pip|docker", "\n".join(step.get("run", "") for step in job["steps"]))


def test_dependencies_of_all_kinds_are_looked_at_once_a_week_together() -> None:
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} >= {"pip", "npm", "docker", "github-actions"}
    for update in updates:
        assert (ROOT / update["directory"].lstrip("/")).is_dir()
        assert update["schedule"]["interval"] == "weekly"
        assert len(update["groups"]) == 1
        for excluded in update.get("exclude-paths", ()):
            assert list((ROOT / update["directory"].lstrip("/")).glob(excluded))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_asks_in_both_languages(form: Path) -> None:
    document = read(form)
    assert " / " in document["description"]
    fields = [field for field in document["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    for field in fields:
        label = field["attributes"]["label"]
        assert " / " in label or label in {"Version", "Installation", "Machine"}  # the same in both


def test_forms_for_problems_meters_adapters_and_wishes() -> None:
    assert {form.stem for form in FORMS} == {"problem", "meter", "adapter", "wish"}
    problem = (GITHUB / "ISSUE_TEMPLATE/problem.yml").read_text(encoding="utf-8")
    assert "teleinfo-reader check" in problem
    assert "teleinfo-reader record --anonymous" in problem


def test_every_place_names_the_owner_of_the_repository() -> None:
    texts = [path.read_text(encoding="utf-8") for path in GITHUB.rglob("*") if path.is_file()]
    addresses = {found for text in texts for found in re.findall(r"github\.com/([\w-]+)/teleinfo-monitor", text)}
    assert addresses == {OWNER}
    rules = [line for line in (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert rules == [f"* @{OWNER}"]


def test_the_files_that_ci_names_exist() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    named = set()
    for start, names, end in re.findall(r"(tests/[\w/]*)\{([\w,]+)\}([\w.]*)", script):
        named |= {f"{start}{name}{end}" for name in names.split(",")}
    named |= set(re.findall(r"tests/[\w/]+\.py", script))
    assert len(named) > 15
    assert sorted(path for path in named if not (ROOT / path).exists()) == []

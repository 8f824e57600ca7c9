"""All of a release that needs no code forge: checks, version, date, commit and tag."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from deploy.release import files
from deploy.release.account import check_account, name_account
from deploy.release.version import ReleaseError, Version


def prepare(root: Path, version: Version, day: date, *, account: str | None = None, dry_run: bool) -> None:
    """Commit the version and tag it; with `dry_run`, only say what would be done.

    `account`: who publishes the project; it is asked for, once, on a terminal.
    """
    problems = list(_problems(root, version))
    unnamed = "/OWNER/" in files.address(root)
    if unnamed and account is None and sys.stdin.isatty() and not (problems or dry_run):
        account = input("The account at github.com that publishes the project: ").strip()
    if unnamed and account is None and not dry_run:
        problems.append("no account is named yet: ./run release X.Y.Z --account NAME writes it into all addresses")
    if not unnamed and account is not None and f"/{account}/" not in files.address(root):
        problems.append(f"repository.yaml names another account: {files.address(root)}")
    if problems:
        raise ReleaseError("\n".join(problems))
    closed = files.close_unreleased(files.read(root, files.CHANGELOG), version, day)
    if dry_run:
        print(f"Would set {version} and {day} in {files.PROGRAMS} and {files.CHANGELOG}, run ./run check, and tag.")
        print(f"The notes of the release:\n\n{files.release_notes(closed, version, _links(root, version))}")
        return
    if unnamed and account is not None:
        named = name_account(root, check_account(account))
        _git(root, "commit", "--quiet", "--message", "project: name the account in all addresses", "--", *named)
    changed = (str(files.PROGRAMS), str(files.CHANGELOG), str(files.RELEASED))
    files.set_version_of_programs(root, version, day)
    files.write(root, files.CHANGELOG, closed)
    for command in _commands(version):
        if subprocess.run(command, cwd=root, check=False).returncode:
            _git(root, "checkout", "--quiet", "--", *changed)
            raise ReleaseError(f"{' '.join(command)} failed: no release was made")
    _git(root, "add", "--", *changed)
    _git(root, "commit", "--quiet", "--message", f"project: release {version}", "--", *changed)
    _git(root, "tag", "--annotate", "--message", f"TeleInfo Monitor {version}", f"v{version}")
    print(
        f"v{version} is committed and tagged, here only. Left to do: .ci/run if it has not passed yet, then\n"
        f"  git push --atomic origin main v{version}\n"
        "The workflow `release` tests, publishes and signs the images, writes the release and at last commits\n"
        "homeassistant/config.yaml on main: only then Home Assistant's store shows the app. Before the first release\n"
        "ends, make the packages public at the code forge, by hand: an image that is private cannot be pulled."
    )


def _commands(version: Version) -> Iterator[list[str]]:
    yield ["./run", "check"]
    if version.major and not version.patch:
        # What its programs leave, which all later ones must be able to read.
        yield [sys.executable, "-m", "tests.released.make", f"{version.major}.{version.minor}"]


def verify(root: Path, tag: str, repository: str) -> Version:
    """Return the version of a tag if programs, CHANGELOG and addresses are those of this tag and this repository."""
    version = Version.parse(tag.removeprefix("v"))
    if tag != f"v{version}":
        raise ReleaseError(f"the tag {tag} must begin with v")
    for place, found in (
        (files.PROGRAMS, files.version_of_programs(root)),
        (files.CHANGELOG, files.newest_release(files.read(root, files.CHANGELOG))),
    ):
        if found != version:
            raise ReleaseError(f"{place} has {found}, the tag is {tag}")
    if files.address(root) != f"https://github.com/{repository}":
        raise ReleaseError(f"repository.yaml has {files.address(root)}, not {repository}")
    return version


def notes(root: Path, version: Version) -> str:
    """Return the notes of a release, for its page at the code forge."""
    found = files.release_notes(files.read(root, files.CHANGELOG), version, _links(root, version))
    if not found:
        raise ReleaseError(f"{files.CHANGELOG} has nothing on {version}")
    return found


def _problems(root: Path, version: Version) -> Iterator[str]:
    text = files.read(root, files.CHANGELOG)
    newest = max(filter(None, (files.newest_release(text), files.version_of_programs(root))))
    if version < newest or version == files.newest_release(text):
        yield f"{version} is not newer than {newest}"
    if not files.has_unreleased(text):
        yield f"{files.CHANGELOG} has nothing below Unreleased"
    if _git(root, "status", "--porcelain"):
        yield "there are changes that are not committed"
    if (branch := _git(root, "branch", "--show-current")) != "main":
        yield f"releases are made on main, not on {branch or 'a single commit'}"
    if _git(root, "tag", "--list", f"v{version}"):
        yield f"the tag v{version} exists"
    if subprocess.run(["git", "var", "GIT_COMMITTER_IDENT"], cwd=root, capture_output=True, check=False).returncode:
        yield "git does not know who commits: git config user.name NAME; git config user.email ADDRESS"


def _links(root: Path, version: Version) -> str:
    return f"{files.address(root)}/blob/v{version}"


def _git(root: Path, *command: str) -> str:
    ran = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"git {command[0]} failed: {ran.stderr.strip()}")
    return ran.stdout.strip()

"""Makes a release. The first command is for people, the others are steps of .github/workflows/release.yml."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from common.runtime.cli import drop_output
from deploy.release import files
from deploy.release.prepare import notes, prepare, verify
from deploy.release.version import ReleaseError, Version


def main(arguments: list[str] | None = None, root: Path = Path()) -> int:
    """Run a command; return 1 if the release cannot go on."""
    parser = argparse.ArgumentParser(prog="python -m deploy.release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("prepare", help="check, set version and date, commit, tag: ./run release")
    command.add_argument("version", metavar="X.Y.Z")
    command.add_argument("--account", metavar="NAME", help="who publishes the project; only before the first release")
    command.add_argument("--dry-run", action="store_true", help="only show what would be done")
    command = commands.add_parser(
        "verify", help="print a tag's version if it is that of the programs and of CHANGELOG.md"
    )
    command.add_argument("tag", metavar="vX.Y.Z")
    command.add_argument("repository", metavar="OWNER/NAME", help="the repository that the tag is in")
    command = commands.add_parser("notes", help="print the notes of a release, from CHANGELOG.md")
    command.add_argument("version", metavar="X.Y.Z")
    commands.add_parser("prices", help="print the SHA-256 of the tables of prices, as programs read them")
    command = commands.add_parser("app", help="let Home Assistant offer a version whose image is published")
    command.add_argument("version", metavar="X.Y.Z")
    chosen = parser.parse_args(arguments)
    try:
        match chosen.command:
            case "prepare":
                today = datetime.now(UTC).date()
                prepare(root, Version.parse(chosen.version), today, account=chosen.account, dry_run=chosen.dry_run)
            case "verify":
                print(verify(root, chosen.tag, chosen.repository))
            case "notes":
                print(notes(root, Version.parse(chosen.version)))
            case "prices":
                print(files.price_tables(root))
            case "app":
                version = Version.parse(chosen.version)
                offered = files.version_of_app(root)
                if offered is None or version > offered:
                    files.offer_app(root, version)
        sys.stdout.flush()
    except ReleaseError as error:
        print(f"release: {error}".replace("\n", "\nrelease: "), file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads the output has enough, as `head` has; all else is done before
        drop_output()
    return 0


if __name__ == "__main__":
    sys.exit(main())

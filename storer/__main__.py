"""The program `teleinfo-storer`."""

import sys

from common.runtime.deferred_module import defer_rare_modules


def main() -> int:
    """Run the command; return its exit code: 0 fine, 1 failed, 2 configuration or usage."""
    defer_rare_modules()
    from storer import commands  # only now: what it imports would load them

    return commands.main()


if __name__ == "__main__":
    sys.exit(main())

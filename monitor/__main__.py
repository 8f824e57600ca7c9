"""The program `teleinfo-monitor`."""

import sys

from monitor.commands import main

__all__ = ["main"]  # of the installed command

if __name__ == "__main__":
    sys.exit(main())

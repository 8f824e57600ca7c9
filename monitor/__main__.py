"""The program `teleinfo-monitor`."""

import sys

from monitor.commands import main

if __name__ == "__main__":
    sys.exit(main())

"""Sets up logging: one line a change, to standard output."""

import logging
import os
import sys


def set_up(level: str = "INFO") -> None:
    """Log to standard output; without a time where the journal of systemd adds its own."""
    journal = "JOURNAL_STREAM" in os.environ
    layout = "%(levelname)s %(message)s" if journal else "%(asctime)s %(levelname)-7s %(message)s"
    logging.basicConfig(level=level, format=layout, stream=sys.stdout, force=True)

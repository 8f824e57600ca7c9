"""The storer with a backup at once that is soon given up: `python -m tests.support.nightly_storer run …`."""

import sys

from storer import service
from storer.backup import schedule
from storer.commands import main

if __name__ == "__main__":
    schedule.FIRST_AFTER, schedule.TRY_AGAIN_AFTER, schedule.LONGEST = 0.1, 0.5, 10.0
    service.HEALTH_EVERY = 0.5
    sys.exit(main())

"""The version of the programs, and its date."""

from datetime import UTC, datetime

__version__ = "0.1.0"

#: A clock before it is wrong. Raised by hand with the version: the same in a wheel, a checkout and an image, whatever
#: the clock of the building machine shows.
BUILD_DATE = datetime(2026, 11, 24, tzinfo=UTC)

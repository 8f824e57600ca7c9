"""The version of both programs, and when it was made."""

from datetime import UTC, datetime

__version__ = "0.1.0"

#: No clock that is right says less. Raised with the version, by hand: a wheel, a checkout and an image carry the same
#: one, and the clock of the machine that builds has no say.
BUILD_DATE = datetime(2026, 11, 24, tzinfo=UTC)

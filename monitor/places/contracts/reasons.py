"""Why an offer cannot be computed, or is not ranked."""

from enum import Enum


class Why(Enum):
    """A reason; the sentences for people are named after it."""

    # Of an offer that cannot be computed for some hours, or at all:
    PRICES = "prices"  # no price on that day
    SUBSCRIPTION = "subscription"  # none of this power
    COLOURS = "colours"  # the colour of the Tempo day is not known
    CALENDAR = "calendar"  # its own calendar is not known of that day
    WINDOWS = "windows"  # the off-peak hours are not known
    MINUTES = "minutes"  # its prices change within an hour, of which no minutes are kept
    SPOT = "spot"  # no spot price of that quarter of an hour
    RULE = "rule"  # its file does not tell when its prices hold
    DRIVEN_CHARGE = "driven_charge"  # it pays for a charge that the supplier drives, which no meter tells apart
    # Of one that is computed, but not ranked:
    OLD = "old"  # its prices were last seen too long ago
    TAXES = "taxes"  # its prices are older than the last change of taxes
    # Of all:
    HOURS = "hours"  # too little of the range was measured
    RECOVERED = "recovered"  # energy of which the hour is not known could change the order

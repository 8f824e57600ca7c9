"""The colours of past Tempo days, which are bundled: everybody may ask what Tempo would have cost."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from common.contract.offers import COLOUR_OF_LETTER
from common.settings.yaml_file import read_yaml

_FILE = Path(__file__).with_name("data") / "tempo_days.yaml"


@cache
def bundled_colours() -> Mapping[date, str]:
    """Return the colour of each day that is bundled: blue, white or red."""
    return {
        date(year, 9, 1) + timedelta(number): COLOUR_OF_LETTER[letter]
        for year, letters in read_yaml(_FILE)["seasons"].items()
        for number, letter in enumerate(letters)
    }

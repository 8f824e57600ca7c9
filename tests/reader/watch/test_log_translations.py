"""Warnings of the log on a French screen."""

import pytest

from reader.watch.log_translations import translate_warning
from reader.watch.texts import Translations

FRENCH, ENGLISH = Translations("fr"), Translations("en")
WARNINGS = [
    ("The broker pi.local:1883 refused the connection: Not authorized; check mqtt.username", "pi.local:1883", "refuse"),
    ("The broker pi.local:1883 cannot be reached: Connection refused; trying again", "pi.local:1883", "injoignable"),
    ("The broker [::1]:1883 cannot be reached: timed out; trying again", "[::1]:1883", "pas de réponse"),
    ("The broker pi.local:1883 cannot be reached: something new; trying again", "pi.local:1883", "injoignable"),
    ("The broker pi.local:1883 closed the connection before accepting it (x); trying again", "pi.local:1883", "fermé"),
    (
        "The connection to the broker pi.local:1883 is lost (Keep alive timeout); trying again",
        "pi.local:1883",
        "perdue",
    ),
    ("The broker pi.local:1883 does something that nobody knows yet", "pi.local:1883", "check"),
    ("/dev/ttyUSB0: no such device; is it plugged in?", "/dev/ttyUSB0", "absent"),
    ("/dev/ttyUSB0: permission denied; add this user to the group dialout", "/dev/ttyUSB0", "dialout"),
    ("socket://127.0.0.1:1: connection refused; is it running there?", "socket://127.0.0.1:1", "refusée"),
    ("/dev/ttyUSB0: the device was unplugged", "/dev/ttyUSB0", "débranché"),
    ("/dev/ttyUSB0: no frame for 10 s", "/dev/ttyUSB0", "aucune trame"),
    ("teleinfo/031961123456/frame: not JSON", "teleinfo/031961123456/frame", "check"),
    ("Something without a place", "", "check"),
]


@pytest.mark.parametrize(("warning", "where", "word"), WARNINGS)
def test_a_warning_is_translated_and_names_the_place(warning: str, where: str, word: str) -> None:
    text = translate_warning(warning, FRENCH)
    assert where in text
    assert word in text
    english = {"the", "is", "us", "to", "no", "for", "trying", "again", "not", "was", "has", "without"}
    assert not english & set(text.lower().split())
    assert translate_warning(warning, ENGLISH) == warning

"""Notes of the log on a French screen."""

import pytest

from reader.watch.notes import translate
from reader.watch.texts import Translations

FRENCH, ENGLISH = Translations("fr"), Translations("en")
NOTES = [
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


@pytest.mark.parametrize(("note", "where", "word"), NOTES)
def test_a_note_is_said_in_french_with_the_place(note: str, where: str, word: str) -> None:
    said = translate(note, FRENCH)
    assert where in said
    assert word in said


@pytest.mark.parametrize("note", [note for note, *_ in NOTES])
def test_nothing_english_is_left_of_a_note(note: str) -> None:
    said = translate(note, FRENCH).lower().split()
    assert not {"the", "is", "us", "to", "no", "for", "trying", "again", "not", "was", "has", "without"} & set(said)


@pytest.mark.parametrize("note", [note for note, *_ in NOTES])
def test_on_an_english_screen_a_note_stays_whole(note: str) -> None:
    assert translate(note, ENGLISH) == note

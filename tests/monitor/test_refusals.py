import string

from monitor.refusals import TEXTS, Refusal


def test_both_languages_have_the_same_values() -> None:
    for key, texts in TEXTS.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert texts.keys() == {"en", "fr"}, key
        assert fields[0] == fields[1], key


def test_a_refusal_is_english_for_programs_and_in_the_language_of_whoever_reads_it() -> None:
    refusal = Refusal("unknown_meter", meter="5747", known="Maison (031961123456)")
    assert str(refusal) == "the meter '5747' is unknown; known meters: Maison (031961123456)"
    assert refusal.text("fr").startswith("le compteur « 5747 » est inconnu") or "5747" in refusal.text("fr")

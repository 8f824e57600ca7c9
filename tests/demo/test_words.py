import pytest

from demo.words import say


def test_the_demo_speaks_the_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Meter:    a simulated meter (standard) on /dev/pts/3", "12 frames decoded, 1 row committed."]
    monkeypatch.setenv("LC_ALL", "C")
    assert [say(line) for line in lines] == lines
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert [say(line).replace("\u00a0", " ") for line in lines] == [
        "Compteur : un compteur simulé (standard) sur /dev/pts/3",
        "12 trames décodées, 1 ligne enregistrée.",
    ]

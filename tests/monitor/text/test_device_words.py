from decimal import Decimal
from zoneinfo import ZoneInfo

from monitor.answers.devices import DevicesAnswer
from monitor.cost.devices import Above, Device
from monitor.text.device_words import device_lines
from monitor.text.formats import Formats

PARIS = ZoneInfo("Europe/Paris")
CAR = Device("voiture", [5000, 7400], [Decimal("0.8"), Decimal("1.2")])
NEW = Device("cave", [None, None], [None, None])


def french(found: DevicesAnswer | None) -> list[str]:
    lines = device_lines(found, Formats("fr", PARIS))
    return [line.replace("\u00a0", " ").replace("\u202f", " ") for line in lines]


def test_each_device_and_the_rest_with_their_shares() -> None:
    assert french(DevicesAnswer([CAR, NEW], 31_000, 18_600, Decimal("3.5"), None)) == [
        "voiture : 12,4 kWh · 2,00 € · 40 % de la maison",
        "Reste de la maison : 18,6 kWh · 3,50 € · 60 % de la maison",
    ]


def test_devices_above_the_home_are_told_with_figures() -> None:
    *_, rest, told = french(DevicesAnswer([CAR], 10_000, -2400, None, Above(1, 12_400, 10_000)))
    assert rest == "Reste de la maison : −2,40 kWh"
    assert "12,4 kWh pour 10,0 kWh consommés" in told


def test_nothing_for_a_home_without_devices() -> None:
    assert french(None) == []

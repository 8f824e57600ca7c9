"""Where a home is, as roughly as weather needs it: a prefecture, or latitude and longitude, to 0.1° (some 10 km). Pure.

Positions of the prefectures: their town halls, rounded (IGN, base Admin Express).
"""

import re
import unicodedata
from typing import NamedTuple

from common.settings.fields import Wrong


class Position(NamedTuple):
    """Degrees, to one decimal."""

    latitude: float
    longitude: float


_TOWNS = """
Agen 44.2 0.6, Ajaccio 41.9 8.7, Albi 43.9 2.1, Alençon 48.4 0.1, Amiens 49.9 2.3, Angers 47.5 -0.6,
Angoulême 45.6 0.2, Annecy 45.9 6.1, Arras 50.3 2.8, Auch 43.6 0.6, Aurillac 44.9 2.4, Auxerre 47.8 3.6,
Avignon 43.9 4.8, Bar-le-Duc 48.8 5.2, Bastia 42.7 9.4, Beauvais 49.4 2.1, Belfort 47.6 6.9, Besançon 47.2 6.0,
Blois 47.6 1.3, Bobigny 48.9 2.4, Bordeaux 44.8 -0.6, Bourg-en-Bresse 46.2 5.2, Bourges 47.1 2.4, Caen 49.2 -0.4,
Cahors 44.4 1.4, Carcassonne 43.2 2.4, Châlons-en-Champagne 49.0 4.4, Chambéry 45.6 5.9,
Charleville-Mézières 49.8 4.7, Chartres 48.4 1.5, Châteauroux 46.8 1.7, Chaumont 48.1 5.1, Clermont-Ferrand 45.8 3.1,
Colmar 48.1 7.4, Créteil 48.8 2.5, Digne-les-Bains 44.1 6.2, Dijon 47.3 5.0, Épinal 48.2 6.4, Évreux 49.0 1.2,
Évry-Courcouronnes 48.6 2.4, Foix 43.0 1.6, Gap 44.6 6.1, Grenoble 45.2 5.7, Guéret 46.2 1.9, La Rochelle 46.2 -1.2,
La Roche-sur-Yon 46.7 -1.4, Laon 49.6 3.6, Laval 48.1 -0.8, Le Mans 48.0 0.2, Le Puy-en-Velay 45.0 3.9,
Lille 50.6 3.1, Limoges 45.8 1.3, Lons-le-Saunier 46.7 5.6, Lyon 45.8 4.8, Mâcon 46.3 4.8, Marseille 43.3 5.4,
Melun 48.5 2.7, Mende 44.5 3.5, Metz 49.1 6.2, Montauban 44.0 1.4, Mont-de-Marsan 43.9 -0.5, Montpellier 43.6 3.9,
Moulins 46.6 3.3, Nancy 48.7 6.2, Nanterre 48.9 2.2, Nantes 47.2 -1.6, Nevers 47.0 3.2, Nice 43.7 7.3, Nîmes 43.8 4.4,
Niort 46.3 -0.5, Orléans 47.9 1.9, Paris 48.9 2.4, Pau 43.3 -0.4, Périgueux 45.2 0.7, Perpignan 42.7 2.9,
Poitiers 46.6 0.3, Pontoise 49.1 2.1, Privas 44.7 4.6, Quimper 48.0 -4.1, Rennes 48.1 -1.7, Rodez 44.4 2.6,
Rouen 49.4 1.1, Saint-Brieuc 48.5 -2.8, Saint-Étienne 45.4 4.4, Saint-Lô 49.1 -1.1, Strasbourg 48.6 7.8,
Tarbes 43.2 0.1, Toulon 43.1 5.9, Toulouse 43.6 1.4, Tours 47.4 0.7, Troyes 48.3 4.1, Tulle 45.3 1.8,
Valence 44.9 4.9, Vannes 47.7 -2.8, Versailles 48.8 2.1, Vesoul 47.6 6.2
"""
_TOWN = re.compile(r"(.+) (-?[\d.]+) (-?[\d.]+)")
TOWNS = {
    match[1]: Position(float(match[2]), float(match[3]))
    for entry in _TOWNS.replace("\n", " ").split(",")
    if (match := _TOWN.fullmatch(entry.strip())) is not None
}
_NUMBERS = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)(?:\s*[,;]\s*|\s+)(-?\d{1,3}(?:\.\d+)?)\s*")
_SOUTH, _NORTH, _WEST, _EAST = -90, 90, -180, 180


def _plain(text: str) -> str:
    """Return a name without accents, hyphens and capitals."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).replace("-", " ").split())


_BY_NAME = {_plain(name): position for name, position in TOWNS.items()}


OPEN_METEO = "open-meteo.com"


def temperatures_of(position: Position) -> str:
    """Return the source of a position's temperatures in the table `outside`: another place is another source.

    >>> temperatures_of(Position(48.9, 2.4))
    'open-meteo.com 48.9 2.4'
    """
    return f"{OPEN_METEO} {position.latitude:.1f} {position.longitude:.1f}"


def position_of(place: str) -> Position | None:
    """Return where a place is; None: it is unknown.

    >>> position_of("saint etienne"), position_of("48.8566, 2.3522")
    (Position(latitude=45.4, longitude=4.4), Position(latitude=48.9, longitude=2.4))
    """
    if (numbers := _NUMBERS.fullmatch(place)) is not None:
        latitude, longitude = (round(float(number), 1) for number in numbers.groups())
        if _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST:
            return Position(latitude, longitude)
        return None
    return _BY_NAME.get(_plain(place))


def read_place(value: object) -> str:
    """Return a place that is known.

    Raises:
        Wrong: it is not.
    """
    if not isinstance(value, str) or position_of(value) is None:
        raise Wrong(
            "une préfecture est attendue, ou latitude et longitude comme 48.9, 2.3",
            "a prefecture is expected, or latitude and longitude such as 48.9, 2.3",
        )
    return value.strip()

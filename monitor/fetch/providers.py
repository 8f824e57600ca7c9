"""All services that can be asked."""

from collections.abc import Mapping

from monitor.fetch import conso, prices, release, spot, temperature, tempo, tempo_forecast
from monitor.fetch.provider import Provider

#: By the name of their module; several may have one switch.
PROVIDERS: Mapping[str, Provider] = {
    "tempo": tempo.PROVIDER,
    "tempo_forecast": tempo_forecast.PROVIDER,
    "conso": conso.PROVIDER,
    "spot": spot.PROVIDER,
    "temperature": temperature.PROVIDER,
    "prices": prices.PROVIDER,
    "release": release.PROVIDER,
}


def of_switch(name: str) -> Mapping[str, Provider]:
    """Return the providers of a switch."""
    return {key: one for key, one in PROVIDERS.items() if one.name == name}

"""Which series of another program's database are imported, and as which registers."""

from collections.abc import Mapping

from common.errors import ConfigError
from storer.imports.model import check_registers, read_register
from storer.rollups.register_labels import TOTAL

_SHOWN = 12

Series = Mapping[str, int]  # register by the name or number of a series


def read_series(texts: list[str]) -> dict[str, int]:
    """Return the series that the command line names: `NAME` for the total, or `NAME=REGISTER`.

    Raises:
        ConfigError: there is no such register, or two series count the same energy.

    >>> read_series(["sensor.linky_easf01=supplier_1", "sensor.linky_easf02=EASF02"])
    {'sensor.linky_easf01': 1, 'sensor.linky_easf02': 2}
    """
    found: dict[str, int] = {}
    for text in texts:
        name, equals, register = text.rpartition("=")
        name, number = (name, read_register(register)) if equals else (text, TOTAL)
        if not name:
            raise ConfigError(f"--series {text!r}: NAME or NAME=REGISTER is expected")
        if number in found.values():
            raise ConfigError(f"--series {text}: another series is imported as the same register")
        found[name] = number
    check_registers(found.values())
    return found


def choose(wanted: Series, known: Mapping[str, str]) -> dict[str, int]:
    """Return the wanted series; without any, the only one there is, as total. `known` has what each is.

    Raises:
        ConfigError: it is not known, or there are several to choose from.
    """
    listed = "; ".join(f"{name} ({what})" if what else name for name, what in [*known.items()][:_SHOWN])
    more = f"; and {len(known) - _SHOWN} others" if len(known) > _SHOWN else ""
    if not known:
        raise ConfigError("there is no series of energy in this database")
    if not wanted and len(known) == 1:
        return dict.fromkeys(known, TOTAL)
    if not wanted:
        raise ConfigError(f"choose by --series NAME[=REGISTER], which may be repeated: {listed}{more}")
    for name in wanted:
        if name not in known:
            raise ConfigError(f"there is no series {name!r} here, only: {listed}{more}")
    return dict(wanted)

"""`discovered`: devices and meters that are announced on the broker, to choose sources and ports from."""

from collections.abc import Sequence
from typing import Annotated

from common.contract.sources import SOURCES
from common.database.mariadb import Connection
from common.database.sections import read_sections
from common.discovery.announced import AnnouncedValue, Device, FoundMeter, PowerOrEnergy
from common.settings.fields import SectionError
from monitor.base.answer import answer_type
from monitor.live.discovery import Found, value_topic
from monitor.web.route import ApiRequest, Route


@answer_type
class FoundValue:
    """A power, or a counter of energy."""

    name: str
    topic: str
    path: Annotated[str | None, "where it is, as a source names it; empty: the message is the number"]
    quantity: PowerOrEnergy
    unit: Annotated[str | None, "of the number at the path"]
    value: Annotated[float | None, "the number that was sent last"]
    reason: Annotated[str | None, "why it cannot be followed: template, path, unit, counter or topic"]
    followed: Annotated[bool, "it is in the section sources"]


@answer_type
class FoundDevice:
    """A device that announces a power or an energy."""

    id: str
    name: str
    maker: str | None
    model: str | None
    publisher: Annotated[str, "of the announcement: zigbee2mqtt, tasmota or home_assistant"]
    values: Sequence[FoundValue]


@answer_type
class NamedValue:
    """A value whose name the owner of a device chose."""

    name: str
    label: Annotated[str | None, "of the meter that it may stand for"]
    value: Annotated[float | None, "the number that was sent last"]


@answer_type
class DecodedMeter:
    """A meter that another device decodes."""

    port: Annotated[str, "for a reader"]
    label: Annotated[str, "what people call it"]
    publisher: str
    values: Annotated[Sequence[NamedValue], "where a port needs them with their labels, too; else empty"]


@answer_type
class Discovered:
    """The answer of `discovered`."""

    connected: Annotated[bool, "the broker answers"]
    complete: Annotated[bool, "false: more may come in the next seconds; ask again"]
    refused_topics: Annotated[Sequence[str], "the broker does not let the monitor read them"]
    devices: Sequence[FoundDevice]
    meters: Sequence[DecodedMeter]


def discovered(request: ApiRequest) -> Discovered:
    """Return what is announced; the first question begins the search."""
    found = request.live.discovery.found()
    followed = _followed(request.home.connection)
    return Discovered(
        found.is_connected,
        found.is_complete,
        found.refused,
        [_device(one, found, followed) for one in found.devices],
        [_meter(one, found) for one in found.meters],
    )


def _followed(connection: Connection) -> set[tuple[str, tuple[str, ...]]]:
    """Return topic and path of each value of the sources."""
    saved = read_sections(connection, [SOURCES.name]).get(SOURCES.name)
    try:
        sources = SOURCES.read(saved.value) if saved is not None else ()
    except SectionError:
        return set()
    return {(value.topic, value.path) for source in sources for value in source.values}


def _device(device: Device, found: Found, followed: set[tuple[str, tuple[str, ...]]]) -> FoundDevice:
    def value(one: AnnouncedValue) -> FoundValue:
        path = None if one.path is None else ".".join(one.path)
        number = None if path is None else found.numbers.get(one.topic, {}).get(path)
        is_followed = one.path is not None and (one.topic, one.path) in followed
        return FoundValue(one.name, one.topic, path, one.quantity, one.unit, number, one.reason, is_followed)

    return FoundDevice(
        device.id, device.name, device.maker, device.model, device.publisher, [value(one) for one in device.values]
    )


def _meter(meter: FoundMeter, found: Found) -> DecodedMeter:
    values = [
        NamedValue(name, label, found.numbers.get(value_topic(meter, name), {}).get("")) for name, label in meter.values
    ]
    return DecodedMeter(meter.port, meter.label, meter.publisher, values)


ROUTE = Route("discovered", "Devices and meters that are announced on the broker, and what they send.", (), discovered)

"""`ports`: what readers listen to, and what they could listen to where the port is chosen in the page."""

from collections.abc import Sequence
from typing import Annotated

from monitor.base.answer import answer_type
from monitor.live.state import Program
from monitor.web.route import LiveRequest, LiveRoute


@answer_type
class OfferedPort:
    """A port that a reader could listen to."""

    name: Annotated[str, "for the section ports"]
    label: Annotated[str, "what people call it"]
    chosen: bool
    present: Annotated[bool, "it is plugged in"]


@answer_type
class ReaderPorts:
    """A reader, and its ports."""

    reader: Annotated[str, "its name"]
    online: bool
    asks: Annotated[bool, "its port is chosen in the page; false: reader.yaml fixes it"]
    reads: Annotated[Sequence[str], "the ports that it reads"]
    offers: Annotated[Sequence[OfferedPort], "what there is to choose from; empty where the port is fixed"]


@answer_type
class Ports:
    """The answer of `ports`."""

    readers: Sequence[ReaderPorts]


def ports(request: LiveRequest) -> Ports:
    """Return what readers listen to, and could listen to, as they say."""
    return Ports([_of(reader) for reader in request.live.programs("reader")])


def _of(reader: Program) -> ReaderPorts:
    offered = reader.offered if reader.asks_port else ()
    offers = [OfferedPort(one.name, one.label, one.chosen, one.present) for one in offered]
    return ReaderPorts(reader.name, reader.status == "online", reader.asks_port, reader.ports, offers)


ROUTE = LiveRoute("ports", "Which serial ports readers read, and which ones there are to choose from.", (), ports)

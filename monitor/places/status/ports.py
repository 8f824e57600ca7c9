"""`ports`: what readers listen to, and what they could listen to where the port is chosen in the page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from common.contract.ports import KEPT
from common.contract.topic_port import is_topic
from monitor.base.answer import answer_type, one_of
from monitor.live.state import Program
from monitor.web.route import LiveRequest, LiveRoute


@answer_type
class OfferedPort:
    """A port that a reader could listen to."""

    name: Annotated[str, "for the section ports"]
    label: Annotated[str, "what people call it"]
    chosen: bool
    present: Annotated[bool, "it is plugged in"]
    kept: Annotated[
        Annotated[str, one_of(*KEPT)] | None,
        "why it cannot be chosen: a radio stick, by its name, or in use by another program; null: it can",
    ]


#: Why no message of a topic is read: as readers count them.
WHYS = ("no_address", "no_labels", "no_meter", "no_mode", "not_text", "nothing", "too_long", "too_old")


@answer_type
class ReadPort:
    """A port that a reader reads."""

    name: str
    state: Annotated[
        str,
        one_of("closed", "listening", "reading", "silent", "unreadable"),
        "closed: it cannot be opened; listening: nothing is missed yet; reading: a meter sends; silent: nothing comes;"
        " unreadable: something comes, and no frame of it",
    ]
    why: Annotated[
        Annotated[str, one_of(*WHYS)] | None, "of a topic that is unreadable: what most of its messages lack or are"
    ] = None
    meter: str | None = None
    source: Annotated[str | None, "of a meter that arrives decoded: who decodes it"] = None
    interval: Annotated[int | None, "of the same: seconds that are usually between two messages"] = None


@answer_type
class ReaderPorts:
    """A reader, and its ports."""

    reader: Annotated[str, "its name"]
    online: bool
    asks: Annotated[bool, "its port is chosen in the page; false: reader.yaml fixes it"]
    reads: Annotated[Sequence[ReadPort], "the ports that it reads"]
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
    offers = [OfferedPort(one.name, one.label, one.chosen, one.present, one.kept) for one in offered]
    reads = [_read(line) for line in reader.lines if isinstance(line.get("port"), str)]
    return ReaderPorts(reader.name, reader.status == "online", reader.asks_port, reads, offers)


def _read(line: Mapping[str, Any]) -> ReadPort:
    meter, problem = line.get("meter"), line.get("problem")
    decoded = line.get("decoded")
    said: Mapping[str, Any] = decoded if isinstance(decoded, dict) else {}
    source, interval = said.get("source"), said.get("interval")
    state = "reading" if isinstance(meter, str) else "listening"
    if line.get("open") is False and not is_topic(line["port"]):
        state = "closed"
    elif problem in ("silent", "unreadable"):
        state = problem
    return ReadPort(
        name=line["port"],
        state=state,
        why=_why(line, said) if state == "unreadable" else None,
        meter=meter if isinstance(meter, str) else None,
        source=source if isinstance(source, str) else None,
        interval=interval if type(interval) is int else None,
    )


def _why(line: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    """Return what most messages of a topic lack or are."""
    refused = said.get("refused")
    counts = {**(refused if isinstance(refused, dict) else {}), "no_address": line.get("no_address")}
    known = {why: count for why in WHYS if type(count := counts.get(why)) is int and count > 0}
    return max(known, key=known.__getitem__, default=None) if said else None


ROUTE = LiveRoute("ports", "Which ports readers read, and which ones there are to choose from.", (), ports)

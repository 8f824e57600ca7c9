"""Opens streams of live values for viewers."""

from collections.abc import Mapping, Sequence

from monitor.api.call import Parameter, Refused
from monitor.api.live import choose_meter
from monitor.api.parameters import METER
from monitor.live.live import Live
from monitor.live.viewers import TooManyViewers
from monitor.server.messages import Stream


class LiveStreams:
    """`live/stream`: events of one meter for each viewer."""

    name = "live/stream"
    text = "The newest values as they come (server-sent events): `state`, at most one a second, and `link`."
    parameters: Sequence[Parameter] = (METER,)
    schema: Mapping[str, str] = {"type": "string"}

    def __init__(self, live: Live) -> None:
        self._live = live

    def open(self, parameters: Mapping[str, str]) -> Stream:
        """Open a stream, in the loop that serves; whoever gets it closes it.

        Raises:
            Refused: there is no such meter, or too many streams are open.
        """
        meter = choose_meter(self._live, parameters)
        try:
            return self._live.stream(meter or "")
        except TooManyViewers:
            raise Refused(503, "Trop de pages regardent le direct : celle-ci le relit de temps en temps.") from None

"""The app with a meter whose frames are counted."""

from typing import Any

from tests.app.house import GATEWAY, App, House
from tests.support.counted import CountedMeter
from tests.support.meters import Meter
from tests.support.programs import wait_until


class MeteredApp(App):
    """The app, and a meter behind a network address: it sends ten frames a second while it is read."""

    def __init__(self, house: House, name: str) -> None:
        """Start the meter; nothing else."""
        super().__init__(house, name)
        self.meter = Meter(10, GATEWAY)
        self.counted = CountedMeter(self.meter, self.sql)

    def start(self, *, restore: bytes = b"", **options: Any) -> None:
        super().start(restore=restore, addresses=[f"socket://{GATEWAY}:{self.meter.port}"], **options)

    def ensure_running(self) -> None:
        """Start it if it does not run; wait for new rows."""
        if self.house.running is not self:
            self.start()
        self.more_rows()

    def more_rows(self) -> None:
        """Wait until a frame that is sent from now on has become a row."""
        sent = len(self.meter.sent)
        wait_until(lambda: len(self.meter.sent) > sent, 60, "more frames")
        first, _ = self.meter.sent[sent]
        wait_until(lambda: max(self.counted.rows(), default=-1) >= first, 60, f"frame {first} in the database")

    def stop(self) -> int:
        with self.counted.without_reader():
            return super().stop()

    def kill(self) -> None:
        with self.counted.without_reader():
            super().kill()

    def uninstall(self) -> None:
        super().uninstall()
        self.counted.forget()

    def remove(self) -> None:
        super().remove()
        self.meter.stop()

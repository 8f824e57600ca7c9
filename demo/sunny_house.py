"""The house of `--sun`, live: its meter on a pseudo-terminal, whose name it prints, and its devices over MQTT."""

import argparse
import sys
import threading
import time

from common.mqtt.session import Session
from common.runtime.shutdown import Shutdown
from common.settings.config import Broker
from demo.servers import HOST
from demo.sun import SunnyHouse, sunny_line
from reader.line.pseudo_terminal import serve_pty

_EVERY = 5.0  # seconds between two messages of a device


def _send(session: Session, house: SunnyHouse, stop: threading.Event) -> None:
    while not stop.wait(_EVERY):
        for topic, payload in house.messages(int(time.time())).items():
            session.publish(topic, payload)


def main() -> int:
    """Run until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="demo.sunny_house", description=__doc__)
    parser.add_argument("--broker", type=int, required=True, help="its port")
    arguments = parser.parse_args()
    shutdown = Shutdown()
    line = sunny_line()
    shutdown.install(line.close)
    session = Session(
        Broker(host=HOST, port=arguments.broker), "demo-devices", subscriptions=[], emit=lambda event: None
    )
    session.start()
    sender = threading.Thread(target=_send, args=(session, SunnyHouse(), shutdown.stop), daemon=True)
    sender.start()
    serve_pty(line, announce=lambda name: print(name, flush=True))
    session.close()
    return shutdown.exit_code


if __name__ == "__main__":
    sys.exit(main())

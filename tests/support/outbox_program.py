"""An outbox in a process of its own that a test kills: `python -m tests.support.outbox_program FOLDER ADDRESS ID…`.

It keeps its state as the monitor does, and ends once all letters are sent or given up.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.alerts.send_queue import Letter, Outbox
from monitor.base.household import Address


def main() -> None:
    """Send letters."""
    folder, address, *ids = sys.argv[1:]
    outbox = Outbox([Address(text=address)], Path(folder) / "letters")
    state = Path(folder) / "state.json"
    if state.exists():
        outbox.from_json(json.loads(state.read_text()))
    now = datetime.now(UTC)
    for name in ids:
        outbox.put(Letter(name, name, f"text of {name}", now, now + timedelta(hours=1)))
    while True:
        if outbox.changed:
            part = state.with_suffix(".part")
            part.write_text(json.dumps(outbox.to_json()))
            part.rename(state)
            outbox.saved()
        if not any(delivery.waits for delivery in outbox.deliveries()):
            return
        outbox.tick(datetime.now(UTC))
        time.sleep(0.01)


if __name__ == "__main__":
    main()

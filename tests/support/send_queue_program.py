"""A queue in a process of its own that a test kills: `python -m tests.support.send_queue_program FOLDER ADDRESS ID…`.

It keeps its state as the monitor does, and ends once all messages are sent or given up.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.alerts.send_queue import Message, SendQueue


def main() -> None:
    """Send messages."""
    folder, address, *ids = sys.argv[1:]
    queue = SendQueue([address], Path(folder) / "letters")
    state = Path(folder) / "state.json"
    if state.exists():
        queue.from_json(json.loads(state.read_text()))
    now = datetime.now(UTC)
    for name in ids:
        queue.put(Message(name, name, f"text of {name}", now, now + timedelta(hours=1)))
    while True:
        if queue.changed:
            part = state.with_suffix(".part")
            part.write_text(json.dumps(queue.to_json()))
            part.rename(state)
            queue.saved()
        if not any(delivery.waits for delivery in queue.deliveries()):
            return
        queue.tick(datetime.now(UTC))
        time.sleep(0.01)


if __name__ == "__main__":
    main()

"""How long a year takes that is imported from the page: 17,520 half-hours of Enedis."""

import contextlib
import json
import tempfile
import time
from pathlib import Path

from common.settings import config
from storer.config.options import StorerConfig
from storer.requests.carry_out import carry_out_next
from tests.bench.figures import Row, Target
from tests.bench.report import Section
from tests.services.test_request_worker import HALF_HOURS, ask, load_curve, state
from tests.support.frames import ADDRESS, standard
from tests.support.servers import Database
from tests.support.storing import make_tables, store

_HOW = """\
A file with the load curve of a year lies in the table `requests`, as the page puts it there. The time is that until the
request is done: recognised, read, planned and written. In between it is forgotten."""


def measure(quick: bool) -> Section:
    """Import a year, again and again."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleinfo-bench-")))
        server = stack.enter_context(Database(folder / "database"))
        store(make_tables(server), [standard(EAST=1, EASF01=1)])
        file = folder / "storer.yaml"
        file.write_text(json.dumps({"database": server.login}))
        settings, data = config.load(StorerConfig, file), load_curve()
        seconds = [_import(server, settings, data) for _ in range(1 if quick else 5)]
    row = Row(what=f"{HALF_HOURS:,} half-hours imported", unit="s", ours=seconds, target=Target("≤", 10))
    return Section("imports", _HOW, [row])


def _import(server: Database, settings: StorerConfig, data: bytes) -> float:
    number = ask(server, "import", data, name="conso.csv", meter=ADDRESS)
    begun = time.monotonic()
    carry_out_next(settings)
    took = time.monotonic() - begun
    done, result = state(server, number)
    if done != "done" or result["new"] != {"hours": HALF_HOURS // 2}:
        raise RuntimeError(f"{done}: {result}")
    ask(server, "import-forget", id=result["import"])
    carry_out_next(settings)
    return took

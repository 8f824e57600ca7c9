"""What decoding a frame costs, against the parsers of other projects."""

import json
import subprocess
from collections.abc import Iterator

from tests.bench import python_peers
from tests.bench.decode_worker import OURS
from tests.bench.figures import Row, not_measured
from tests.bench.options import Options
from tests.bench.report import Section
from tests.support.programs import ROOT

_HOW = """\
Frames of a simulated meter, a second apart, each decoded once: our decoder (parity and checksum of each group, types,
stamps), and the parsers of peers that read all groups of the frame, or all but one. *Split and sum* only cuts the frame
into groups and sums their bytes. CPU time, one process. A reader at the pace of a line takes about 2,000 µs a second:
these figures decide nothing, and have no targets."""
_KINDS = (
    ("standard-single-phase-tempo", "standard, one phase"),
    ("standard-three-phase-producer", "standard, three phases, producer"),
    ("historic-single-phase-base", "historic BASE"),
    ("historic-single-phase-tempo", "historic Tempo"),
)


def measure(options: Options) -> Section:
    """Decode in an environment that has the parsers of peers, as far as they can be installed."""
    python, why = python_peers.install()
    settings = {
        "kinds": [kind for kind, _ in _KINDS],
        "frames": 200 if options.quick else 1_000,
        "rounds": 2 if options.quick else 9,
    }
    command = [str(python), "-m", "tests.bench.decode_worker", json.dumps(settings)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=600).stdout
    found = json.loads(output)
    missing = [not_measured(name, error) for name, error in found["failed"].items()]
    if why:
        missing.append(not_measured("peers of requirements/bench.txt", why))
    return Section("decode", _HOW, [*_rows(found["results"]), *missing])


def _rows(results: dict[str, dict[str, list[float]]]) -> Iterator[Row]:
    for kind, name in _KINDS:
        figures = results[kind]
        for peer, theirs in figures.items():
            if peer != OURS:
                yield Row(
                    what=name,
                    unit="µs",
                    ours=figures[OURS],
                    against=peer,
                    theirs=theirs,
                    ratio_is="theirs / ours",
                    decides="min",
                )

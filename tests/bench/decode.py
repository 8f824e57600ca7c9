"""What decoding a frame costs, against the parsers of other projects."""

import json
import subprocess
from collections.abc import Iterator

from tests.bench import python_peers
from tests.bench.decode_worker import OURS
from tests.bench.figures import Row, Target, not_measured
from tests.bench.options import Options
from tests.bench.report import Section
from tests.support.programs import ROOT

_HOW = """\
Frames a second apart of a simulated meter, decoded again and again: our decoder (parity and checksum of each group,
types, stamps), and the parsers of peers that read all groups of the frame, or all but one. *Split and sum* only cuts
the frame into groups and sums their bytes. CPU time, one process; the target is for the ratio of the smallest
figures."""
#: Kind, name, and the least that our decoder must be faster than linkytic, and the most microseconds it may take.
_KINDS = (
    ("standard-single-phase-tempo", "standard, one phase", 9, None),
    ("standard-three-phase-producer", "standard, three phases, producer", 11, None),
    ("historic-single-phase-base", "historic BASE", None, 5.5),
    ("historic-single-phase-tempo", "historic Tempo", None, 6),
)


def measure(options: Options) -> Section:
    """Decode in an environment that has the parsers of peers, as far as they can be installed."""
    python, why = python_peers.install()
    settings = {
        "kinds": [kind for kind, *_ in _KINDS],
        "frames": 200 if options.quick else 1_000,
        "rounds": 2 if options.quick else 9,
        "linkytic": [str(checkout.absolute()) for checkout in options.linkytic],
    }
    command = [str(python), "-m", "tests.bench.decode_worker", json.dumps(settings)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=600).stdout
    found = json.loads(output)
    missing = [not_measured(name, error) for name, error in found["failed"].items()]
    if why:
        missing.append(not_measured("peers of requirements/bench.txt", why))
    return Section("decode", _HOW, [*_rows(found["results"]), *missing])


def _rows(results: dict[str, dict[str, list[float]]]) -> Iterator[Row]:
    for kind, name, faster, most in _KINDS:
        figures = results[kind]
        if most is not None:
            target = Target("≤", most)
            yield Row(what=name, unit="µs", ours=figures[OURS], target=target, decides="min")
        for peer, theirs in figures.items():
            if peer != OURS:
                yield Row(
                    what=name,
                    unit="µs",
                    ours=figures[OURS],
                    against=peer,
                    theirs=theirs,
                    ratio_is="theirs / ours",
                    target=Target("≥", faster) if faster and peer.startswith("linkytic") else None,
                    decides="min",
                )
        if faster and not any(peer.startswith("linkytic") for peer in figures):
            yield not_measured(f"{name} against linkytic", "see below", target=Target("≥", faster))

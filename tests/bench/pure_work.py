"""What the reader itself does with a frame after decoding, step by step."""

from tests.bench.figures import Row, Target
from tests.bench.options import Options
from tests.bench.path import STEPS, path_steps
from tests.bench.report import Section

_HOW = """\
The reader's parts, connected as in the program, without paho and threads: a frame each second is filtered, written to
the journal in memory, published, acknowledged and confirmed, and the meter's state is kept. CPU time a frame."""
_KINDS = (
    ("standard-single-phase-tempo", "standard, one phase, Tempo"),
    ("standard-three-phase-producer", "standard, three phases, producer"),
    ("historic-single-phase-hchp", "historic, one phase, HC/HP"),
)


def measure(options: Options) -> Section:
    """Measure several times; other work on the machine only makes it slower."""
    rounds, frames = (2, 60) if options.quick else (7, 300)
    rows: list[Row] = []
    for kind, name in _KINDS:
        runs = [path_steps(kind, frames=frames) for _ in range(rounds)]
        totals = [sum(run.values()) for run in runs]
        rows.append(Row(what=name, unit="µs a frame", ours=totals, target=Target("≤", 120), decides="min"))
        steps = ((step, [run[step] for run in runs]) for step in STEPS)
        rows += [Row(what=f"… {step}", unit="µs a frame", ours=figures, decides="min") for step, figures in steps]
    return Section("pure_work", _HOW, rows)

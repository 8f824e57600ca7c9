"""Two readers of one name, which throw each other out of the broker."""

import contextlib
from pathlib import Path

from tests.services.test_check_reader import examine, write
from tests.support.programs import Program, wait_until
from tests.support.servers import careful_broker

TOLD_WITHIN = 300.0  # seconds: they rest between two turns


def test_two_readers_of_one_name_are_a_problem(tmp_path: Path) -> None:
    """The look at the broker may see none of their turns: what they say of it counts."""
    with careful_broker(tmp_path / "contested") as broker, contextlib.ExitStack() as stack:
        readers = []
        for folder in (tmp_path / "one", tmp_path / "other"):
            folder.mkdir()
            file = write(folder, broker, spool={"journal": str(folder / "journal"), "path": str(folder / "spool")})
            readers.append(Program("reader", "reader", "run", "--config", str(file), folder=folder))
            stack.enter_context(readers[-1].start())

        def is_a_problem() -> bool:
            code, said = examine(file, tmp_path)
            return code == 1 and "problem Reader: two readers use the name cellar" in said

        # Whoever has the name after both were thrown out twice says so, soon after it is connected.
        wait_until(lambda: broker.log.read_text().count("already connected") >= 4, TOLD_WITHIN, "turns", readers)
        wait_until(is_a_problem, TOLD_WITHIN, "a problem", readers)
    told = [reader.count("nother program named teleinfo-reader-cellar") for reader in readers]
    assert told in ([1, 1], [0, 1], [1, 0])

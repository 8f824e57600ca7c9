import pytest

from tests.bench.figures import Row, Target, not_measured
from tests.bench.report import Machine, Section, number, page, text

MACHINE = Machine(
    processor="CPU",
    cores=2,
    system="Linux 6",
    python="3.11.7",
    versions="MariaDB 11.8.3",
    commit="abc1234",
    date="2026-11-24",
    seconds=600,
)


def table(*rows: Row) -> list[list[str]]:
    """Return the cells of the table's rows."""
    lines = [line for line in text(Section("x", "How.", rows)).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_row_has_the_ratio_first_then_figures() -> None:
    row = Row(what="latency", unit="ms", ours=[4, 5, 9], against="bare", theirs=[2, 5, 3], target=Target("≤", 2))
    assert table(row) == [["latency", "1 / 2 / 3", "≤ 2: 2", "4 / 5 / 9 ms", "bare", "2 / 3 / 5 ms"]]


def test_a_target_that_is_missed_stands_out() -> None:
    row = Row(what="rate", ours=[28], theirs=[100], target=Target("≥", 0.35))
    assert table(row)[0][2] == "≥ 0.35: **0.28**, missed"


def test_a_target_without_a_peer_is_one_of_our_own_figure() -> None:
    row = Row(what="CPU", unit="ms/s", ours=[2.4, 3.0, 9.0], target=Target("≤", 2.5), decides="min")
    assert table(row) == [["CPU", "", "≤ 2.5: 2.4", "2.4 / 3 / 9 ms/s", "", ""]]


def test_how_many_times_faster_is_said_in_words() -> None:
    assert table(Row(what="x", ours=[2], theirs=[20], ratio_is="theirs / ours"))[0][1] == "10 × faster"


def test_what_was_not_measured_is_listed_with_its_reason_and_not_in_the_table() -> None:
    section = Section("x", "How.", [Row(what="a", ours=[1]), not_measured("b", "no npm", against="node")])
    assert text(section).splitlines()[-1] == "- b (node): not measured: no npm"
    assert len(table(*section.rows)) == 1
    assert "|" not in text(Section("x", "How.", [section.rows[1]]))


def test_a_reason_names_no_folder_of_the_machine() -> None:
    why = "No such file: '/home/me/linkytic/const.py', see https://example.org/a/b or bench/x.py; /srv/app has none"
    row = not_measured("b", why)
    assert text(Section("x", "How.", [row])).splitlines()[-1] == (
        "- b: not measured: No such file: 'const.py', see https://example.org/a/b or bench/x.py; app has none"
    )


def test_the_page_says_where_when_and_what_was_missed() -> None:
    sections = [
        Section("line_pace", "How.", [Row(what="CPU", ours=[9], target=Target("≤", 2))]),
        Section("decode", "How.", [Row(what="BASE", ours=[5], target=Target("≤", 6)), Row(what="no target", ours=[1])]),
    ]
    whole = page(sections, MACHINE)
    assert "Measured on 2026-11-24 at commit abc1234, in 10 minutes: CPU, 2 cores, Linux 6" in whole
    assert "Targets missed: Line pace: CPU.\n" in whole
    assert [line for line in whole.splitlines() if line.startswith("## ")] == [
        "## Line pace",
        "## Decode",
        "## How to repeat",
    ]
    assert "Targets missed: none.\n" in page(sections[1:], MACHINE)
    assert "Not measured" not in whole
    assert "Not measured in this run: drain, backlog.\n" in page(sections, MACHINE, ["drain", "backlog"])


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (0.0054, "0.005"), (0.35, "0.35"), (0.1, "0.1"), (9.996, "10"), (99.96, "100"), (1234.5, "1,234")],
)
def test_numbers_have_three_digits(value: float, written: str) -> None:
    assert number(value) == written

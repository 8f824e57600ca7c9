"""Enedis' text files: blocks, each with facts about it, then a line with the names of columns, and lines of values."""

from dataclasses import dataclass, field

from storer.imports.text import Table, is_number, plain


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file; the names of facts and columns are plain."""

    facts: dict[str, str]
    columns: set[str] = field(default_factory=set)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # number of the line, cells by column


def is_blocks(table: Table) -> bool:
    """Tell whether this is such a file."""
    return any(plain(cells[0]) in ("identifiant prm", "horodate") for _, cells in table if not is_number(cells[0]))


def read_blocks(table: Table) -> list[Block]:
    """Return the blocks of a file; a table without facts is one, too."""
    blocks: list[Block] = []
    head: list[str] | None = None
    columns: list[str] = []
    for line, cells in table:
        first = "" if is_number(cells[0]) else plain(cells[0])
        if first == "identifiant prm":
            head = [plain(cell) for cell in cells]
        elif head is not None:
            blocks.append(Block(dict(zip(head, cells, strict=False))))
            head, columns = None, []
        elif first == "horodate":
            columns = [plain(cell) for cell in cells]
            if not blocks:
                blocks.append(Block({}))
            blocks[-1].columns.update(columns)
        elif first == "periode":
            columns = []  # calendars, which are below the indexes
        elif columns:
            blocks[-1].rows.append((line, dict(zip(columns, cells, strict=False))))
    return blocks

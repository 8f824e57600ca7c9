"""Chooses what a full spool gives up: the confirmed first, then every other frame of what was thinned least. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from reader.buffer.item import Kind
from reader.buffer.spool_index import Block, Segment, bits_of


class Rewriting(NamedTuple):
    """A segment that is to be written anew."""

    segment: Segment
    keep: dict[Block, int]  # the bits of what stays
    level: int  # how often it was thinned then


def what_to_give_up(segments: Sequence[Segment]) -> Rewriting | None:
    """Choose what to write anew to have more room; None when nothing can be given up.

    `segments` are in order of writing, without the newest, which is being written.
    """
    emptier = [segment for segment in segments if (segment.items - segment.left) * 2 >= segment.items]
    if emptier:  # that costs no frame
        segment = emptier[0]
        return Rewriting(segment, {block: block.pending for block in segment.blocks}, segment.level)
    thick = [segment for segment in segments if segment.frames]
    if not thick:
        return None
    segment = min(thick, key=lambda segment: segment.level)
    return Rewriting(segment, _every_other(segment.blocks), segment.level + 1)


def _every_other(blocks: Sequence[Block]) -> dict[Block, int]:
    """Choose what stays when a segment is thinned: of each block the first, the last and every other frame between.

    Blocks of two and less cannot be thinned so: then it is every other frame of a meter in the whole segment, at last
    none. Tallies stay.
    """
    keep = {block: block.pending for block in blocks}
    frames = [block for block in blocks if block.kind is Kind.FRAME and block.pending]
    groups = [[(block, index) for index in bits_of(block.pending)] for block in frames]
    if all(len(group) < 3 for group in groups):
        meters = {block.meter for block in frames}
        groups = [[place for group in groups for place in group if place[0].meter == meter] for meter in meters]
        if all(len(group) < 3 for group in groups):
            return keep | dict.fromkeys(frames, 0)
    keep |= dict.fromkeys(frames, 0)
    for group in groups:
        for block, index in {*group[::2], *group[-1:]}:
            keep[block] |= 1 << index
    return keep

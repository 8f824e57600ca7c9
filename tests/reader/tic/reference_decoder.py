"""The decoder without what it remembers and without its way for whole frames: each group is decoded from the start."""

from reader.tic.decoder import Decoder, DropReason, Group


class ReferenceDecoder(Decoder):
    """Has the same results as `Decoder`, more slowly."""

    def _split(self, body: bytes) -> list[Group | DropReason]:
        self._known.clear()
        return self._split_damaged(body)

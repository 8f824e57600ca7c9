"""The decoder without what it remembers from frame to frame: it decodes each group of each frame from the start."""

from reader.tic.decoder import Decoder, Reading


class ReferenceDecoder(Decoder):
    """Has the same results as `Decoder`, more slowly."""

    def _read(self, raw: bytes) -> Reading | None:
        self._template = None
        self._known.clear()
        return self._read_whole(raw)

"""A set of ids, of which there may be millions: a bit for each."""

from collections.abc import Iterable

_BITS = 1 << 16  # of one array


class IdSet:
    """Ids from 0 on, in arrays of bits.

    >>> ids = IdSet()
    >>> ids.add([7, 70_000])
    >>> [number in ids for number in (0, 7, 8, 70_000, 10**15)]
    [False, True, False, True, False]
    """

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}

    def add(self, ids: Iterable[int]) -> None:
        """Add ids."""
        for number in ids:
            high, low = divmod(number, _BITS)
            self._bits.setdefault(high, bytearray(_BITS // 8))[low // 8] |= 1 << low % 8

    def __contains__(self, number: int) -> bool:
        high, low = divmod(number, _BITS)
        return high in self._bits and bool(self._bits[high][low // 8] >> low % 8 & 1)

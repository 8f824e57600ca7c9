"""Even parity: bit 7 of each character makes the number of ones even. Pure."""

#: Translates bytes to the characters of seven bits that they carry.
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

_WITH_PARITY = bytes((i & 0x7F) | ((i & 0x7F).bit_count() % 2) << 7 for i in range(256))


def with_parity(data: bytes) -> bytes:
    """Return the characters of seven bits with their parity in bit 7.

    >>> with_parity(b"AC").hex()
    '41c3'
    """
    return data.translate(_WITH_PARITY)

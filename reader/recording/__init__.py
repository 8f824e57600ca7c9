"""Recordings of a line, for bug reports: the bytes and their times, as text that survives mail.

`recorder` reads a port and writes the format of `format` (specified in docs/recordings.md). `anonymiser` replaces the
meter's address and the delivery point, corrects checksum and parity, and keeps every error as it was. `commands` has
`record`, and `decode`, which prints the frames of a recording or of raw bytes as JSON, without timestamps of its own.
"""

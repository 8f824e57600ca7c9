"""The TIC protocol: decodes bytes to readings, and parses addresses, stamps and bit fields.

Pure: does no I/O. Uses only `common`.
"""

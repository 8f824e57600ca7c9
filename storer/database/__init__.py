"""MariaDB: connection, schema, rows, and the store of frames.

Uses `batch` and `config`.
"""

"""Shared by the `check` commands of all programs: findings, broker, database, the configuration file.

May use everything else in `common`.
"""

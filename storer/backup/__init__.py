"""Backups: created, verified, restored.

Uses `database`. Whatever asks the database may raise `DatabaseError`, as its client does.
"""

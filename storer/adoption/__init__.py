"""Adoption of the original program's table: its rows become frames.

Uses `database` and `rollups`. Whatever asks the database may raise `DatabaseError`, as its client does.
"""

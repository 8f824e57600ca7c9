"""Backups: a file a closed month, and a dump a night of all else; and how they are put back.

Uses `database` and the client programs of MariaDB. Whatever asks the database may raise `DatabaseError`.
"""

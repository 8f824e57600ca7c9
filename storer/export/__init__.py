"""Exports: frames as they were published, audits, and rollups as JSON.

Whatever asks the database may raise `DatabaseError`, as its client does.
"""

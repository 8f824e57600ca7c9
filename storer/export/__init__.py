"""Exports: frames as they were published, audits, and tables as CSV, Parquet or JSON.

Whatever asks the database may raise `DatabaseError`, as its client does.
"""

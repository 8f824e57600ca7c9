"""Reads what the storer wrote, and computes the energy of any range from readings at its boundaries.

All that reads raises `DatabaseError` while the database is unavailable, or if it refuses a query.
"""

"""Adoption of the original program's table: its rows become frames.

Uses `database` and `rollups`.
"""

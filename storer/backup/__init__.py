"""Backups: created, verified, restored.

Uses `database`.
"""

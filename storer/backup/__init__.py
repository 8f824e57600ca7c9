"""Backups: created, verified, restored."""

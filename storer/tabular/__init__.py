"""Exports for spreadsheets and programs for data: frames and rollups as CSV, Parquet or JSON, a row a line.

Uses `database` and `export`.
"""

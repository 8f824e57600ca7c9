"""Exports: frames as they were published, audits, and tables as CSV, Parquet or JSON."""

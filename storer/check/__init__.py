"""`teleinfo-storer check`: diagnoses broker, database, rights and disk.

`probe_*` and `gather` return facts; `diagnose_*` are pure and turn facts into findings.
"""

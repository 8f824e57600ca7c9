"""`teleinfo-reader check`: diagnoses port, line, service and storage.

`probe_*` and `gather` return facts; `diagnose_*` are pure and turn facts into findings.
"""

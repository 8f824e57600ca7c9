"""`teleinfo-storer check`: diagnoses broker, database, rights and disk.

`probe_*` and `collect_facts` return facts; `diagnose_*` are pure and turn facts into findings.
"""

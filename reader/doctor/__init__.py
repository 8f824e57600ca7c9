"""`teleinfo-reader check`: diagnoses port, line, service and storage.

Probes return facts, pure functions judge them.
"""

"""`teleinfo-reader check`: diagnoses port, line, clock, service and storage, and suggests fixes.

Each subject has two functions: `probe_*` (or `gather`, `listen`) collects facts and changes nothing, `diagnose_*` is
pure and turns facts into findings. The texts, in both languages, are in `findings.yaml`; what all programs share is
in `common/check`.

If the reader runs, its port is left alone: `health` takes the line's state from what the reader publishes. Otherwise
`line` listens for some seconds, at the other speed, too. Where no meter is read, `decoded` looks for those that other
devices decode.
"""

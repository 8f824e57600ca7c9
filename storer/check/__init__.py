"""`teleinfo-storer check`: diagnoses broker, database, readers, sources and disk, and suggests fixes.

`command` asks in turn and prints. Functions named `probe_*` and `collect_*` ask and return facts; functions named
`diagnose_*` are pure and turn facts into findings. A finding has a level, a text in two languages and a fix, all in
`findings.yaml`; `texts` translates what other rooms word in English, such as why retention waits.

What the storer does at the moment is not asked again: it comes from the `health` message that the running storer
publishes. `sources` also has the command `teleinfo-storer sources`, which shows the same report for each device.
"""

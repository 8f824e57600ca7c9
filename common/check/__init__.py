"""Shared by the `check` commands of all programs.

A check collects facts, then turns them into findings, each problem with its fix. `findings` words them from
`findings.yaml`, in French or English, prints them, and has the exit code; `program` has what is said of each program.

`broker_probe` connects to the broker as the program would and asks what a session never asks; `broker` and `database`
turn the answers into findings; `config_file` reports what is wrong with the configuration before anything else runs.
"""

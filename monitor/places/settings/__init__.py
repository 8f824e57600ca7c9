"""*Réglages*: what the owner says of the home, and what is asked of the storer.

Each section (`monitor/money/sections.py`) is one row of the table `settings`: JSON with a version, which counts its
changes. Whoever writes says which version was seen, so that of two tabs the second learns that the first was there.
`save` is the only file that writes sections. The addresses of messages are secrets: their section lies in a file of the
monitor's state folder, and an answer says only of which service each is.

`command` is `teleinfo-monitor settings`: it prints all sections as one YAML document, checks one, or loads one; it also
takes over what earlier versions kept in monitor.yaml, storer.yaml and prices.yaml (`taking_over`).
"""

"""*Réglages*: what the owner says of the home, and what is asked of the storer.

Each section (`monitor/money/sections.py`) is one row of the table `settings`: JSON with a version, which counts its
changes. Whoever writes says which version was seen, so that of two tabs the second learns that the first was there.
`save` is the only file that writes sections. The addresses of messages are secrets: their section lies in a file of the
monitor's state folder, and an answer says only of which service each is. `routes` are the addresses of the API;
`check` says what is wrong with a section, at which field; `try_out` what a change would do to the last month's bill,
and where a contract differs from what the meter says. `discovered` tells which devices and meters are announced on the
broker.

What only the storer may do, such as to import a file or to forget a meter, is a request: a row of the table `requests`,
which only `requests` writes. It is made, its file is sent in pieces of a megabyte, and it is started; the storer takes
it then. What deletes is taken an hour later, so that it can be cancelled, and only for whom `deletion` lets through.
What each kind of request needs, `common/contract/requests.py` declares.

`command` is `teleinfo-monitor settings`: it prints all sections as one YAML document, checks one, or loads one; it also
takes over what earlier versions kept in monitor.yaml, storer.yaml and prices.yaml (`taking_over`).
"""

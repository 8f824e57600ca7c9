"""The history of the meters as long-term statistics of Home Assistant.

`sync` compares the hours that we have with the rows that Home Assistant has and imports what is missing, joined to its
own sums, so that the Energy dashboard goes on without a step. It can be repeated at any time, and taken back.

- `history` reads our hours as series, one for each register.
- `rows` makes statistics of them: hourly sums, each with its start. Pure.
- `recorder` says what Home Assistant's recorder has and asks it to import.
- `past` reads what others counted there, as a file that the storer imports.
- `energy_dashboard` adds our registers to the Energy dashboard.
- `access` connects: `connection` is the WebSocket, `relay` the way to it from within the app.
- `command` is `teleinfo-monitor home-assistant`; `texts` what is said. The page has its own routes, in its settings.
"""

"""The history of the meters as long-term statistics of Home Assistant.

`sync` compares the hours that we have with the rows that Home Assistant has and imports what is missing, joined to its
own sums, so that the Energy dashboard goes on without a step. It can be repeated at any time, and taken back.

- `history` reads our hours as series, one for each register.
- `rows` makes statistics of them: hourly sums, each with its start. Pure.
- `recorder` says what Home Assistant's recorder has and asks it to import; `connection` is its WebSocket.
- `command` is `teleinfo-monitor statistics`, the only entry; `texts` what it says.
"""

"""Facts about this machine, and the programs' own version.

`host` has users, processes, units and locks, below a root that tests choose; `disk` free space and what is in memory;
`clock` whether the time can be trusted, since a Raspberry Pi boots with that of its last shutdown. `deployment` words
commands for people as they must type them here: compose, app, systemd or a shell. `files` replaces a file whole.
"""

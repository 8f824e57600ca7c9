"""Asks others what only they know, where the owner has said so: colours, past consumption, prices, weather, releases.

A file a provider; each is a switch of the section `fetch`, off by default. `runner` asks those that are due, one at a
time, in a thread that nothing else waits for; `schedule` says when, `state` keeps what came of it. Nothing that is
fetched is written here: rows become requests of kind `outside`, files those of kind `import`, which the storer
carries out; prices and releases are only proposed.
"""

"""Alerts: a condition that holds becomes an event, an event becomes a message, and a message is sent at least once.

Rules (`live_rules`, `rules`) look at a snapshot: live values, and `facts` that are read from the database now and then.
They return conditions; `engine` keeps one that holds long enough as an event (`events`), which begins once and ends
once. The rules and the engine are pure: same snapshots, same events, in any order and after any kill.

- `loop` steps the engine each second and collects the facts; `store` keeps the state in one JSON file.
- `texts` is a table of texts by kind, both languages side by side; `message_texts` makes lines and messages of them.
- `send_queue` hands messages to `child`, a process of its own that imports apprise and keeps no memory when it is done.
  A message is removed only after the service took it.
- `digest` makes the message of a day, a week or a month.
- `summary` is what page, API and MQTT show of all this.
"""

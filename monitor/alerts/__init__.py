"""Alerts: what holds becomes an event, an event becomes a message, and a message is delivered once.

Rules (`rules/`, one file a kind) look at a snapshot: live values, and facts that `facts_query` reads from the database
now and then. They return signs; `engine` keeps a sign that holds long enough as an event, which begins once and ends
once. The rules and the engine are pure: same snapshots, same events, in any order and after any kill.

- `loop` steps the engine each second, `facts_loop` gathers the facts; `store` keeps the state in one JSON file.
- `texts`, `message_texts`, `delivery_texts` word events in the language of the owner.
- `outbox` hands messages to `child`, a process of its own that imports apprise and keeps no memory when it is done.
  A message is sent at least once: it is removed only after the service took it.
- `digest`, `digest_figures`, `digest_texts` make the message of a day, a week or a month.
- `summary` is what the page shows of all this.
"""

"""What the home does now: only from MQTT, only in memory.

The listener's thread (`mqtt_listener`) fills the state; `live` is its face. A client of the stream (`stream_clients`)
gets the newest value and never a queue, so a slow telephone costs nothing.

- `state` holds what each program and each meter last said; `meter`, `mean` and `ring` hold ten minutes of a meter.
- `values` reads a frame's values, `chain` says which link from the meter to the database works.
- `looks` and `today` look at the database once a minute for the figures of today, while somebody watches.
- `schedule`, `later`, `next_prices`: which tariff period runs now and which ones follow; `price_topic` publishes it.
- `answer` is the JSON of all this, for the route `live` and for the stream.

It answers while the database is away; what only the database knows is then null.
"""

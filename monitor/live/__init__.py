"""What the home does now: only from MQTT, only in memory.

The listener's thread (`mqtt_listener`) fills the state; `live` is its face. A client of the stream (`stream_clients`)
gets the newest value and never a queue, so a slow telephone costs nothing.

- `state` holds what each program and each meter last said; `meter` follows one meter, with ten minutes of its power.
- `values` reads a frame's values; `chain` says which link from the meter to the database works, and makes the snapshot
  that the rules of alerts read.
- `today` reads today's figures from the database once a minute, while somebody watches.
- `schedule` and `prices`: which tariff period runs now, which ones follow, and what they cost; the topic of prices.
- What readers with `port: ask` could listen to is kept with them in `state`; `live` retains which port was chosen.
- While somebody looks for devices, `discovery` reads what is announced on the broker; `look` reads one topic, once.
- `answer` is the JSON of all this, for the route `live` and for the stream.

It answers while the database is away; what only the database knows is then null.
"""

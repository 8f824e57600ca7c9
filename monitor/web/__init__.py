"""How a question comes in, and how its answer goes out.

`site` decides who may ask and what answers: the API, a stream, a file, the page or the login. `serve` runs it in one
event loop; whatever needs the database waits in `workers` for a connection of `pool`, so a slow question never stops
a stream.

- `call` is what a route is given, and what a route is: a name, parameters, a function and the schema of its answer.
  `parameters` reads a query by it, `openapi` describes all of them. A place declares routes; the server is given them
  and knows no place.
- `login`, `sessions`, `attempts` and `password` are the door; `access` refuses foreign pages and hosts; `crowd`
  bounds the connections of a client.
- `background`, `warmth`, `pasts` and `unused_lines` work between questions.
- `metrics` and `exposition` are what Prometheus reads, `health` counts for both.
"""

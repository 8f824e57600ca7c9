"""How a question comes in, and how its answer goes out.

`router` decides who may ask and what answers: the API, a stream, a file, the page or the login. `serve` runs it in one
event loop; whatever needs the database waits in `workers` for a connection of `pool`, so a slow question never stops
a stream.

- `route` is what a route or a change is given, and what it is: a name, parameters, a function and the schema of its
  answer. `parameters` reads a query by it, `openapi` describes all of them. A place declares routes; the server is
  given them and knows no place.
- `api` answers what is read, on connections that can only read. `actions` carries out changes, one after the other, on
  a connection that writes what is the page's and nothing else. A change comes from our own page or from a program,
  never from another site: `router` looks at that before it reads the body.
- `login` decides who may enter, with what `credentials` keeps: the `password` or, as long as there is none, a `code`,
  the `sessions` that they open, and the `tokens` of programs; `login_throttle` slows down who guesses. `login_page` and
  `login.js` are what a browser sees of it. `access` tells from where a request comes: it refuses foreign pages and
  hosts, knows the home network, and bounds the connections of a client.
- `greeting` says in the log where the page is, and the code that opens it.
- `files` are those of the page; `preload` writes the first answers into it.
- `background` works between questions.
- `metrics` is the port of Prometheus and the health of the program, `exposition` what is read there.
"""

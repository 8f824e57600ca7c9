"""The places of the page: each is a room of its own, and none knows another.

A place declares the routes that its view asks (`ROUTE` in its files) and has the command of the terminal that shows
the same. It makes an answer from a `Home`; what two places compute lies below, in `money`, `sources`, `live` or
`readings`. The view of a place is `monitor/page/places/<name>/view.js`.
"""

"""Prices, contracts and bills; and the home, from which every answer starts.

- `home` is the entry: the meters of the database, their contracts, and the way to energy and cost. A place makes its
  answer from a `Home`, which belongs to one connection and one thread.
- `price_document` reads a price file into `prices`: rows of an offer, each with the date from which it holds. `rules`
  says, for any French offer, which price holds at an instant: by register, hour, day of a calendar or spot price.
  `price_files` are the bundled tables, newer ones of the project and those of the owner, which win.
- `contracts` says which offer and power held when; `bill` prices the energy of an interval: energy, subscription and
  taxes, exact in decimals, or unknown. `costs` and `interval` bring energy and bills together.
- `profile_billing` prices by the load curve, to quarters of an hour, what registers cannot tell apart.
- `forecast` estimates the rest of a month from the home's own past days, with the range in which it will be.
- `off_peak` finds the off-peak hours that the meter really uses.

A price that is not known is None, never zero; a sum with an unknown part says so.
"""
